"""What the console says of approvals: what waits on somebody, what is due, what the palette finds,
and on every page of those who manage a workspace that somebody there broke the glass.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership
from apps.accounts.selectors.names import people_named
from apps.approvals.choices import ReviewBecause, State
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.charts import in_words
from apps.approvals.selectors.listing import SOON
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.selectors.records import LATELY, counted_lately
from apps.approvals.selectors.reviews import is_nobody_apart
from apps.common.actors import Actor
from apps.common.ports import Found, Notice, Reading, finder, notice, tile
from apps.common.texts.clock import DAY, MOMENT, by_the_clock

FEW = 5
COUNTED = 1_000
"""Of more it is said that they are more: nobody counts further."""
LIST = "admin:approvals_approvalrequest_changelist"


@tile(title="Waiting on me", icon="approval", order=5)
def waiting_on_me(actor: Actor) -> Reading:
    count = waiting_anywhere(actor)[:COUNTED].count()
    more = "or more, " if count == COUNTED else ""
    return Reading(
        count,
        note=f"{more}to decide now" if count else "nothing to decide",
        url=reverse("admin:review_queue"),
        tone="attention" if count else "good",
    )


@tile(title="Due soon", icon="alarm", order=6)
def due_soon(actor: Actor) -> Reading:
    pending = ApprovalRequest.objects.visible_to(actor).pending()
    now = timezone.now()
    counted = pending.filter(due_at__lt=now + SOON).aggregate(
        due=Count("id"), late=Count("id", filter=Q(due_at__lt=now))
    )
    return Reading(
        counted["due"],
        note=f"{counted['late']} overdue" if counted["late"] else "due within 24 hours",
        url=f"{reverse('admin:review_queue')}?view=soon",
        tone="attention" if counted["late"] else "calm",
    )


@tile(title="Denial rate", icon="thumb_down", order=7)
def denial_rate(actor: Actor) -> Reading | None:
    counted = counted_lately(actor)
    if not counted.decided:
        return None
    return Reading(
        f"{round(100 * counted.denied / counted.decided)} %",
        note=f"{counted.denied} of {counted.decided} decided in the last {LATELY.days} days",
        url=f"{reverse(LIST)}?state__exact={State.DENIED}",
    )


@tile(title="Time to a decision", icon="timer", order=8)
def time_to_a_decision(actor: Actor) -> Reading | None:
    """Half of them took less."""
    counted = counted_lately(actor)
    if counted.median is None:
        return None
    return Reading(in_words(counted.median), note=f"half took less, in the last {LATELY.days} days")


@notice
def broken_glass(actor: Actor) -> Iterator[Notice]:
    """Until somebody has looked at it."""
    managed = Membership.objects.managing(actor)
    owed = AfterReview.objects.owed().filter(
        because=ReviewBecause.BREAK_GLASS, workspace__in=managed.values("workspace")
    )
    rows = list(owed.select_related("request", "workspace").order_by("due_at")[:FEW])
    names = people_named(row.request.settled_by for row in rows)
    for row in rows:
        who = names[row.request.settled_by].name if row.request.settled_by else "Somebody"
        late = "overdue since" if row.due_at < timezone.now() else "owed until"
        whose = (
            "Nobody else here may look at it: acknowledge it yourself. That is"
            if is_nobody_apart(row.request)
            else "Somebody else's look at it is"
        )
        yield Notice(
            f"{who} broke the glass in {row.workspace}: it took effect before others decided.",
            note=f"{whose} {late} {by_the_clock(row.due_at, DAY)}",
            url=reverse("admin:review_request", args=[row.request_id]),
        )


@finder
def find_requests(actor: Actor, words: str) -> Iterable[Found]:
    """By their id, or that of what they are about."""
    with suppress(ValueError):
        wanted = UUID(words)
        seen = ApprovalRequest.objects.visible_to(actor)
        rows = seen.filter(id=wanted) | seen.filter(subject_id=wanted)
        for row in rows.order_by("-id")[:FEW]:
            yield Found(
                title=f"Request: {row.subject_kind.replace('_', ' ')}",
                description=f"{row.get_state_display()}, {by_the_clock(row.opened_at, MOMENT)}",
                link=reverse("admin:review_request", args=[row.pk]),
                icon="approval",
            )
