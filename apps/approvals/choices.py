"""The vocabulary of approvals."""

from django.db import models


class State(models.TextChoices):
    """pending -> changes_requested | allowed | denied | expired | cancelled | superseded
    allowed -> effective -> consumed | invalidated, and back to pending while it is undone."""

    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    ALLOWED = "allowed"
    """Decided, and still to be taken back: nobody acts on it yet."""
    EFFECTIVE = "effective"
    CONSUMED = "consumed"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    INVALIDATED = "invalidated"
    """Allowed, but what it stood on was gone before it was acted on."""


OPEN = (State.PENDING, State.ALLOWED, State.EFFECTIVE)
"""Those in which something may still happen."""


class Outcome(models.TextChoices):
    """What whoever asked is told in the end."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CHANGES_REQUESTED = "changes_requested"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Because(models.TextChoices):
    """Why a request is in the state it is in."""

    ASKED = "asked", "The policy asks for approval."
    VOTES = "votes", "People decided."
    VETO = "veto", "Somebody vetoed it."
    TIME = "time", "Its time ran out before enough people had decided."
    WITHDRAWN = "withdrawn", "Whoever proposed it took it back."
    REVISED = "revised", "A newer proposal took its place."
    OUTDATED = "outdated", "What it was made from says something else by now."
    PROPOSER_GONE = "proposer_gone", "Whoever proposed it is not a member any more."
    POLICY = "policy", "The policy was changed meanwhile."
    VOTERS_GONE = "voters_gone", "Too few of those who approved it may still decide."
    CONTENT = "content", "What it is about was changed."
    SUBJECT_GONE = "subject_gone", "What it was about is not there any more."
    UNDONE = "undone", "A decision was taken back."
    BREAK_GLASS = "break_glass", "Somebody acted first in an emergency. It is reviewed afterwards."
    AUTOMATIC = "automatic", "The policy let it pass. It was drawn for a later look."


class Decision(models.TextChoices):
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    ABSTAIN = "abstain"
    VETO = "veto"
    RETRACT = "retract"
    """Takes one's own vote back. Nobody sends it: changing one's mind does."""


class StageState(models.TextChoices):
    WAITING = "waiting"
    OPEN = "open"
    PASSED = "passed"
    REPLACED = "replaced"
    """Of an earlier round: what was voted in it counts no more."""


class Via(models.TextChoices):
    """Through which door somebody decided."""

    CONSOLE = "console", "Console"
    API = "api", "API"
    WEB = "web", "Web"
    SOCKET = "websocket", "WebSocket"
    EMAIL = "email", "E-mail"
    MATRIX = "matrix", "Matrix"
    TELEGRAM = "telegram", "Telegram"
    MCP = "mcp", "MCP"
    VSCODE = "vscode", "VS Code"
    COMMAND = "command", "Command line"


class Said(models.TextChoices):
    """What a comment is."""

    NOTE = "note"
    QUESTION = "question"
    ANSWER = "answer"


class Side(models.TextChoices):
    """Of a difference."""

    BEFORE = "before"
    AFTER = "after"


class MailMode(models.TextChoices):
    EACH = "each", "A mail for each request"
    DIGEST = "digest", "One mail a day"
    OFF = "off", "No mail"


class ReviewBecause(models.TextChoices):
    BREAK_GLASS = "break_glass"
    SAMPLED = "sampled"


class View(models.TextChoices):
    """Of the queue."""

    WAITING = "waiting", "Waiting on me"
    OPEN = "open", "All open"
    SOON = "soon", "Due soon"
    RISKY = "risky", "High risk"
    MINE = "mine", "Mine"
    DECIDED = "decided", "Decided lately"


class Order(models.TextChoices):
    DUE = "due", "Due first"
    RISK = "risk", "Riskiest first"
    AGE = "age", "Oldest first"


PHRASES = {
    "approvals.because": {
        each.value: each.label[0].lower() + each.label.removesuffix(".")[1:] for each in Because
    },
    "approvals.decision": {each.value: each.label.lower() for each in Decision},
}
"""How sentences say what stands in events."""
