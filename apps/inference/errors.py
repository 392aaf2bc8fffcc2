"""What can go wrong with models."""

from apps.common.errors import Conflict, Unavailable


class BudgetSpent(Conflict):
    """Its details tell the `budget`, what is `spent` of it, and `until` when."""

    code = "budget_spent"
    message = "This workspace's budget for models is spent for this month."


class ModelAway(Unavailable):
    code = "model_away"
    message = "The model does not answer, or not with what can be used: try again."
