"""People and agents, the workspaces they meet in, and what they prove themselves with."""

from datetime import datetime
from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from apps.accounts.choices import ActorKind, Permission, Role, Scope, Tier, WorkspaceKind
from apps.accounts.rules import PERMISSIONS, effective_role
from apps.common.actors import Actor
from apps.common.ids import uuid7

Row = TypeVar("Row", bound=models.Model)


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, actor: Actor) -> "UserQuerySet":
        """Oneself, and whoever shares a workspace."""
        if actor.actor_kind == "system":
            return self
        mine = Membership.objects.of(actor).values("workspace_id")
        return self.filter(
            Q(id=actor.actor_id)
            | Q(id__in=Membership.objects.filter(workspace_id__in=mine).values("user_id"))
        )


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, actor: Actor) -> UserQuerySet:
        return self.get_queryset().visible_to(actor)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        """For Django's `createsuperuser`: the only way to one."""
        user = self.model(email=email.lower(), is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or an agent that a person (its owner) delegated to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(
        max_length=254,
        unique=True,
        error_messages={"unique": "Somebody with this e-mail address exists."},
    )
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(
        max_length=10, choices=ActorKind.choices, default=ActorKind.PERSON, editable=False
    )
    owner = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="agents"
    )
    tier = models.CharField(max_length=10, choices=Tier.choices, default=Tier.FREE)
    time_zone = models.CharField(max_length=50, default="UTC")
    default_workspace = models.ForeignKey(
        "Workspace", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    confined_to: UUID | None = None
    """Set by whoever authenticated this user with a key: it is good for one workspace alone."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower"),
            models.CheckConstraint(
                condition=Q(kind=ActorKind.AGENT, owner__isnull=False)
                | Q(kind=ActorKind.PERSON, owner__isnull=True),
                name="agents_have_an_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def actor_id(self) -> UUID:
        return self.id

    @property
    def actor_kind(self) -> str:
        return self.kind

    @property
    def is_agent(self) -> bool:
        return self.kind == ActorKind.AGENT


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, actor: Actor) -> "WorkspaceQuerySet":
        """Where one is a member and, for an agent, where its owner still is one too."""
        found = self.filter(deleted_at__isnull=True)
        if actor.actor_kind == "system":
            return found
        return found.filter(id__in=Membership.objects.of(actor).values("workspace_id"))


class Workspace(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=WorkspaceKind.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class InWorkspace(models.QuerySet[Row]):
    """Of rows that everybody sees who belongs to their workspace."""

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class MembershipQuerySet(models.QuerySet["Membership"]):
    def standing(self) -> "MembershipQuerySet":
        """Memberships that count: of active users and, for agents, of active owners who are
        members of the same workspace themselves, whose role is `owner_role`."""
        owner_here = self.model.objects.filter(
            workspace_id=models.OuterRef("workspace_id"),
            user_id=models.OuterRef("user__owner_id"),
            user__is_active=True,
        )
        return self.annotate(owner_role=models.Subquery(owner_here.values("role"))).filter(
            Q(user__kind=ActorKind.PERSON) | Q(owner_role__isnull=False),
            user__is_active=True,
            workspace__deleted_at__isnull=True,
        )

    def of(self, actor: Actor) -> "MembershipQuerySet":
        """The standing memberships that this actor may use."""
        return self.standing().used_by(actor)

    def managing(self, actor: Actor) -> "MembershipQuerySet":
        """The standing memberships by which this actor manages a workspace."""
        return self.permitting(Permission.MANAGE_WORKSPACE).used_by(actor)

    def used_by(self, actor: Actor) -> "MembershipQuerySet":
        """Of those that are known to stand."""
        mine = self.filter(user_id=actor.actor_id)
        return mine.filter(workspace_id=actor.confined_to) if actor.confined_to else mine

    def permitting(self, permission: Permission) -> "MembershipQuerySet":
        """Those standing memberships whose effective role permits this."""
        roles = [role for role, permitted in PERMISSIONS.items() if permission in permitted]
        through_owner = Q(user__kind=ActorKind.PERSON) | Q(owner_role__in=roles)
        return self.standing().filter(through_owner, role__in=roles)

    def people_permitting(self, permission: Permission) -> "MembershipQuerySet":
        """The same of people alone, who stand for themselves: so nobody's owner is asked for."""
        roles = [role for role, permitted in PERMISSIONS.items() if permission in permitted]
        return self.filter(
            role__in=roles,
            user__kind=ActorKind.PERSON,
            user__is_active=True,
            workspace__deleted_at__isnull=True,
        )

    def visible_to(self, actor: Actor) -> "MembershipQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.role} in {self.workspace_id}"

    @property
    def effective_role(self) -> Role:
        """What counts. Only of rows that `standing()` found, which know their owner's role."""
        owner_role: str | None = self.owner_role  # type: ignore[attr-defined]
        return effective_role(self.role, owner_role)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def due(self) -> "InvitationQuerySet":
        """Those whose mail ought to leave now."""
        now = timezone.now()
        return self.open().filter(sent_at__isnull=True, due_at__lte=now, expires_at__gt=now)

    def visible_to(self, actor: Actor) -> "InvitationQuerySet":
        return self.filter(workspace__in=Workspace.objects.visible_to(actor))


class Invitation(models.Model):
    """A place kept for an e-mail address.

    The token is made when the mail is sent, and is in the mail alone; here is its hash.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=12, choices=Role.choices)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_hash = models.BinaryField(unique=True, null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_once_while_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace_id}"

    @property
    def is_open(self) -> bool:
        closed = self.accepted_at or self.revoked_at
        return not closed and self.expires_at > timezone.now()


class InvitationMail(models.Model):
    """That somebody had a mail sent. Kept for as long as it counts towards how many they may."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asked_by", "asked_at"], name="mails_lately")]

    def __str__(self) -> str:
        return f"for {self.invitation_id} at {self.asked_at}"


class CredentialQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, at: datetime | None = None) -> "CredentialQuerySet":
        moment = at or timezone.now()
        return self.filter(revoked_at__isnull=True).exclude(expires_at__lte=moment)

    def visible_to(self, actor: Actor) -> "CredentialQuerySet":
        """One's own and those of one's own agents, in workspaces one belongs to."""
        if actor.actor_kind == "system":
            return self
        return self.filter(
            Q(user_id=actor.actor_id) | Q(user__owner_id=actor.actor_id),
            workspace__in=Workspace.objects.visible_to(actor),
        )


class ApiKey(models.Model):
    """`lat_<id>_<secret><crc>`: shown once, kept as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    public_id = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    demo = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    def __str__(self) -> str:
        return f"{self.name} (lat_{self.public_id}_…)"


class TokenFamily(models.Model):
    """One login of a person: the refresh tokens that follow from it, and whether it has ended."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at}"


class RefreshToken(models.Model):
    """One link in a family of refresh tokens. A spent one that comes back ends the family."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)
    spent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"of family {self.family_id}"


class SocketTicket(models.Model):
    """Lets a browser open one socket within 30 seconds, without a credential in the URL."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.BinaryField(unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    confined = models.BooleanField(default=False)
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE, related_name="+")
    family = models.ForeignKey(TokenFamily, null=True, on_delete=models.CASCADE, related_name="+")
    session_hash = models.BinaryField(null=True)
    """The fingerprint of the browser's session it was made in."""
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"ticket of {self.user_id}"


class IdempotencyKey(models.Model):
    """The answer that was given to a request, for whoever sends the same request again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.principal}"


class DataKey(models.Model):
    """A workspace's key for its encrypted texts, wrapped by a master key from the environment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField()
    wrapped = models.BinaryField()
    master_key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "version"], name="data_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.workspace_id} v{self.version}"


class WorkspaceExport(models.Model):
    """That everything a workspace owned at event `seq` was handed out, and the file's SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    digest = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.workspace_id} at {self.seq}"
