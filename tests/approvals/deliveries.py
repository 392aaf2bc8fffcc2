"""Doing what the relay and a worker would do, one after the other, in the test's own process."""

from datetime import timedelta

from celery import current_app

from apps.accounts.models import Workspace
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.services import clock, digests, sending
from apps.approvals.services.weighing import look_soon
from apps.ledger.models import Delivery

current_app.loader.import_default_modules()  # so that tasks have names


def deliver(*tasks: str) -> int:
    """Hand every event that is owed to these subscribers (all of approvals', unless named) to
    them."""
    owed = Delivery.objects.open().filter(subscription__startswith="approvals.").order_by("id")
    if tasks:
        owed = owed.filter(subscription__in=tasks)
    started = list(owed.values_list("subscription", "pk"))
    for name, delivery in started:
        current_app.tasks[name](delivery)
    return len(started)


def look() -> int:
    """What the relay finds due on the clock, done."""
    started = clock.claim(1000)
    for start in started:
        current_app.tasks[start.task](start.id)
    return len(started)


def look_at_all(workspace: Workspace) -> None:
    """As after a change of policy or people."""
    look_soon(workspace=workspace.id)
    look()


def pass_time(request: ApprovalRequest, **by: float) -> None:
    """As if so much time had passed for a request: its moments move into the past."""
    gone = timedelta(**by)

    def earlier(row, *moments: str) -> None:
        for moment in moments:
            if value := getattr(row, moment):
                setattr(row, moment, value - gone)
        row.save(update_fields=moments)

    request.refresh_from_db()
    earlier(request, "effective_at", "due_at", "expires_at", "next_at")
    for stage in Stage.objects.filter(request=request):
        earlier(stage, "opened_at", "due_at", "expires_at")


def post() -> int:
    """What is due of cards and digests, sent."""
    started = [*sending.claim(100), *digests.claim(100)]
    for start in started:
        current_app.tasks[start.task](start.id)
    return len(started)
