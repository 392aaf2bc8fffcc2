"""Chains, events and deliveries. Rows of `Event` are never changed: triggers refuse it.

Workspaces and actors stand here as bare ids. The record outlives what it tells of.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from apps.common.ids import uuid7


class Chain(models.Model):
    """A workspace's counter, and the hash its next event links to."""

    workspace_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(default=bytes(32))

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.seq}"


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
            models.UniqueConstraint(fields=["workspace_id", "seq"], name="event_once_per_seq")
        ]

    def __str__(self) -> str:
        return f"{self.type} #{self.seq}"


class Delivery(models.Model):
    """An event somebody subscribed to, until the subscriber has done its part."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    subscription = models.CharField(max_length=100)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "subscription"], name="delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], name="delivery_due", condition=models.Q(done_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription} of {self.event_id}"
