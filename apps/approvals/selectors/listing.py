"""The queue as somebody asks for it: a view, narrowed, in an order, a page at a time.

Each workspace is asked for its own first rows, in the order of an index; the first of those are the
page. So it takes as long for a hundred thousand requests as for a hundred.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    DateTimeField,
    Expression,
    F,
    Field,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.lookups import GreaterThan, LessThan
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.approvals.choices import OPEN, Order, State, View
from apps.approvals.models.requests import DUE, NEVER, ApprovalRequest, RequestQuerySet
from apps.approvals.selectors.queue import seats_anywhere, with_a_seat
from apps.common.actors import Actor
from apps.policies.choices import RiskLevel

SOON = timedelta(hours=24)
LATELY = timedelta(days=30)
SPARE = 5
"""So many more than its share each of many workspaces is asked for."""
RISKY = (RiskLevel.HIGH, RiskLevel.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Asked:
    view: View = View.WAITING
    order: Order = Order.DUE
    workspace: UUID | None = None
    kind: str = ""
    risk: str = ""
    proposer: UUID | None = None


class Place(NamedTuple):
    """Where a row stands in an order."""

    value: Any
    id: UUID


@dataclass(frozen=True, kw_only=True)
class _Ordering:
    """By a value, and by id where that is the same."""

    by: Expression | F
    kind: "Field[Any, Any]"
    value: Callable[[ApprovalRequest], Any]
    read: Callable[[str], Any]
    falling: bool = False


_ORDERINGS: Mapping[Order, _Ordering] = {
    Order.DUE: _Ordering(
        by=DUE,
        kind=DateTimeField(),
        value=lambda row: row.due_at or NEVER,
        read=datetime.fromisoformat,
    ),
    Order.RISK: _Ordering(
        by=F("risk_score"),
        kind=IntegerField(),
        value=lambda row: row.risk_score,
        read=int,
        falling=True,
    ),
    Order.AGE: _Ordering(by=F("id"), kind=UUIDField(), value=lambda row: row.id, read=UUID),
}
_DECIDED = _Ordering(
    by=F("settled_at"),
    kind=DateTimeField(),
    value=lambda row: row.settled_at or NEVER,
    read=datetime.fromisoformat,
    falling=True,
)


class Listing:
    """What somebody asks for. What their seats are is read once."""

    def __init__(self, asked: Asked, me: Actor) -> None:
        self.asked = asked
        self.me = me
        self._ordering = _ordering(asked)

    def rows(
        self,
        *,
        limit: int,
        after: Place | None = None,
        back: bool = False,
        within: Collection[UUID] | None = None,
    ) -> list[ApprovalRequest]:
        """The first ones, or those after a place. `back`: those before it, the nearest first.

        Of many workspaces each is asked for a few rows at first, and those for more of which all
        of them are among the first."""
        falling = self._ordering.falling != back
        rows = self.of(ApprovalRequest.objects.filter(workspace=OuterRef("pk")))
        if after is not None:
            rows = rows.filter(_beyond(self._ordering, after, falling=falling))
        order = [_directed(by, falling=falling) for by in (self._ordering.by, F("id"))]
        own = rows.order_by(*order).values("pk")
        places = [one for one in self._places if within is None or one in within]
        share = min(limit, limit // max(len(places), 1) + SPARE)
        first = _ids_in(places, own[:share])
        found = ApprovalRequest.objects.select_related("workspace").order_by(*order)
        page = list(found.filter(id__in=first)[:limit])
        numbers = Counter(row.workspace_id for row in page)
        dense = {place for place, number in numbers.items() if number == share}
        if share == limit or not dense:
            return page
        return list(found.filter(id__in={*first, *_ids_in(dense, own[:limit])})[:limit])

    def of(self, requests: RequestQuerySet) -> RequestQuerySet:
        """Those of these, which they may see, that are in what is asked for."""
        asked, now = self.asked, timezone.now()
        named = {
            "workspace": asked.workspace,
            "subject_kind": asked.kind,
            "risk_level": asked.risk,
            "proposer_id": asked.proposer,
        }
        narrowed = requests.filter(**{name: value for name, value in named.items() if value})
        match asked.view:
            case View.WAITING:
                return with_a_seat(narrowed, self.me, self._seats)
            case View.OPEN:
                return narrowed.pending()
            case View.SOON:
                return narrowed.pending().filter(due_at__lt=now + SOON)
            case View.RISKY:
                return narrowed.pending().filter(risk_level__in=RISKY)
            case View.MINE:
                unsettled = (*OPEN, State.CHANGES_REQUESTED)
                return narrowed.filter(proposer_id__in=self._mine, state__in=unsettled)
            case View.DECIDED:
                return narrowed.filter(settled_at__gt=now - LATELY)

    def among(self, ids: Collection[UUID]) -> tuple[list[ApprovalRequest], set[UUID]]:
        """Those of these that they may see, and which of them are in what is asked for."""
        visible = ApprovalRequest.objects.visible_to(self.me).filter(id__in=ids)
        inside = set(self.of(visible).values_list("id", flat=True))
        return list(visible.select_related("workspace")), inside

    def next_after(self, row: ApprovalRequest) -> ApprovalRequest | None:
        """The one below it, or else the first: another one. `row` as it was on the screen: decided,
        it may stand elsewhere."""
        below = self.rows(after=place_of(row, self.asked), limit=1)
        found = below or self.rows(limit=2)
        return next((other for other in found if other.id != row.id), None)

    @cached_property
    def _places(self) -> list[UUID]:
        places = Workspace.objects.visible_to(self.me)
        if self.asked.workspace:
            places = places.filter(id=self.asked.workspace)
        return list(places.values_list("id", flat=True))

    @cached_property
    def _seats(self) -> Q:
        return seats_anywhere(self.me)

    @cached_property
    def _mine(self) -> list[UUID]:
        """Oneself, and one's agents."""
        me = self.me.actor_id
        found = User.objects.get_queryset().filter(Q(id=me) | Q(owner_id=me))
        return list(found.values_list("id", flat=True))


