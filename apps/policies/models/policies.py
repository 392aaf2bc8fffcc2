"""A workspace's policy: the version that holds, every version there was, and drafts of the next."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import Workspace
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.policies.choices import DraftState, Origin


class PolicyQuerySet(models.QuerySet["Policy"]):
    def visible_to(self, actor: Actor) -> "PolicyQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class Policy(models.Model):
    """Which version holds in a workspace. None: the built-in one does.

    Its row is what releases are serialised on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+"
    )
    current = models.ForeignKey(
        "PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    watched_path = models.CharField(max_length=500, blank=True, default="")
    """The file in the workspace's policy folder that is followed. Empty: the usual ones."""
    watched_digest = models.CharField(max_length=64, blank=True, default="")
    """Of what was last found in it, valid or not, so that each state is looked at once."""

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy of {self.workspace_id}"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def visible_to(self, actor: Actor) -> "PolicyVersionQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class PolicyVersion(models.Model):
    """A policy that was released. It is never changed or deleted: a trigger refuses both.

    Who released it stands here as a bare id, which outlives the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    """SHA-256 of the text."""
    rules = models.PositiveIntegerField()
    origin = models.CharField(max_length=12, choices=Origin.choices)
    reason = models.CharField(max_length=500, blank=True, default="")
    path = models.CharField(max_length=500, blank=True, default="")
    """In the workspace's policy folder, of what came from a file."""
    released_by = models.UUIDField()
    released_by_kind = models.CharField(max_length=10)
    released_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "number"], name="policy_version_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="policy_version_is_positive"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def source(self) -> str:
        """As verdicts name it."""
        return f"workspace v{self.number}"


class PolicyDraftQuerySet(models.QuerySet["PolicyDraft"]):
    def visible_to(self, actor: Actor) -> "PolicyDraftQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))

    def open(self) -> "PolicyDraftQuerySet":
        return self.filter(state=DraftState.OPEN)


class PolicyDraft(models.Model):
    """What the policy may become. It holds nothing until an owner releases it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    digest = models.CharField(max_length=64)
    base = models.ForeignKey(PolicyVersion, null=True, on_delete=models.PROTECT, related_name="+")
    """The version it was written against. None: the built-in policy."""
    origin = models.CharField(max_length=12, choices=Origin.choices)
    reason = models.CharField(max_length=500, blank=True, default="")
    act = models.ForeignKey("ActRecord", null=True, on_delete=models.SET_NULL, related_name="+")
    """The act that it would always allow."""
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.OPEN)
    released_as = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)
    author_id = models.UUIDField()
    author_kind = models.CharField(max_length=10)
    editors = ArrayField(models.UUIDField(), default=list)
    """Who else has changed it."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PolicyDraftQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state=DraftState.RELEASED, released_as__isnull=False)
                | ~Q(state=DraftState.RELEASED) & Q(released_as__isnull=True),
                name="policy_draft_released_as_a_version",
            ),
            models.CheckConstraint(
                condition=~Q(released_as=F("base")), name="policy_draft_moves_on"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.id}"
