"""The graph as it is and as it was: nodes and their versions, links and when they held.

Each proposal that is applied makes one revision; versions and links say since which one they hold
and until which one they held, so a moment of the past is a number.
"""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from apps.accounts.models import InWorkspace
from apps.common.ids import uuid7
from apps.specs.choices import LinkKind, Status

KEY_LENGTH = 80
TITLE_LENGTH = 200


class Graph(models.Model):
    """A workspace's. Whoever numbers a revision holds this row until they commit."""

    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    revision = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.revision}"


class KindOfNode(models.Model):
    """One that a workspace adds, or what it demands of the attributes of a kind all have."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=40)
    prefix = models.CharField(max_length=12)
    """Of the keys that nodes of this kind are given."""
    schema = models.JSONField(default=dict)
    """JSON Schema of a node's attributes."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="specs_kind_once"),
            models.UniqueConstraint(fields=["workspace", "prefix"], name="specs_prefix_once"),
        ]

    def __str__(self) -> str:
        return self.name


class KeyCounter(models.Model):
    """The last number that was given to a key with this prefix."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    prefix = models.CharField(max_length=KEY_LENGTH)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "prefix"], name="specs_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last}"


class State(models.Model):
    """All that is said of a node at one time."""

    key = models.CharField(max_length=KEY_LENGTH)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=TITLE_LENGTH)
    heading = models.TextField(blank=True)
    """The line it stands under in a file, where that is not the plain one."""
    body = models.TextField(blank=True)
    """Markdown."""
    attributes = models.JSONField(default=dict, blank=True)
    labels = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    owner_id = models.UUIDField(null=True)
    """Who looks after it: a bare id, which outlives the person."""
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    parent_id = models.UUIDField(null=True)
    """The node that it is a part of, in the order of ranks."""
    rank = models.CharField(max_length=100, blank=True)
    is_live = models.BooleanField(default=True)

    class Meta:
        abstract = True


class NodeQuerySet(InWorkspace["Node"]):
    def live(self) -> "NodeQuerySet":
        return self.filter(is_live=True)


class Node(State):
    """As it is now. Only applying a proposal changes it; its versions say how it came to be so."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveBigIntegerField()
    """By which it became what it is."""
    changed_at = models.DateTimeField()

    objects = NodeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                F("workspace"), Lower("key"), condition=Q(is_live=True), name="specs_node_key_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "key"], name="specs_nodes_by_key"),
            models.Index(fields=["workspace", "kind", "key"], name="specs_nodes_by_kind"),
            models.Index(fields=["parent_id", "rank"], name="specs_parts_in_order"),
            models.Index(fields=["workspace", "owner_id"], name="specs_nodes_of_owner"),
        ]

    def __str__(self) -> str:
        return self.key


class Key(models.Model):
    """Every key that a node has or had leads to it. None is ever given to another node."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=KEY_LENGTH)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="keys")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(F("workspace"), Lower("key"), name="specs_key_once")
        ]

    def __str__(self) -> str:
        return self.key


class Revision(models.Model):
    """One proposal, applied. Nobody applies it twice: the constraint says so."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    """Later than that of the one before it."""
    proposal = models.OneToOneField(
        "specs.Proposal", on_delete=models.RESTRICT, related_name="revision"
    )
    authors = ArrayField(models.UUIDField(), default=list)
    """Who proposed it, and whoever edited it under review."""
    approvers = ArrayField(models.UUIDField(), default=list)
    request_id = models.UUIDField(null=True)
    """The approval it took. None: the policy asked for none."""
    inverse = models.JSONField()
    """The operations that would undo it, as a proposal has them."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "number"], name="specs_revision_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "at"], name="specs_revisions_in_time")
        ]

    def __str__(self) -> str:
        return f"Revision {self.number}"


class Held(models.Model):
    """It holds since one revision, and until another or still."""

    since = models.PositiveBigIntegerField()
    until = models.PositiveBigIntegerField(null=True)

    class Meta:
        abstract = True


def held_at(revision: int | None) -> Q:
    """What held then. None: now."""
    if revision is None:
        return Q(until=None)
    return Q(Q(until__gt=revision) | Q(until=None), since__lte=revision)


class Version(State, Held):
    """What was said of a node between two revisions. Nothing of it changes but `until`, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    node = models.ForeignKey(
        Node, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    version: int
    revision: int
    changed_at: datetime
    """As a node has them. Not columns: selectors that hand out either add them."""

    objects = InWorkspace.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "number"], name="specs_version_once"),
            models.UniqueConstraint(
                fields=["node"], condition=Q(until=None), name="specs_one_version_holds"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "since"], name="specs_versions_since"),
            models.Index(fields=["workspace", "key"], name="specs_versions_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.number}"


class Link(Held):
    """Nothing of it ever changes but `until`, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="links_from")
    kind = models.CharField(max_length=20, choices=LinkKind.choices)
    target = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="links_to")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "kind", "target"], condition=Q(until=None), name="specs_link_once"
            ),
            models.CheckConstraint(
                condition=~Q(source=F("target")), name="specs_link_leads_elsewhere"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["target", "kind", "source"],
                condition=Q(until=None),
                name="specs_links_backwards",
            ),
            models.Index(fields=["workspace", "since"], name="specs_links_since"),
            models.Index(
                fields=["workspace", "until"],
                condition=Q(until__isnull=False),
                name="specs_links_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class SuspectQuerySet(InWorkspace["Suspect"]):
    def standing(self) -> "SuspectQuerySet":
        """Of links that hold, and nobody has said since that they still are right."""
        return self.filter(cleared_at=None, link__until=None)


class Suspect(models.Model):
    """A link whose target has changed: whoever looks after its source has to look whether it still
    is right."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="suspects")
    """That is to be looked at."""
    cause = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="+")
    """That has changed."""
    revision = models.PositiveBigIntegerField()
    """The first since it was last cleared."""
    latest = models.PositiveBigIntegerField()
    """By which the cause changed last."""
    marked_at = models.DateTimeField(db_default=Now(), editable=False)
    cleared_at = models.DateTimeField(null=True)
    cleared_by = models.UUIDField(null=True)

    objects = SuspectQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["link", "cause"], condition=Q(cleared_at=None), name="specs_suspect_once"
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by=None)
                | Q(cleared_at__isnull=False, cleared_by__isnull=False),
                name="specs_cleared_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "node"], condition=Q(cleared_at=None), name="specs_suspects"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node_id} because of {self.cause_id}"
