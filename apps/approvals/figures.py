"""What is counted of decisions, for Prometheus: only what was committed."""

from django.db import transaction
from prometheus_client import Counter, Histogram

from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest

MINUTE, HOUR, DAY = 60, 3_600, 86_400

decisions_total = Counter(
    "lattice_approval_decisions_total",
    "Requests that came to an outcome that nobody can take back, and through which door.",
    ["outcome", "channel"],
)
decision_seconds = Histogram(
    "lattice_approval_decision_seconds",
    "Time from asking to the outcome.",
    buckets=(
        *(MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR),
        *(DAY, 2 * DAY, 7 * DAY, 30 * DAY),
    ),
)


def count_decision(request: ApprovalRequest) -> None:
    """Once it can be taken back no longer: what is allowed, when it takes effect."""
    is_allowed = request.state == State.EFFECTIVE
    outcome, via = State.ALLOWED if is_allowed else request.state, request.settled_via or "none"
    seconds = (
        (request.settled_at - request.opened_at).total_seconds() if request.settled_at else 0.0
    )

    def count() -> None:
        decisions_total.labels(outcome, via).inc()
        decision_seconds.observe(max(0.0, seconds))

    transaction.on_commit(count)
