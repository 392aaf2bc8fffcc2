"""What was used and spent."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.inference.choices import Outcome
from apps.inference.models import NOTHING, Budget, DayOfUse, Use
from apps.inference.rules import month_of, months_after

ONE_DAY = timedelta(days=1)
SUMS = ("uses", "failed", "texts", "tokens", "cost", "ms")


@dataclass(frozen=True, kw_only=True)
class Used:
    """All that one model did for one purpose in a month."""

    model: str
    purpose: str
    uses: int
    failed: int
    texts: int
    tokens: int
    cost: Decimal
    ms: int


@dataclass(frozen=True, kw_only=True)
class Usage:
    month: datetime
    rows: list[Used]
    budget: Decimal | None

    @property
    def until(self) -> datetime:
        """When the next month begins."""
        return months_after(self.month, 1)

    @property
    def spent(self) -> Decimal:
        return sum((row.cost for row in self.rows), NOTHING)


def budget_of(*, workspace_id: UUID, actor: Actor) -> Decimal | None:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    rows = Budget.objects.visible_to(actor).filter(workspace_id=workspace_id)
    return rows.values_list("monthly", flat=True).first()


def spent_since(*, month: datetime, workspace_id: UUID) -> Decimal:
    """Including what is under way. Only for a month that is not summed up yet."""
    rows = Use.objects.filter(workspace_id=workspace_id, at__gte=month, cost__gt=0)
    spent: Decimal = rows.aggregate(cost=Sum("cost", default=NOTHING))["cost"]
    return spent


def spent_everywhere(*, actor: Actor) -> dict[UUID, Decimal]:
    """In this month, by workspace; only those that spent anything."""
    rows = Use.objects.visible_to(actor).filter(at__gte=month_of(timezone.now()), cost__gt=0)
    return dict(rows.values_list("workspace_id").annotate(cost=Sum("cost")))


def usage(*, workspace_id: UUID, actor: Actor, month: datetime | None = None) -> Usage:
    """Of this month, or of the one in which that moment lies. Dearest first."""
    budget = budget_of(workspace_id=workspace_id, actor=actor)
    begins = month_of(month or timezone.now())
    ends = months_after(begins, 1)
    days = (begins.date(), (ends - ONE_DAY).date())
    here = Q(workspace_id=workspace_id)
    detailed = Use.objects.visible_to(actor).filter(here, at__gte=begins, at__lt=ends)
    summed = DayOfUse.objects.visible_to(actor).filter(here, day__range=days)
    bad = Q(outcome__in=(Outcome.FAILED, Outcome.LOST))
    sums = {name: Sum(name) for name in SUMS[2:]}
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    by_model: Iterable[Any] = chain(
        detailed.values("model", "purpose").annotate(
            uses=Count("id"), failed=Count("id", filter=bad), **sums
        ),
        summed.values("model", "purpose").annotate(uses=Sum("uses"), failed=Sum("failed"), **sums),
    )
    for row in by_model:
        total = found[row["model"], row["purpose"]]
        total.update({name: total[name] + row[name] for name in SUMS})
    used = [
        Used(model=model, purpose=purpose, **total) for (model, purpose), total in found.items()
    ]
    used.sort(key=lambda row: (-row.cost, -row.tokens, row.model, row.purpose))
    return Usage(month=begins, rows=used, budget=budget)
