"""What can go wrong with models."""

from apps.common.errors import Conflict, Unavailable


class BudgetSpent(Conflict):
    """Its details tell the `budget`, what is `spent` of it, and `until` when."""

    code = "budget_spent"
    message = "This workspace's budget for models is spent for this month."


class ModelAway(Unavailable):
    code = "model_away"
    message = "The model does not answer, or not with what can be used: try again."


class TextsRefused(ModelAway):
    """It answers, but takes one of these texts never. Its details say the `because` of it."""

    code = "texts_refused"
    message = "The model does not take this text, however often it is asked."
