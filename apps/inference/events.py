"""What happens to budgets. Amounts are US dollars, as decimal text. Each use of a model is a row
and no event: there are far too many, and nobody decides them.
"""

from dataclasses import dataclass

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class BudgetSet(Event):
    type = "inference.budget.set"
    sentence = "{actor} set {workspace}'s monthly budget for models: {monthly}"
    before: str
    """Empty text: there was none."""
    monthly: str
    """"none": there is none."""


@dataclass(frozen=True, kw_only=True)
class BudgetUsedUp(Event):
    """Once a month at most, also when the budget is raised afterwards."""

    type = "inference.budget.spent"
    sentence = "{workspace} has spent its budget for models, {monthly} USD, for {month}"
    month: str
    """As in "2026-11"."""
    monthly: str
    spent: str
