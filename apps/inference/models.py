"""What was asked of models, what it cost, and what it may cost. No text stands here."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import InWorkspace
from apps.common.ids import uuid7
from apps.inference.choices import Outcome

NOTHING = Decimal(0)
DIGITS, AFTER_POINT = 20, 10
"""Of US dollars: a token costs some hundred-millionths of one."""


class Budget(models.Model):
    """What a workspace may spend in a month. Its row is what uses that cost something begin and end
    on, one after the other."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+"
    )
    monthly = models.DecimalField(max_digits=DIGITS, decimal_places=AFTER_POINT, null=True)
    """US dollars. None: as much as it takes."""
    told_month = models.DateTimeField(null=True)
    """The last month of which was said that it is spent."""
    updated_at = models.DateTimeField(auto_now=True)

    objects = InWorkspace["Budget"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(monthly__gte=0), name="budget_is_no_debt")
        ]

    def __str__(self) -> str:
        return f"budget of {self.workspace_id}"


class Use(models.Model):
    """A model was asked once, for one purpose, by one actor."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    actor_id = models.UUIDField()
    actor_kind = models.CharField(max_length=10)
    model = models.CharField(max_length=200)
    purpose = models.CharField(max_length=40)
    texts = models.PositiveIntegerField()
    tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=DIGITS, decimal_places=AFTER_POINT, default=NOTHING)
    ms = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)

    objects = InWorkspace["Use"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "at"], name="uses_of_workspace"),
            models.Index(
                fields=["workspace", "at"],
                include=["cost"],
                name="uses_that_cost",
                condition=Q(cost__gt=0),
            ),
            models.Index(fields=["at"], name="uses_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class DayOfUse(models.Model):
    """The uses of a day, summed up when they are old. Who asked is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    model = models.CharField(max_length=200)
    purpose = models.CharField(max_length=40)
    uses = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()
    texts = models.PositiveBigIntegerField()
    tokens = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=DIGITS, decimal_places=AFTER_POINT)
    ms = models.PositiveBigIntegerField()

    objects = InWorkspace["DayOfUse"].as_manager()

    class Meta:
        verbose_name_plural = "days of use"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "day", "model", "purpose"], name="a_day_is_summed_up_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} on {self.day}"
