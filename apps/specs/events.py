"""What happens to specs: ids, keys, digests and counts, never what they say."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class ProposalSubmitted(Event):
    """It is judged and checked, and either waits for people or goes on by itself."""

    type = "specs.proposal.submitted"
    proposal: UUID
    digest: str
    """Of its operations and pre-images."""
    keys: list[str]
    """Of the nodes that it changes."""
    state: str
    risk: str
    operations: int
    impact: int
    """How many other nodes depend on what it changes."""
    overlaps: list[UUID]
    """Other open proposals that touch the same nodes."""
    follows: UUID | None
    reverts: UUID | None
    act: UUID | None
    """The record of it as an act."""


@dataclass(frozen=True, kw_only=True)
class ProposalDenied(Event):
    """By the policy, when it was submitted or later."""

    type = "specs.proposal.denied"
    proposal: UUID
    digest: str
    reasons: list[str]
    risk: str


@dataclass(frozen=True, kw_only=True)
class ProposalInvalid(Event):
    """Checks found errors."""

    type = "specs.proposal.invalid"
    proposal: UUID
    digest: str
    checks: list[str]
    """That found them."""


@dataclass(frozen=True, kw_only=True)
class ProposalQueued(Event):
    """It may be applied: nobody had to be asked, or whoever was said yes."""

    type = "specs.proposal.queued"
    proposal: UUID
    digest: str
    request: UUID | None


@dataclass(frozen=True, kw_only=True)
class ProposalApplied(Event):
    type = "specs.proposal.applied"
    proposal: UUID
    digest: str
    request: UUID | None
    revision: int
    keys: list[str]
    """Of the nodes that it changed."""
    nodes: list[UUID]
    suspects: int
    """Links that it has made doubtful."""
    owners: list[UUID]
    """Who looks after nodes that depend on what it changed."""


@dataclass(frozen=True, kw_only=True)
class ProposalApplyFailed(Event):
    """What was approved does not hold any more. Nothing was changed."""

    type = "specs.proposal.apply_failed"
    proposal: UUID
    digest: str
    request: UUID | None
    because: str


@dataclass(frozen=True, kw_only=True)
class ProposalRebased(Event):
    """Something else about what it changes has changed. It would do the same, so votes stay."""

    type = "specs.proposal.rebased"
    proposal: UUID
    digest: str
    onto: int
    """The revision."""


@dataclass(frozen=True, kw_only=True)
class ProposalWentStale(Event):
    """What it changes has changed, and so what it would do: people are asked anew."""

    type = "specs.proposal.stale"
    proposal: UUID
    before: str
    digest: str
    onto: int


@dataclass(frozen=True, kw_only=True)
class ProposalConflicted(Event):
    type = "specs.proposal.conflicted"
    proposal: UUID
    digest: str
    onto: int
    conflicts: int


@dataclass(frozen=True, kw_only=True)
class ProposalClosed(Event):
    """It will not be applied: rejected, expired, withdrawn, superseded, or changes are wanted."""

    type = "specs.proposal.closed"
    proposal: UUID
    digest: str
    state: str
    because: str


@dataclass(frozen=True, kw_only=True)
class ProposalReshaped(Event):
    """Edited, or narrowed to some of its operations, by who decides on it."""

    type = "specs.proposal.reshaped"
    proposal: UUID
    before: str
    digest: str
    operations: int
    rest: UUID | None
    """The proposal that what was not accepted has become."""


@dataclass(frozen=True, kw_only=True)
class ProposalReverted(Event):
    type = "specs.proposal.reverted"
    proposal: UUID
    by: UUID
    """The proposal that undid it."""
    revision: int


@dataclass(frozen=True, kw_only=True)
class SuspectsCleared(Event):
    """Somebody looked at what a change had made doubtful, and found that it still is right."""

    type = "specs.suspects.cleared"
    node: UUID
    key: str
    causes: list[str]
    """Keys of what had changed."""
    seen: int
    """The revision at which they looked."""


@dataclass(frozen=True, kw_only=True)
class KindDefined(Event):
    """A kind of node was added, or what it demands of attributes has changed."""

    type = "specs.kind.defined"
    kind: str
    prefix: str
    digest: str
    """Of its schema."""


@dataclass(frozen=True, kw_only=True)
class GraphImported(Event):
    type = "specs.graph.imported"
    revision: int
    nodes: int
    links: int
    digest: str
