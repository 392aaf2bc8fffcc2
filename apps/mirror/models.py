"""Folders that are kept alike with a workspace, and how each of their files stands to it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import InWorkspace
from apps.common.ids import uuid7
from apps.mirror.choices import FileState


class Mirror(models.Model):
    """A workspace's folder."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+"
    )
    folder = models.TextField()
    """Where it stands, whatever links the operator named it by."""
    revision = models.PositiveBigIntegerField(default=0)
    """The last one that the folder was compared with."""
    keeper = models.CharField(max_length=120, blank=True)
    """The process that keeps it, for another one that comes too late."""
    said = models.TextField(blank=True)
    """What has to be told of the folder as a whole."""
    lost = models.PositiveIntegerField(default=0)
    """Files whose documents were proposed to be deleted lately, because they were gone."""
    lost_at = models.DateTimeField(null=True)
    accepts = ArrayField(models.TextField(), null=True)
    """Paths whose patches somebody accepts, which its keeper writes when it next looks. None in it:
    all of them."""
    looked_at = models.DateTimeField(null=True)

    objects = InWorkspace.as_manager()

    def __str__(self) -> str:
        return self.folder


class MirroredFile(models.Model):
    """One file, and what both sides last agreed that it says."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mirror = models.ForeignKey(
        Mirror, on_delete=models.CASCADE, related_name="files", db_index=False
    )
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    path = models.TextField()
    """Below the folder."""
    document = models.UUIDField(null=True)
    """The node that it is. None: there is none yet."""
    digest = models.CharField(max_length=64, blank=True)
    """Of its bytes when they were last read. Nothing: it is not there."""
    size = models.PositiveBigIntegerField(default=0)
    mtime_ns = models.BigIntegerField(default=0)
    """With its size: while both are the same, it is not read again."""
    nodes = models.JSONField(default=list)
    """As both sides last had them, in order: id, version, and the revision of its links."""
    agreed = models.JSONField(default=list)
    """What the file said of each of them then."""
    offered = models.JSONField(null=True)
    """What it says in its proposal, or in what was refused. None: nothing was proposed."""
    is_part = models.BooleanField(default=False)
    """Whether more is to be proposed when the proposal is applied."""
    proposal = models.ForeignKey(
        "specs.Proposal", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    heard = models.CharField(max_length=24, blank=True)
    """The state of the proposal that was last looked at."""
    state = models.CharField(max_length=12, choices=FileState.choices, default=FileState.AGREED)
    said = models.TextField(blank=True)
    """Why, where the state alone does not say it."""
    moved_at = models.DateTimeField(db_default=Now())
    """When it came to its state."""

    objects = InWorkspace.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mirror", "path"],
                name="mirror_path_once",
                deferrable=models.Deferrable.DEFERRED,  # files change places
            ),
            models.UniqueConstraint(
                fields=["mirror", "document"],
                name="mirror_document_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["mirror", "state", "path"], name="mirror_files_by_state"),
        ]

    def __str__(self) -> str:
        return self.path
