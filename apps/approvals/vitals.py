"""How approvals are doing: lines for `manage.py doctor`, levels for Prometheus."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils import timezone

from apps.approvals.choices import StageState
from apps.approvals.errors import NobodyEligible
from apps.approvals.models.people import AfterReview, Card
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.electorate import sitting_of
from apps.approvals.services.opening import require_staffed
from apps.common.ports import Finding, Health, Level

LOOKED_AT = 500
"""Of what waits, the newest are asked whether anybody could decide."""


def examine_approvals() -> Iterator[Finding]:
    overdue = ApprovalRequest.objects.pending().filter(due_at__lt=timezone.now()).count()
    owed = AfterReview.objects.overdue().count()
    parked = Card.objects.filter(parked_at__isnull=False).count()
    if owed:
        text = f"looks owed afterwards that are overdue: {owed}"
        fix = "Somebody with no part in them looks at them: the console, Later looks."
        yield Finding("approvals", Health.WARN, text, fix)
    if parked:
        text = f"cards that could not be delivered: {parked}"
        yield Finding("approvals", Health.WARN, text, "See the log for why, and EMAIL_URL.")
    stuck = sum(map(_is_stuck, ApprovalRequest.objects.pending().order_by("-id")[:LOOKED_AT]))
    if stuck:
        text = f"requests that wait for more people than there are: {stuck}"
        fix = "Invite people who may decide, or give out seats (`reassign`)."
        yield Finding("approvals", Health.WARN, text, fix)
    if not owed and not parked and not stuck:
        yield Finding("approvals", Health.OK, f"requests that are overdue: {overdue}")


def _is_stuck(request: ApprovalRequest) -> bool:
    sitting = sitting_of(request)
    if sitting.stage and sitting.tally(sitting.stage).stuck:
        return True
    left = [stage for stage in sitting.stages if stage.state != StageState.PASSED]
    try:
        require_staffed(left, request.excluded, sitting.people)
    except NobodyEligible:
        return True
    return False


def approval_levels() -> Iterator[Level]:
    now = timezone.now()
    waiting = ApprovalRequest.objects.pending().aggregate(
        open=Count("id"), overdue=Count("id", filter=Q(due_at__lt=now))
    )
    owed = AfterReview.objects.owed().aggregate(
        owed=Count("id"), overdue=Count("id", filter=Q(due_at__lt=now))
    )
    yield Level(
        "lattice_approval_requests",
        "Requests that wait: all of them, and those that are overdue.",
        waiting,
        label="which",
    )
    yield Level(
        "lattice_approval_cards_parked",
        "Cards that could not be delivered.",
        {"": Card.objects.filter(parked_at__isnull=False).count()},
    )
    yield Level(
        "lattice_approval_reviews",
        "Looks that are owed afterwards: all of them, and those that are overdue.",
        owed,
        label="which",
    )
