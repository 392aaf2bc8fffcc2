"""Promise 9: what was approved is what is applied, whatever else happens in whatever order."""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals.machine import Approvals
from tests.seeds import chosen_seed
from tests.torture.rows import sized

RUNS, STEPS = sized(240, 20), 25


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(9)
@pytest.mark.django_db
def test_votes_come_to_what_they_say_in_hundreds_of_runs(figures):
    long = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(chosen_seed())(Approvals), settings=long)
    figures(
        f"{RUNS:,} runs of up to {STEPS} steps, in which people vote, edit, veto, undo, come and "
        "go while payload, policy and its times change: 0 contradictions to a second, simpler "
        "reckoning of the votes"
    )
