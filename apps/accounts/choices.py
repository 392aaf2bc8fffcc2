"""The vocabulary of accounts."""

from django.db import models


class ActorKind(models.TextChoices):
    PERSON = "person"
    AGENT = "agent"


class Tier(models.TextChoices):
    FREE = "free"
    PRO = "pro"
    POWER = "power"
    TEAM = "team"


class Role(models.TextChoices):
    """From the top down: each may do all that the next one may."""

    OWNER = "owner"
    ADMIN = "admin"
    REVIEWER = "reviewer"
    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"

    def reaches(self, other: str) -> bool:
        """Whether it is this one, or stands above it."""
        order = list(Role)
        return order.index(self) <= order.index(Role(other))


class WorkspaceKind(models.TextChoices):
    PERSONAL = "personal"
    ORGANIZATION = "organization"


class Permission(models.TextChoices):
    """What a role lets its holder do in a workspace."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_WORKSPACE = "manage_workspace"


class Scope(models.TextChoices):
    """What a key or token may be used for. `decide` and `manage` are for people alone."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    MANAGE = "manage"
