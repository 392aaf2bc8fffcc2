"""What people say of requests, how they want to be asked, and who stands in for whom."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import InWorkspace
from apps.approvals.choices import MailMode, ReviewBecause, Said, Side, State
from apps.common.ids import uuid7


class Comment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(
        "ApprovalRequest", on_delete=models.CASCADE, related_name="comments"
    )
    said = models.CharField(max_length=10, choices=Said.choices)
    author_id = models.UUIDField()
    author_kind = models.CharField(max_length=10)
    reply_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    mentions = ArrayField(models.UUIDField(), default=list)
    operation = models.PositiveIntegerField(null=True)
    """The number of the operation it is about. None: the whole."""
    side = models.CharField(max_length=6, choices=Side.choices, blank=True, default="")
    line = models.PositiveIntegerField(null=True)
    """On that side, from 1."""
    content_digest = models.CharField(max_length=64, blank=True, default="")
    """Of what it was written on: on another content its line may be another one."""
    sealed_place = models.BinaryField(null=True)
    """What stood there when it was written: {"target", "line"}."""
    required = models.BooleanField(default=False)
    """Nobody approves until it is resolved."""
    resolved_by = models.UUIDField(null=True)
    resolved_at = models.DateTimeField(null=True)
    sealed = models.BinaryField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = InWorkspace.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(line__isnull=True, side="")
                | Q(line__gt=0, operation__isnull=False) & ~Q(side=""),
                name="approval_comment_on_a_line",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="approval_thread_resolved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(reply_to__isnull=True)
                | Q(operation__isnull=True, resolved_at__isnull=True, required=False),
                name="approval_threads_begin_at_the_top",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.said} by {self.author_id}"

    @property
    def context(self) -> str:
        return f"approvals.comment:{self.id}"

    @property
    def place_context(self) -> str:
        return f"approvals.comment:{self.id}:place"

    @property
    def is_thread(self) -> bool:
        """It can be resolved: said of a place, or required to be."""
        return self.reply_to_id is None and (self.operation is not None or self.required)

    @property
    def is_open(self) -> bool:
        return self.is_thread and self.resolved_at is None


class Attachment(models.Model):
    """A file of a comment. Its name and content are sealed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="attachments")
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    sealed_name = models.BinaryField()
    sealed = models.BinaryField()

    objects = InWorkspace.as_manager()

    def __str__(self) -> str:
        return f"attachment {self.id}"

    @property
    def context(self) -> str:
        return f"approvals.attachment:{self.id}"

    @property
    def name_context(self) -> str:
        return f"approvals.attachment:{self.id}:name"


class Card(models.Model):
    """A request as one person was shown it in one channel: what they saw, and what they are still
    to be shown. A delivery brings the one to the other."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(
        "ApprovalRequest", on_delete=models.CASCADE, related_name="cards", db_index=False
    )
    channel = models.CharField(max_length=12)
    person_id = models.UUIDField()
    view_digest = models.CharField(max_length=64, blank=True, default="")
    """Of what was last shown. A channel without digests decides on exactly that."""
    shown_state = models.CharField(max_length=20, choices=State.choices, blank=True, default="")
    shown_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=255, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    """When it is to be delivered or rewritten. None: it is as it should be."""
    reminder = models.BooleanField(default=False)
    times_shown = models.PositiveIntegerField(default=0)
    sending_until = models.DateTimeField(null=True)
    """Somebody is sending it until then."""
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, default="")
    parked_at = models.DateTimeField(null=True)

    objects = InWorkspace.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "channel", "person_id"], name="approval_card_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False, parked_at__isnull=True),
                name="approval_cards_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} in {self.channel} for {self.person_id}"


class Snooze(models.Model):
    """Somebody does not want to see a request before a certain time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(
        "ApprovalRequest", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    person_id = models.UUIDField()
    until = models.DateTimeField()

    objects = InWorkspace.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "person_id"], name="approval_snooze_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} until {self.until}"


class AbsenceQuerySet(InWorkspace["Absence"]):
    def now(self) -> "AbsenceQuerySet":
        return self.not_over().filter(begins_at__lte=timezone.now())

    def not_over(self, at: datetime | None = None) -> "AbsenceQuerySet":
        return self.filter(ends_at__gt=at or timezone.now())

    def during(self, begins_at: datetime, ends_at: datetime) -> "AbsenceQuerySet":
        return self.filter(begins_at__lt=ends_at, ends_at__gt=begins_at)


class Absence(models.Model):
    """Somebody is away, and somebody else may decide in their seat."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    person_id = models.UUIDField()
    delegate_id = models.UUIDField(null=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")), name="approval_absence_has_length"
            ),
            models.CheckConstraint(
                condition=Q(delegate_id__isnull=True) | ~Q(delegate_id=F("person_id")),
                name="approval_absence_delegates_to_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "ends_at"], name="approval_absences"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.ends_at}"


class Attention(models.Model):
    """How a person wants to be asked. Without a row: a mail for each request, at any time."""

    person = models.OneToOneField(
        "accounts.User", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    mail = models.CharField(max_length=10, choices=MailMode.choices, default=MailMode.EACH)
    digest_at = models.TimeField(default="09:00")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    """In their own time zone. Nothing is sent in quiet hours; it waits for their end."""
    remind = models.BooleanField(default=True)
    digest_due_at = models.DateTimeField(null=True)
    digest_sent_on = models.DateField(null=True)
    """The last day, as it was where they are, on which they had one."""
    sending_until = models.DateTimeField(null=True)
    toured_at = models.DateTimeField(null=True)
    """When they were shown around the console, or would not be."""
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="approval_quiet_hours_are_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["digest_due_at"],
                condition=Q(digest_due_at__isnull=False),
                name="approval_digests_due",
            ),
        ]

    def __str__(self) -> str:
        return f"of {self.person_id}"


class KeptView(models.Model):
    """A view of the queue that somebody gave a name. Nobody else sees it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, blank=True)
    """As it stands in the address, without its question mark."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "name"], name="approval_view_named_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.person_id}"


class AfterReviewQuerySet(InWorkspace["AfterReview"]):
    def owed(self) -> "AfterReviewQuerySet":
        return self.filter(reviewed_at__isnull=True)

    def overdue(self) -> "AfterReviewQuerySet":
        return self.owed().filter(due_at__lt=timezone.now())


class AfterReview(models.Model):
    """A look owed at something that took effect before anybody decided."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    request = models.OneToOneField(
        "ApprovalRequest", on_delete=models.CASCADE, related_name="after_review"
    )
    because = models.CharField(max_length=12, choices=ReviewBecause.choices)
    sealed_reason = models.BinaryField(null=True)
    """Why the glass was broken."""
    due_at = models.DateTimeField()
    told_overdue = models.BooleanField(default=False)
    reviewed_by = models.UUIDField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    sound = models.BooleanField(null=True)
    sealed_note = models.BinaryField(null=True)

    objects = AfterReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "later look"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True, sound__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False, sound__isnull=False),
                name="approval_review_is_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=Q(reviewed_at__isnull=True),
                name="approval_reviews_owed",
            ),
        ]

    def __str__(self) -> str:
        return f"review of {self.request_id}"

    @property
    def reason_context(self) -> str:
        return f"approvals.review:{self.id}:reason"

    @property
    def note_context(self) -> str:
        return f"approvals.review:{self.id}:note"
