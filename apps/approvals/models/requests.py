"""Requests, their stages and votes. What people wrote is sealed; who did what stands as bare ids,
which outlive the person.
"""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Now

from apps.accounts.models import Workspace
from apps.approvals.choices import OPEN, Because, Decision, Outcome, StageState, State, Via
from apps.approvals.rules import Hours, outcome_of
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.policies.choices import RiskLevel

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
DUE = Coalesce("due_at", Value(NEVER, output_field=models.DateTimeField()))
"""As an index has it: what has no time is due last."""


class RequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def visible_to(self, actor: Actor) -> "RequestQuerySet":
        """Everybody of the workspace sees what is asked there."""
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))

    def open(self) -> "RequestQuerySet":
        return self.filter(state__in=OPEN)

    def pending(self) -> "RequestQuerySet":
        return self.filter(state=State.PENDING)


class ApprovalRequest(models.Model):
    """That people are asked whether something may take effect."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.PENDING)
    because = models.CharField(max_length=20, choices=Because.choices, default=Because.ASKED)
    risk_score = models.PositiveSmallIntegerField()
    risk_level = models.CharField(max_length=10, choices=RiskLevel.choices)
    proposer_id = models.UUIDField()
    proposer_kind = models.CharField(max_length=10)
    excluded = ArrayField(models.UUIDField(), default=list)
    """Who does not decide: the proposer, and whoever delegated."""
    co_authors = ArrayField(models.UUIDField(), default=list)
    """Who edited it under review: none of them may be the only one who approves."""

    content_digest = models.CharField(max_length=64)
    view_digest = models.CharField(max_length=64)
    """Of content and requirements: what a vote is bound to."""
    policy_digest = models.CharField(max_length=64)
    policy_source = models.CharField(max_length=100)
    act_id = models.UUIDField(null=True)
    """The record of the act that was judged."""

    round = models.PositiveIntegerField(default=1)
    """Stages of earlier rounds are kept with their votes, and count no more."""
    undo_seconds = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    settled_via = models.CharField(max_length=12, choices=Via.choices, blank=True, default="")
    effective_at = models.DateTimeField(null=True)
    """When it took or takes effect. Until then the decision can be taken back."""
    consumed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    """Of the open stage, as `due_at`."""
    next_at = models.DateTimeField(null=True)
    """When the clock has to look at it. None: never."""
    claimed_by = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    follows = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    """The request that this one takes up again, after changes."""
    part_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    """The request that accepted a part, of which this is the rest."""

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = "request"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=Q(state__in=OPEN),
                name="approval_once_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state=State.PENDING, settled_at__isnull=True)
                | ~Q(state=State.PENDING) & Q(settled_at__isnull=False),
                name="approval_settled_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state=State.CONSUMED, consumed_at__isnull=False)
                | ~Q(state=State.CONSUMED) & Q(consumed_at__isnull=True),
                name="approval_consumed_once",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="approval_claimed_until",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="approvals_of_workspace"),
            models.Index(
                fields=["workspace", "due_at", "id"],
                condition=Q(state=State.PENDING),
                name="approvals_pending",
            ),
            models.Index(
                "workspace",
                DUE,
                "id",
                condition=Q(state=State.PENDING),
                name="approvals_by_due",
            ),
            models.Index(
                fields=["workspace", "id"],
                condition=Q(state=State.PENDING),
                name="approvals_by_age",
            ),
            models.Index(
                fields=["workspace", "risk_score", "id"],
                condition=Q(state=State.PENDING),
                name="approvals_by_risk",
            ),
            models.Index(
                fields=["workspace", "settled_at", "id"],
                condition=Q(settled_at__isnull=False),
                name="approvals_decided",
            ),
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False),
                name="approvals_on_the_clock",
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="approvals_of_subject"),
            models.Index(fields=["workspace", "proposer_id", "id"], name="approvals_of_proposer"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def outcome(self) -> Outcome | None:
        return outcome_of(self.state)


class StageQuerySet(models.QuerySet["Stage"]):
    def visible_to(self, actor: Actor) -> "StageQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))

    def current(self) -> "StageQuerySet":
        return self.exclude(state=StageState.REPLACED).order_by("number")


class Stage(models.Model):
    """One round of approval: how many of whom, until when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.CASCADE, related_name="stages", db_index=False
    )
    round = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=StageState.choices, default=StageState.WAITING)
    quorum = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=12), default=list)
    people = ArrayField(models.UUIDField(), default=list)
    rules = ArrayField(models.CharField(max_length=100), default=list)
    """The policy's rules that ask for it."""
    added_roles = ArrayField(models.CharField(max_length=12), default=list)
    added_people = ArrayField(models.UUIDField(), default=list)
    """Whom an escalation or somebody who handed over has added since."""
    left_people = ArrayField(models.UUIDField(), default=list)
    """Who gave their seat away."""
    due_minutes = models.PositiveIntegerField(null=True)
    expires_minutes = models.PositiveIntegerField(null=True)
    hours = models.JSONField(null=True)
    """The business hours in which its minutes count. None: they always do."""
    escalation = models.JSONField(default=list)
    """[[minutes, [roles and people]], ...]"""
    climbed = models.PositiveSmallIntegerField(default=0)
    """How many rungs of the escalation were climbed."""
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    told_overdue = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "round", "number"], name="approval_stage_once"
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state=StageState.OPEN),
                name="approval_one_stage_is_open",
            ),
            models.CheckConstraint(condition=Q(quorum__gt=0), name="approval_quorum_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.request_id}"

    @property
    def business_hours(self) -> Hours | None:
        return Hours.read(self.hours) if self.hours else None

    @property
    def requirement(self) -> dict[str, object]:
        """As the view's digest covers it: how many of whom. Until when is not agreed to."""
        return {
            "name": self.name,
            "quorum": self.quorum,
            "roles": sorted(self.roles),
            "people": sorted(map(str, self.people)),
        }


class VoteQuerySet(models.QuerySet["Vote"]):
    def visible_to(self, actor: Actor) -> "VoteQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))

    def standing(self) -> "VoteQuerySet":
        """Those that no later vote of the same person took the place of."""
        return self.filter(replaced_by__isnull=True)


class Vote(models.Model):
    """Appended, and never changed: a trigger refuses it. Who changes their mind appends another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="votes")
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="votes")
    voter_id = models.UUIDField()
    instead_of = models.UUIDField(null=True)
    """The absent person whose seat it was."""
    decision = models.CharField(max_length=16, choices=Decision.choices)
    view_digest = models.CharField(max_length=64)
    """What the voter saw."""
    via = models.CharField(max_length=12, choices=Via.choices)
    operations = ArrayField(models.PositiveIntegerField(), null=True)
    """Of which alone it approved."""
    sealed = models.BinaryField(null=True)
    """What was said with it."""
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.CASCADE, related_name="replaced_by"
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = VoteQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stage", "voter_id"],
                condition=Q(replaces__isnull=True),
                name="approval_vote_stands_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.voter_id}"

    @property
    def context(self) -> str:
        """What its comment is sealed for."""
        return f"approvals.vote:{self.id}"


def seat_of(vote: Vote) -> UUID:
    return vote.instead_of or vote.voter_id
