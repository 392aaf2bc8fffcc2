"""The vocabulary of specs and of what is proposed to them."""

from django.db import models

from apps.approvals.choices import PHRASES as ENDED

KIND = "mutation"
"""What is proposed, as approvals know it."""


class NodeKind(models.TextChoices):
    """What every workspace has. It may add kinds of its own."""

    SPEC = "spec"
    SECTION = "section"
    REQUIREMENT = "requirement"
    GOAL = "goal"
    CONSTRAINT = "constraint"
    INTERFACE = "interface"
    DECISION = "decision"
    TASK = "task"
    TEST = "test"


class Status(models.TextChoices):
    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class LinkKind(models.TextChoices):
    """Read as a sentence: "REQ-12 refines GOAL-3"."""

    REFINES = "refines"
    DEPENDS_ON = "depends_on"
    IMPLEMENTS = "implements"
    VERIFIES = "verifies"
    CONFLICTS_WITH = "conflicts_with"
    SUPERSEDES = "supersedes"
    RELATES_TO = "relates_to"


ACYCLIC = frozenset(
    {LinkKind.REFINES, LinkKind.DEPENDS_ON, LinkKind.IMPLEMENTS, LinkKind.SUPERSEDES}
)
"""Nothing may follow these back to itself."""
MUTUAL = frozenset({LinkKind.CONFLICTS_WITH, LinkKind.RELATES_TO})
"""Said once, they hold in both directions."""
CARRIES = frozenset(
    {
        *(LinkKind.REFINES, LinkKind.DEPENDS_ON, LinkKind.IMPLEMENTS, LinkKind.VERIFIES),
        LinkKind.CONFLICTS_WITH,
    }
)
"""What these lead to concerns whoever has them: it changes, and they may not be right any more."""


class Op(models.TextChoices):
    """What a proposal does to one node."""

    CREATE = "create"
    UPDATE = "update"
    SET = "set"
    """One attribute."""
    EDIT = "edit"
    """Its body, by a patch."""
    RENAME = "rename"
    MOVE = "move"
    DELETE = "delete"
    RESTORE = "restore"
    """As it was when it was deleted."""
    LINK = "link"
    UNLINK = "unlink"


LINKING = frozenset({Op.LINK, Op.UNLINK})
"""These leave the node that they are done to as it is, but for the link."""


class ProposalState(models.TextChoices):
    DRAFT = "draft"
    CHECKING = "checking"
    """While it is submitted: never stored, since that is one transaction."""
    POLICY_DENIED = "policy_denied"
    INVALID = "invalid"
    """A check found what it may not bring in."""
    IN_REVIEW = "in_review"
    STALE = "stale"
    """In review anew: what it changes has changed, and so what it would do."""
    CONFLICTED = "conflicted"
    """What it changes has changed in a way that it does not fit any more."""
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    APPROVED = "approved"
    QUEUED = "queued"
    APPLIED = "applied"
    APPLY_FAILED = "apply_failed"
    REVERTED = "reverted"


class Moved(models.TextChoices):
    """Why people are asked anew about what would still do the same."""

    LABELS = "labels", "Labels of a spec were changed."
    KIND = "kind", "A spec is of another kind now."
    KEY = "key", "A spec has another key now."
    IMPACT = "impact", "What depends on it has changed."


PHRASES = {
    "specs.because": {
        **ENDED["approvals.because"],
        **{each.value: each.label[0].lower() + each.label.removesuffix(".")[1:] for each in Moved},
    },
}
"""How sentences say what stands in events."""


class Severity(models.TextChoices):
    ERROR = "error"
    """It may not be brought in like this."""
    WARNING = "warning"
    ADVICE = "advice"
