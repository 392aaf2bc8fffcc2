"""When stages are due, expire and escalate: by the clock of the policy that asks for them."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.utils import timezone

from apps.approvals.choices import StageState, State
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.rules import after
from apps.approvals.selectors.electorate import Sitting

CLOCK = ("due_minutes", "expires_minutes", "hours", "escalation")


def open_stage(request: ApprovalRequest, stage: Stage) -> None:
    start(request, stage)
    stage.save(update_fields=["state", "opened_at", "due_at", "expires_at"])
    request.save(update_fields=["due_at", "expires_at", "next_at"])


def start(request: ApprovalRequest, stage: Stage) -> None:
    """It opens, and its clock begins. Not yet saved."""
    stage.state, stage.opened_at = StageState.OPEN, timezone.now()
    stage.due_at, stage.expires_at = _moments(stage, since=stage.opened_at)
    keep_time(request, stage)


def close_again(stage: Stage) -> None:
    """Its clock begins anew when it opens. Whom it has brought in, and what they said, stays."""
    stage.state, stage.opened_at, stage.passed_at = StageState.WAITING, None, None
    stage.due_at, stage.expires_at = None, None
    stage.climbed, stage.told_overdue = 0, False
    stage.save(
        update_fields=[
            *("state", "opened_at", "passed_at", "due_at", "expires_at"),
            *("climbed", "told_overdue"),
        ]
    )


def keep_time(request: ApprovalRequest, stage: Stage) -> None:
    """By the clock of its open stage."""
    request.due_at, request.expires_at = stage.due_at, stage.expires_at
    request.next_at = next_look(request, stage)


def next_look(request: ApprovalRequest, stage: Stage | None) -> datetime | None:
    """When time itself has something to do with it."""
    if request.state == State.ALLOWED:
        return request.effective_at
    if request.state != State.PENDING or stage is None:
        return None
    moments = [stage.expires_at, None if stage.told_overdue else stage.due_at]
    if stage.opened_at and stage.climbed < len(stage.escalation):
        minutes = stage.escalation[stage.climbed][0]
        moments.append(after(stage.opened_at, minutes, stage.business_hours))
    return min((moment for moment in moments if moment), default=None)


def follow_clock(sitting: Sitting, asked: Sequence[Stage]) -> bool:
    """Its stages have the clock of those that are asked for now. Whether that is another one."""
    moved = False
    for stage, wanted in zip(sitting.stages, asked, strict=True):
        moved |= _follow(stage, wanted)
    if moved and sitting.stage:
        keep_time(sitting.request, sitting.stage)
    return moved


def _follow(stage: Stage, wanted: Stage) -> bool:
    """It counts from when the stage opened. Nothing is over by that alone: what would have expired
    already has all of its new time from now on."""
    stage.rules = wanted.rules
    moved = any(getattr(stage, field) != getattr(wanted, field) for field in CLOCK)
    if moved:
        stage.climbed = _climbed(stage, wanted.escalation)
        for field in CLOCK:
            setattr(stage, field, getattr(wanted, field))
    if moved and stage.opened_at:
        now = timezone.now()
        stage.due_at, stage.expires_at = _moments(stage, since=stage.opened_at)
        if stage.expires_at and stage.expires_at <= now:
            _, stage.expires_at = _moments(stage, since=now)
        stage.told_overdue &= stage.due_at is not None and stage.due_at <= now
    stage.save()
    return moved


def _climbed(stage: Stage, escalation: Sequence[Any]) -> int:
    """How many rungs of another escalation bring in those who were brought in already."""
    pairs = zip(stage.escalation[: stage.climbed], escalation, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0][1] == pair[1][1], pairs))


def _moments(stage: Stage, *, since: datetime) -> tuple[datetime | None, datetime | None]:
    """When it is due, and when it expires."""

    def moment(minutes: int | None) -> datetime | None:
        return None if minutes is None else after(since, minutes, stage.business_hours)

    return moment(stage.due_minutes), moment(stage.expires_minutes)
