"""Outgoing webhooks: who is told, what they were told and what they answered; and who consumes."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Window
from django.db.models.functions import Coalesce, Now, RowNumber

from apps.accounts.models import Workspace
from apps.activity.choices import DisabledBecause, MessageState
from apps.common.actors import Actor
from apps.common.ids import uuid7
from apps.ledger.models import Chain


class WorkerPulse(models.Model):
    """When a Celery worker last did what it was asked to do."""

    worker = models.CharField(max_length=200, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.worker


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def visible_to(self, actor: Actor) -> "WebhookEndpointQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))

    def enabled(self) -> "WebhookEndpointQuerySet":
        return self.filter(disabled_at__isnull=True, workspace__deleted_at__isnull=True)

    def with_work(self) -> "WebhookEndpointQuerySet":
        """Nobody is at it, and there are events it has not been offered or messages to send."""
        reached = Chain.objects.filter(workspace_id=OuterRef("workspace_id")).values("seq")
        waiting = WebhookMessage.objects.due().filter(endpoint=OuterRef("pk"))
        return (
            self.enabled()
            .filter(Q(leased_until=None) | Q(leased_until__lte=Now()), next_at__lte=Now())
            .filter(Q(cursor__lt=Coalesce(Subquery(reached), 0)) | Exists(waiting))
            .order_by("next_at", "id")
        )

    def in_turns(self) -> "WebhookEndpointQuerySet":
        """One of each workspace, then another of each. Those being served have had their turn.

        Among equals chance decides: who has waited longest would mostly be of whoever has most.
        """
        served = WebhookEndpoint.objects.filter(
            workspace=OuterRef("workspace"), leased_until__gt=Now()
        )
        had = served.order_by().values("workspace").annotate(had=Count("pk")).values("had")
        nth = Window(RowNumber(), partition_by="workspace", order_by=("next_at", "id"))
        return self.annotate(turn=nth + Coalesce(Subquery(had), 0)).order_by("turn", "?")


class WebhookEndpoint(models.Model):
    """An address outside that a workspace's events are sent to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=100))
    created_by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(
        max_length=10, choices=DisabledBecause.choices, blank=True, default=""
    )

    cursor = models.BigIntegerField(default=0)
    """The seq of the workspace up to which events were offered to this endpoint."""
    failures = models.PositiveIntegerField(default=0)
    """In a row."""
    next_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    """Somebody is sending until then."""

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"

    def __str__(self) -> str:
        """Not the whole address, which may hold a secret."""
        return self.description or urlsplit(self.url).netloc

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


class WebhookSecretQuerySet(models.QuerySet["WebhookSecret"]):
    def valid(self) -> "WebhookSecretQuerySet":
        """Newest first. During a rotation there are several."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now())).order_by("-id")


class WebhookSecret(models.Model):
    """What messages are signed with, sealed by the workspace's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)

    objects = WebhookSecretQuerySet.as_manager()

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"

    @property
    def context(self) -> str:
        return f"activity.webhook_secret:{self.id}"


class WebhookMessageQuerySet(models.QuerySet["WebhookMessage"]):
    def visible_to(self, actor: Actor) -> "WebhookMessageQuerySet":
        return self.filter(endpoint__in=WebhookEndpoint.objects.visible_to(actor))

    def waiting(self) -> "WebhookMessageQuerySet":
        return self.filter(delivered_at__isnull=True, failed_at__isnull=True)

    def due(self) -> "WebhookMessageQuerySet":
        return self.waiting().filter(next_at__lte=Now())


class WebhookMessage(models.Model):
    """An event on its way to an endpoint. Its id is the `webhook-id` of every attempt."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    event = models.ForeignKey("ledger.Event", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    since = models.DateTimeField(db_default=Now())
    """When it was made or last replayed: it is given up three days later."""
    tries = models.PositiveIntegerField(default=0)
    """Since then."""
    next_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    objects = WebhookMessageQuerySet.as_manager()

    class Meta:
        verbose_name = "sent webhook"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_message_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(failed_at__isnull=True),
                name="webhook_message_has_one_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "next_at"],
                name="webhook_message_waiting",
                condition=Q(delivered_at__isnull=True, failed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def state(self) -> MessageState:
        if self.delivered_at:
            return MessageState.DELIVERED
        return MessageState.FAILED if self.failed_at else MessageState.WAITING


class WebhookAttempt(models.Model):
    """One request that was made, or could not be made, and what came of it."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(db_default=Now(), editable=False)
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    response = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return str(self.status or self.error)
