"""What is proposed to the graph."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import Workspace
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.policies.choices import Effect, RiskLevel
from apps.specs.choices import ProposalState
from apps.specs.models.graph import TITLE_LENGTH
from apps.specs.rules import OPEN


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, actor: Actor) -> "ProposalQuerySet":
        """A proposal is there to be reviewed: everybody of the workspace sees it. A draft is seen
        by who writes it."""
        seen = self.filter(workspace__in=Workspace.objects.visible_to(actor))
        return seen.exclude(~Q(proposer_id=actor.actor_id), state=ProposalState.DRAFT)

    def open(self) -> "ProposalQuerySet":
        """Those that may still be applied."""
        return self.filter(state__in=OPEN)


class Proposal(models.Model):
    """What somebody wants done, resolved to nodes. Who did what stands here as bare ids."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    title = models.CharField(max_length=TITLE_LENGTH)
    rationale = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=ProposalState.choices)
    because = models.CharField(max_length=40, blank=True)
    """Why it is where it is, where the state alone does not say it: an error's code."""
    operations = models.JSONField()
    """As apps.specs.changes keeps them: with targets, bases and pre-images."""
    touches = ArrayField(models.UUIDField(), default=list)
    """The nodes that it changes."""
    leans_on = ArrayField(models.UUIDField(), default=list)
    """Other nodes that have to be there: parents, ends of links."""
    content_digest = models.CharField(max_length=64)
    """Of its operations and pre-images: what was approved."""
    words = models.TextField(blank=True)
    """What it does, in a sentence that goes on from a name: "rewords REQ-12"."""
    size = models.CharField(max_length=60, blank=True)
    """How much of what: "2 operations, 14 lines"."""
    onto = models.PositiveBigIntegerField(default=0)
    """The revision of the graph on which it was last looked at."""
    conflicts = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    """Of the checks."""
    advice = models.JSONField(default=list)
    """Of the checks that take their time, and change nothing but this."""
    effect = models.CharField(max_length=10, choices=Effect.choices, blank=True)
    risk_score = models.PositiveSmallIntegerField(default=0)
    risk_level = models.CharField(max_length=10, choices=RiskLevel.choices, default=RiskLevel.LOW)
    impact = models.PositiveIntegerField(default=0)
    """How many other nodes depended on what it changes, when it was last looked at."""
    asks_people = models.BooleanField(default=False)
    """Whoever proposed it wants people to decide, also where the policy would let it pass."""
    policy_digest = models.CharField(max_length=64, blank=True)
    policy_source = models.CharField(max_length=100, blank=True)
    act_id = models.UUIDField(null=True)
    """The record of it as an act."""
    proposer_id = models.UUIDField()
    proposer_kind = models.CharField(max_length=10)
    follows = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    """The one that it takes up again."""
    part_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    """The one of which this was not accepted."""
    reverts = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitted_at = models.DateTimeField(db_default=Now(), editable=False)
    """When it was proposed, which what was left out of it was too: by that hour it is judged."""
    moved_at = models.DateTimeField(db_default=Now())
    """When it came to its state."""

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reverts"],
                condition=Q(state__in=[*sorted(OPEN), ProposalState.APPLIED]),
                name="specs_reverted_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "id"], name="specs_proposals"),
            models.Index(fields=["workspace", "state", "id"], name="specs_proposals_by_state"),
            GinIndex(fields=["touches"], name="specs_touched"),
        ]

    def __str__(self) -> str:
        return self.title
