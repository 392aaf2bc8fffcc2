"""Acts that were judged. What they said is sealed, is kept for a while, and can be erased."""

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from apps.accounts.choices import Permission
from apps.accounts.models import Membership, User, Workspace
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.policies.choices import ActKind, Door, Effect, Reason, RiskLevel


def mark_of(label: str, workspace: UUID) -> str:
    """By which those who know the text find it again, and others do not read it."""
    secret = salted_hmac("policies.label", f"{workspace} {label}", algorithm="sha256")
    return f"~{secret.hexdigest()[:32]}"


class ActRecordQuerySet(models.QuerySet["ActRecord"]):
    def visible_to(self, actor: Actor) -> "ActRecordQuerySet":
        """One's own acts, those of one's agents, and all of them for who decides there."""
        here = self.filter(workspace__in=Workspace.objects.visible_to(actor))
        if actor.actor_kind == "system":
            return here
        deciding = Membership.objects.permitting(Permission.DECIDE).used_by(actor)
        agents = User.objects.get_queryset().filter(owner_id=actor.actor_id)
        return here.filter(
            Q(performer_id=actor.actor_id)
            | Q(performer_id__in=agents.values("id"))
            | Q(workspace_id__in=deciding.values("workspace_id"))
        )

    def readable(self) -> "ActRecordQuerySet":
        return self.filter(erased_at__isnull=True)


class ActRecord(models.Model):
    """One act and its verdict. Bare ids and labels stand open; everything else is in `sealed`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    door = models.CharField(max_length=10, choices=Door.choices)
    label = models.CharField(max_length=100, blank=True, default="")
    """What the performer called itself, or a mark of it where that is no name. It proves
    nothing."""
    kind = models.CharField(max_length=20, choices=ActKind.choices)
    performer_id = models.UUIDField()
    performer_kind = models.CharField(max_length=10)
    effect = models.CharField(max_length=10, choices=Effect.choices)
    reasons = ArrayField(models.CharField(max_length=20, choices=Reason.choices), default=list)
    risk_score = models.PositiveSmallIntegerField()
    risk_level = models.CharField(max_length=10, choices=RiskLevel.choices)
    policy_digest = models.CharField(max_length=64, blank=True)
    policy_source = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64)
    """Of the act, as events name it."""
    duration_us = models.PositiveIntegerField()
    """How long the verdict took."""
    sealed = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)
    erased_by = models.UUIDField(null=True)

    objects = ActRecordQuerySet.as_manager()

    class Meta:
        verbose_name = "judged act"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sealed__isnull=False, erased_at__isnull=True)
                | Q(sealed__isnull=True, erased_at__isnull=False),
                name="act_is_sealed_or_erased",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "performer_id", "at"],
                name="acts_that_count",
                condition=~Q(effect=Effect.DENY),
            ),
            models.Index(fields=["workspace", "id"], name="acts_of_workspace"),
            models.Index(fields=["workspace", "label", "id"], name="acts_by_label"),
            models.Index(fields=["at"], name="acts_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def context(self) -> str:
        return f"policies.act:{self.id}"
