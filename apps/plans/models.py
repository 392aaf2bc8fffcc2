"""Plans. What they say is sealed; ids, counts and labels stand open."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import Workspace
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.plans.choices import PlanState, RiskBudget
from apps.policies.choices import Effect, RiskLevel


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, actor: Actor) -> "PlanQuerySet":
        """A plan is there to be reviewed: everybody of the workspace sees it."""
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class Plan(models.Model):
    """One plan and what the policy said to it. Who did what stands here as bare ids, which outlive
    the person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=60)
    """Of its artifact: `plans/<name>.json`."""
    state = models.CharField(max_length=10, choices=PlanState.choices)
    effect = models.CharField(max_length=10, choices=Effect.choices)
    risk_score = models.PositiveSmallIntegerField()
    risk_level = models.CharField(max_length=10, choices=RiskLevel.choices)
    risk_budget = models.CharField(max_length=10, choices=RiskBudget.choices)
    operations = models.PositiveIntegerField()
    lines_added = models.PositiveIntegerField()
    lines_removed = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    """Of the artifact."""
    asked_digest = models.CharField(max_length=64)
    """Of what was asked for, so that the same is found again."""
    policy_digest = models.CharField(max_length=64)
    policy_source = models.CharField(max_length=100)
    act_id = models.UUIDField(null=True)
    """The record of the plan as an act."""
    proposer_id = models.UUIDField()
    proposer_kind = models.CharField(max_length=10)
    sealed_intent = models.BinaryField()
    sealed_touched = models.BinaryField(null=True)
    """The first of its operations, in words. None: of a plan that is older than this."""
    sealed_paths = models.BinaryField(null=True)
    """The first of the paths that it touches, one a line. None: likewise."""
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    released_by = models.UUIDField(null=True)
    """Who decided."""
    released_at = models.DateTimeField(null=True)
    exported_at = models.DateTimeField(null=True)
    """For the first time."""

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="plan_name_once"),
            models.CheckConstraint(
                condition=Q(
                    state=PlanState.RELEASED, released_by__isnull=False, released_at__isnull=False
                )
                | ~Q(state=PlanState.RELEASED)
                & Q(released_by__isnull=True, released_at__isnull=True),
                name="plan_released_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(effect=Effect.DENY), name="plan_is_not_denied"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="plans_of_workspace"),
            models.Index(
                fields=["workspace", "proposer_id", "asked_digest"], name="plans_by_what_was_asked"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> str:
        return f"plans/{self.name}.json"

    @property
    def context(self) -> str:
        """What its texts are sealed for."""
        return f"plans.plan:{self.id}"

    @property
    def intent_context(self) -> str:
        return f"plans.plan:{self.id}:intent"

    @property
    def touched_context(self) -> str:
        return f"plans.plan:{self.id}:touched"

    @property
    def paths_context(self) -> str:
        return f"plans.plan:{self.id}:paths"
