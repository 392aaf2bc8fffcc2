"""The vocabulary of plans."""

from django.db import models

KIND = "plan"
"""As approvals know it."""


class Action(models.TextChoices):
    """What a plan does to a file."""

    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    RENAME = "rename"


class RiskBudget(models.TextChoices):
    """How much risk the caller is ready to take. Variants above it are listed, and marked."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class PlanState(models.TextChoices):
    READY = "ready"
    WAITING = "waiting"
    """The policy asks for approval, which has not come yet."""
    RELEASED = "released"
    REFUSED = "refused"
    """The approval will not come. Its request says whether that was denied, or expired, or what."""


class VariantId(models.TextChoices):
    SAFE = "v_safe", "Safe"
    BALANCED = "v_bal", "Balanced"
    FOCUSED = "v_focus", "Focused"
    EXPLORING = "v_exp", "Exploring"
    BOLD = "v_bold", "Bold"


class IdeaKind(models.TextChoices):
    SPLIT = "split"
    STAY_INSIDE = "stay_inside"
    REWORD = "reword"
    DECIDE = "decide"
    EXPORT = "export"
    TEST_DRAFT = "test_draft"
    TEST_POLICY = "test_policy"
