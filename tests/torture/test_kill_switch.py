"""Row 14 of docs/reliability.md, whole: the kill switch amid 16 writers, again and again, while
Redis is there, dead and frozen.
"""

import random
import signal

import pytest

from apps.ledger.models import Event
from tests.activity.bells import BellRung, answered
from tests.policies.drills import WITHIN, drill, let_go_on
from tests.policies.drills import told as spelled
from tests.policies.test_drill import acts, at_work, told, web, workspaces
from tests.seeds import chosen_seed

__all__ = ["acts", "at_work", "told", "web", "workspaces"]

pytestmark = [pytest.mark.torture, pytest.mark.row(14), pytest.mark.timeout(3600)]
ROUNDS = 3
STOPPED_FOR = 5.0


def test_no_effect_begins_a_second_after_the_switch(machine, at_work, acts, receiver, figures):
    chance, redis = random.Random(chosen_seed()), machine.redis
    for state, hurt, heal in [
        ("there", lambda: None, lambda: None),
        ("dead", redis.kill, redis.start),
        (
            "frozen",
            lambda: redis.signal(signal.SIGSTOP),
            lambda: redis.signal(signal.SIGCONT),
        ),
    ]:
        outcomes = []
        for _ in range(ROUNDS):
            hurt()
            outcomes.append(
                drill(
                    machine,
                    acts,
                    receiver,
                    works_for=chance.uniform(0.5, 3.0),
                    stopped_for=STOPPED_FOR,
                )
            )
            heal()
            let_go_on(machine, receiver)
        worst: dict[str, float] = {}
        for outcome in outcomes:
            for kind, late in outcome.lateness.items():
                worst[kind] = max(late, worst.get(kind, late))
        figures(
            f"Redis {state}, {ROUNDS} times among 16 writers: "
            f"{sum(outcome.effects for outcome in outcomes)} effects, "
            f"{sum(outcome.refused for outcome in outcomes)} refused; "
            f"the last began, at worst, from the commit: {spelled(worst)}"
        )
        assert max(worst.values()) <= WITHIN
    bells = {event.payload["bell"] for event in Event.objects.filter(type=BellRung.type)}
    assert sorted(answered()) == sorted(bells), "each once"
