"""What agents do and say through the observer: `/act` and `/turn`. Each is judged, kept and told
of, and nothing else is done: what they do happens with them.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from apps.common.actors import Actor
from apps.ledger.services import record, unit
from apps.policies.acts import digest_of_act
from apps.policies.choices import ActKind, Door, Verb
from apps.policies.errors import TimedOut
from apps.policies.events import ActObserved, PlanObserved, TurnObserved
from apps.policies.ports import Act, Operation, Verdict
from apps.policies.rules import is_name, paths_in, texts_in
from apps.policies.services.judging import AGENT_ID, Hearing, hear, judge_act

TURN_SECONDS = 5.0
_NAMES = ("action", "operations[0].target")
_KINDS: dict[Door, type[ActObserved | TurnObserved | PlanObserved]] = {
    Door.ACT: ActObserved,
    Door.TURN: TurnObserved,
    Door.PLAN: PlanObserved,
}


@dataclass(frozen=True, kw_only=True)
class Turn:
    verdict: Verdict
    response: str


def action_as_act(*, agent_id: str, action: str, payload: Mapping[str, Any]) -> Act:
    """Every text of the payload counts, and every path that it names."""
    call = Operation(verb=Verb.CALL, target=action, paths=tuple(paths_in(payload)))
    texts = {AGENT_ID: agent_id, "action": action, **texts_in(payload, "payload")}
    return Act(kind=ActKind.TOOL_CALL, operations=(call,), texts=texts)


def input_as_act(*, agent_id: str, text: str) -> Act:
    return Act(kind=ActKind.PROMPT, operations=(), texts={AGENT_ID: agent_id, "input": text})


def take_act(
    *,
    agent_id: str,
    action: str,
    payload: Mapping[str, Any],
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None = None,
) -> Verdict:
    """`agent_id` is what the caller calls itself: who it is, its credential says."""
    act = action_as_act(agent_id=agent_id, action=action, payload=payload)
    heard = hearing or hear(act=act, actor=actor, workspace=workspace)
    with unit(actor=actor, workspace=workspace):
        began = time.perf_counter()
        verdict = judge_act(
            act=act,
            actor=actor,
            workspace=workspace,
            door=Door.ACT,
            label=agent_id,
            said={"action": action, "payload": payload},
            hearing=heard,
        )
        observe(Door.ACT, act=act, verdict=verdict, began=began, action_type=action)
    return verdict


def take_turn(
    *, agent_id: str, text: str, actor: Actor, workspace: UUID, hearing: Hearing | None = None
) -> Turn:
    """Within five seconds, or not at all."""
    act, response = input_as_act(agent_id=agent_id, text=text), f"Processed {text}"
    heard = hearing or hear(act=act, actor=actor, workspace=workspace)
    began = time.perf_counter()
    with _answering(), unit(actor=actor, workspace=workspace):
        _give_the_database(TURN_SECONDS)
        verdict = judge_act(
            act=act,
            actor=actor,
            workspace=workspace,
            door=Door.TURN,
            label=agent_id,
            said={"input": text, "response": response},
            hearing=heard,
        )
        observe(Door.TURN, act=act, verdict=verdict, began=began, action_type="turn")
        if time.perf_counter() - began > TURN_SECONDS:
            raise TimedOut
    return Turn(verdict=verdict, response=response)


def observe(door: Door, *, act: Act, verdict: Verdict, began: float, action_type: str) -> None:
    """Tell the streams, within the unit that the act was judged in. `began` by perf_counter."""
    assert verdict.record is not None  # noqa: S101
    record(
        _KINDS[door](
            act=verdict.record,
            act_digest=digest_of_act(act),
            latency_ms=round((time.perf_counter() - began) * 1000),
            ok=not verdict.denied,
            action_type=_tellable(action_type, verdict),
        )
    )


def _tellable(action_type: str, verdict: Verdict) -> str:
    """An event stays for good: a name in which the gate found something is not told there."""
    doubtful = any(hit.field in _NAMES for hit in verdict.hits)
    return action_type if is_name(action_type) and not doubtful else "other"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TimedOut from error
        raise


def _give_the_database(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"]
        )
