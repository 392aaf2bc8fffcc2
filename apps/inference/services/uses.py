"""Each use of a model is a row. One that costs something stands there before it begins, with what
it may cost, so that uses at the same time know of each other.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from prometheus_client import Counter, Histogram

from apps.common.actors import Actor
from apps.inference.errors import BudgetSpent, ModelAway
from apps.inference.events import BudgetUsedUp
from apps.inference.models import Budget, Use
from apps.inference.rules import month_of, months_after, written
from apps.inference.selectors import spent_since
from apps.ledger.services import record, unit
from apps.ledger.switch import is_on, staying_open

uses_total = Counter(
    "lattice_model_uses_total", "Uses of a model that ended.", ["model", "purpose", "outcome"]
)
tokens_total = Counter("lattice_model_tokens_total", "Tokens models have read.", ["model"])
dollars_total = Counter("lattice_model_dollars_total", "US dollars models have cost.", ["model"])
use_seconds = Histogram("lattice_model_use_seconds", "How long a use of a model took.", ["model"])


def begin_use(*, use: Use, actor: Actor) -> None:
    """Keep its place, if the month's budget is not spent. So uses at the same time spend too much
    by one of them at most: the one that reaches it."""
    refusal = None
    if is_on(use.workspace_id):  # also for who only reads: asking costs something
        raise ModelAway("While the kill switch is on, no model outside is asked.")
    with unit(actor=actor, workspace=use.workspace_id):
        budget = _budget(use.workspace_id)
        month = month_of(timezone.now())
        if budget is not None and budget.monthly is not None:
            spent = spent_since(month=month, workspace_id=use.workspace_id)
            if spent >= budget.monthly:
                refusal = _refusal(budget.monthly, spent, month)
                _tell_once(budget, spent, month)
        if refusal is None:
            use.save(force_insert=True)
    if refusal is not None:
        raise refusal


def end_use(*, use: Use, actor: Actor) -> None:
    """It happened, whatever holds by now: this goes on while the kill switch is on."""
    with staying_open(), unit(actor=actor, workspace=use.workspace_id):
        budget = _budget(use.workspace_id) if use.cost else None
        use.save()
        if budget is not None and budget.monthly is not None:
            month = month_of(timezone.now())
            spent = spent_since(month=month, workspace_id=use.workspace_id)
            if spent >= budget.monthly:
                _tell_once(budget, spent, month)
    uses_total.labels(use.model, use.purpose, use.outcome).inc()
    tokens_total.labels(use.model).inc(use.tokens)
    dollars_total.labels(use.model).inc(float(use.cost))
    use_seconds.labels(use.model).observe(use.ms / 1000)


def _budget(workspace_id: UUID) -> Budget | None:
    return Budget.objects.select_for_update().filter(workspace_id=workspace_id).first()


def _tell_once(budget: Budget, spent: Decimal, month: datetime) -> None:
    if budget.told_month == month:
        return
    budget.told_month = month
    budget.save(update_fields=["told_month"])
    record(
        BudgetUsedUp(month=f"{month:%Y-%m}", monthly=written(budget.monthly), spent=written(spent))
    )


def _refusal(monthly: Decimal, spent: Decimal, month: datetime) -> BudgetSpent:
    until = months_after(month, 1)
    text = (
        f"This workspace may spend {written(monthly)} USD on models in {month:%B %Y}, and "
        f"{written(spent)} USD are spent. It goes on on {until:%-d %B} (UTC), or when an owner or "
        "admin sets another budget."
    )
    told = {"budget": written(monthly), "spent": written(spent), "until": until.isoformat()}
    return BudgetSpent(text, details=[{"field": "budget", "message": text, **told}])