def place_of(row: ApprovalRequest, asked: Asked) -> Place:
    return Place(_ordering(asked).value(row), row.id)


def written(place: Place) -> str:
    value = place.value.isoformat() if isinstance(place.value, datetime) else place.value
    return f"{value}~{place.id}"


def read_place(text: str, asked: Asked) -> Place | None:
    """One that is not understood leads to the beginning."""
    value, _, id_ = text.partition("~")
    try:
        found = Place(_ordering(asked).read(value), UUID(id_))
    except ValueError:
        return None
    if isinstance(found.value, datetime) and found.value.utcoffset() != timedelta():
        return None  # `written` writes them in UTC
    return found


def _ordering(asked: Asked) -> _Ordering:
    return _DECIDED if asked.view == View.DECIDED else _ORDERINGS[asked.order]


def _beyond(ordering: _Ordering, place: Place, *, falling: bool) -> Q:
    """Compared as one value, for which PostgreSQL enters the index at its place."""
    here = _pair(ordering.by, F("id"))
    there = _pair(Value(place.value, ordering.kind), Value(place.id, UUIDField()))
    return Q(LessThan(here, there) if falling else GreaterThan(here, there))


def _pair(*values: Expression | F) -> Func:
    return Func(*values, template="(%(expressions)s)", output_field=UUIDField())


def _ids_in(places: Collection[UUID], rows: QuerySet[Any, Any]) -> list[UUID]:
    """Of each workspace its own rows: each is found in the order of an index."""
    own = Workspace.objects.filter(id__in=places).values_list(ArraySubquery(rows), flat=True)
    return [one for found in own for one in found or ()]


def _directed(by: Expression | F, *, falling: bool) -> Any:
    return by.desc() if falling else by.asc()
