"""The vocabulary of activity: close codes of sockets, areas of events, states of webhooks."""

from enum import IntEnum

from django.db import models


class CloseCode(IntEnum):
    MALFORMED = 4400
    NO_HELLO = 4401
    NOT_ALLOWED = 4403
    TOO_SLOW = 4408
    """Reconnect and resume: nothing is lost."""
    REPLACED = 4409
    TOO_MANY = 4429
    RESTART = 1012
    """The service restarts, or its database was restored: reconnect."""


AREAS = {
    "accounts": "account",
    "accounts.agent": "workspace",
    "accounts.invitation": "workspace",
    "accounts.key": "workspace",
    "accounts.member": "workspace",
    "accounts.workspace": "workspace",
    "activity.webhook": "webhooks",
    "agents": "agent",
    "approvals": "approvals",
    "ledger": "audit",
    "memory": "memory",
    "obs": "policies",
    "plan": "plans",
    "plugins": "plugins",
    "policies": "policies",
    "policy": "policies",
    "presence": "presence",
    "skills": "skills",
    "specs": "graph",
    "workflows": "workflow",
}
"""The start of an event's type to its area, for a reader's filter. The longest match wins; what is
not named here belongs to the area of its room's name."""


class DisabledBecause(models.TextChoices):
    ASKED = "asked", "somebody asked"
    GONE = "gone", "it answered 410 Gone"


class MessageState(models.TextChoices):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
