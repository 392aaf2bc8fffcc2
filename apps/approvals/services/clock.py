"""What time does to requests: they take effect, become overdue, are escalated, expire. And what a
change of policy or people does to them, since that is looked at by the same clock.

`next_at` says when a request is to be looked at. The relay finds those that are due (this module is
one of its sources) and starts a task for each. A look does all that time has brought since the last
one, so late or twice is the same as in time.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals import events
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.rules import after
from apps.approvals.services import settling
from apps.approvals.services.deadlines import next_look
from apps.approvals.services.weighing import recount, weigh_anew
from apps.common.actors import SYSTEM
from apps.common.prepared import prepared
from apps.ledger.deliveries import FIRST_WAIT, Start
from apps.ledger.models import KillSwitch
from apps.ledger.services import record, unit

TASK = "approvals.turn_clock"


# --- a source of the relay


def claim(limit: int) -> list[Start]:
    """Those whose time has come. While a kill switch is on, time stands still for them."""
    now = timezone.now()
    with transaction.atomic():
        due = _due(now=now, limit=limit)
        if due:
            ApprovalRequest.objects.filter(id__in=due).update(next_at=now + FIRST_WAIT)
    return [Start(TASK, str(request_id)) for request_id in due]


@prepared
def _due(*, now: datetime, limit: int) -> QuerySet[ApprovalRequest, UUID]:
    stopped = KillSwitch.objects.stopping(OuterRef("workspace_id"))
    return (
        ApprovalRequest.objects.filter(next_at__lte=now, workspace__deleted_at__isnull=True)
        .exclude(Exists(stopped))
        .order_by("next_at", "id")
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("id", flat=True)[:limit]
    )


def give_back(unsent: Sequence[Start]) -> None:
    given = ApprovalRequest.objects.filter(id__in=[start.id for start in unsent])
    given.filter(next_at__isnull=False).update(next_at=timezone.now())


# --- the task's work


def turn_clock(*, request_id: UUID) -> None:
    found = ApprovalRequest.objects.filter(id=request_id).first()
    if found is None:
        return
    with unit(actor=SYSTEM, workspace=found.workspace_id):
        sitting = settling.sit(request_id)
        request, now = sitting.request, timezone.now()
        settling.expire_if_late(sitting)
        weigh_anew(sitting)
        recount(sitting)
        if request.state == State.ALLOWED and request.effective_at and request.effective_at <= now:
            settling.take_effect(request)
        stage = sitting.stage
        if request.state == State.PENDING and stage is not None:
            _climb(request, stage, now)
            _tell_overdue(request, stage, now)
        request.next_at = next_look(request, stage)
        request.save(update_fields=["next_at"])


def _climb(request: ApprovalRequest, stage: Stage, now: datetime) -> None:
    """Each rung that was reached brings those whom it names into the open stage."""
    assert stage.opened_at is not None  # noqa: S101
    for minutes, to in stage.escalation[stage.climbed :]:
        if after(stage.opened_at, minutes, stage.business_hours) > now:
            break
        roles = [name for name in to if name in Role]
        people = [UUID(name) for name in to if name not in Role]
        stage.added_roles = list(dict.fromkeys([*stage.added_roles, *roles]))
        stage.added_people = list(dict.fromkeys([*stage.added_people, *people]))
        stage.climbed += 1
        record(
            events.RequestEscalated(
                **settling.named(request), stage=stage.name, rung=stage.climbed, to=to
            )
        )
    stage.save(update_fields=["added_roles", "added_people", "climbed"])


def _tell_overdue(request: ApprovalRequest, stage: Stage, now: datetime) -> None:
    if stage.told_overdue or stage.due_at is None or stage.due_at > now:
        return
    stage.told_overdue = True
    stage.save(update_fields=["told_overdue"])
    record(events.RequestOverdue(**settling.named(request), stage=stage.name))
