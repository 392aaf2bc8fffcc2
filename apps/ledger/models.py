"""Epochs, chains, events and deliveries. An event is never changed: triggers refuse it.

Workspaces and actors stand here as bare ids. The record outlives what it tells of.
"""

from typing import ClassVar
from uuid import UUID, uuid4

from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from apps.common.ids import uuid7


class Epoch(models.Model):
    """One unbroken life of this instance's history. Whoever resumes from another one starts over.

    The newest row is the present one. The database remembers the last checkpoint that was written
    outside, as that remembers the chains, so that neither can lose the other unnoticed.
    """

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid4)
    reason = models.CharField(max_length=100)
    begun_at = models.DateTimeField(db_default=Now())
    checkpoint_number = models.BigIntegerField(default=0)
    checkpoint_digest = models.BinaryField(default=bytes(32))
    checkpoint_at = models.DateTimeField(null=True)

    class Meta:
        get_latest_by = "number"

    def __str__(self) -> str:
        return f"{self.id} ({self.reason})"


class Chain(models.Model):
    """A workspace's counter, and the hash its next event links to."""

    workspace_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(default=bytes(32))

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.seq}"


class KillSwitchQuerySet(models.QuerySet["KillSwitch"]):
    def stopping(self, workspace: UUID | OuterRef) -> "KillSwitchQuerySet":
        """What stops this workspace: its own switch, or that of everything."""
        return self.filter(Q(workspace_id=workspace) | Q(workspace_id=UUID(int=0)))


class KillSwitch(models.Model):
    """It is on: where, since when, by whom and why. A row of no workspace (0) stops everything.

    `ledger_append` looks here in the statement that appends.
    """

    workspace_id = models.UUIDField(primary_key=True)
    reason = models.CharField(max_length=500)
    pulled_by = models.UUIDField()
    pulled_at = models.DateTimeField(db_default=Now())

    objects = KillSwitchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "kill switches"

    def __str__(self) -> str:
        return f"Workspace {self.workspace_id}" if self.workspace_id.int else "Everything"


class Event(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    workspace_id = models.UUIDField()
    seq = models.BigIntegerField()
    type = models.CharField(max_length=100)
    actor_id = models.UUIDField()
    actor_kind = models.CharField(max_length=10)
    payload = models.JSONField()
    request_id = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["workspace_id", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace_id", "seq"], name="event_once_per_seq"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="event_seq_is_positive"),
        ]
        indexes: ClassVar = [
            models.Index(
                KT("payload__request"),
                "seq",
                condition=Q(payload__has_key="request"),
                name="events_about_a_request",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} #{self.seq}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def unfinished(self) -> "DeliveryQuerySet":
        return self.filter(done_at__isnull=True)

    def open(self) -> "DeliveryQuerySet":
        return self.unfinished().filter(parked_at__isnull=True)

    def due(self) -> "DeliveryQuerySet":
        return self.open().filter(next_at__lte=Now()).order_by("next_at", "id")

    def parked(self) -> "DeliveryQuerySet":
        return self.unfinished().filter(parked_at__isnull=False)


class Delivery(models.Model):
    """An event somebody subscribed to, until the subscriber has done its part.

    A delivery is due (`next_at`), done, or parked: hopeless until an operator replays it.
    """

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    subscription = models.CharField(max_length=100)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    held_until = models.DateTimeField(null=True)
    """Until then somebody does it part by part, and nobody else begins."""
    done_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "subscription"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                name="delivery_due",
                condition=Q(done_at__isnull=True, parked_at__isnull=True),
            ),
            models.Index(
                fields=["parked_at"],
                name="delivery_parked",
                condition=Q(done_at__isnull=True, parked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} of {self.event_id}"
