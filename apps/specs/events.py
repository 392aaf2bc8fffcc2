"""What happens to specs: ids, keys, digests and counts, never what they say."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class OfProposal:
    proposal: UUID
    digest: str
    """Of its operations and pre-images."""


@dataclass(frozen=True, kw_only=True)
class ProposalSubmitted(OfProposal, Event):
    """It is judged and checked, and either waits for people or goes on by itself."""

    type = "specs.proposal.submitted"
    sentence = "{actor} proposed a change of {keys} in {workspace}"
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
class ProposalAdvised(OfProposal, Event):
    """A check that takes its time has found something, or finds it no more. It changes nothing."""

    type = "specs.proposal.advised"
    sentence = "Specs in {workspace} that say what a proposal would say: {findings} were found"
    request: UUID | None
    """The approval that it waits for."""
    findings: int


@dataclass(frozen=True, kw_only=True)
class ProposalDenied(OfProposal, Event):
    """By the policy, when it was submitted or later."""

    type = "specs.proposal.denied"
    sentence = "The policy of {workspace} denied a proposal: {reasons}"
    reasons: list[str]
    risk: str


@dataclass(frozen=True, kw_only=True)
class ProposalInvalid(OfProposal, Event):
    """Checks found errors."""

    type = "specs.proposal.invalid"
    sentence = "The checks found errors in a proposal in {workspace}: {checks}"
    checks: list[str]
    """That found them."""


@dataclass(frozen=True, kw_only=True)
class ProposalQueued(OfProposal, Event):
    """It may be applied: nobody had to be asked, or whoever was said yes."""

    type = "specs.proposal.queued"
    sentence = "A proposal in {workspace} may be applied now"
    request: UUID | None


@dataclass(frozen=True, kw_only=True)
class ProposalApplied(OfProposal, Event):
    type = "specs.proposal.applied"
    sentence = "{keys} changed in {workspace}: revision {revision}"
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
class ProposalApplyFailed(OfProposal, Event):
    """What was approved does not hold any more. Nothing was changed."""

    type = "specs.proposal.apply_failed"
    sentence = "A proposal in {workspace} could not be applied any more: {because}"
    request: UUID | None
    because: str


@dataclass(frozen=True, kw_only=True)
class ProposalRebased(OfProposal, Event):
    """Something else about what it changes has changed. It would do the same, so votes stay."""

    type = "specs.proposal.rebased"
    sentence = "A proposal in {workspace} stands on revision {onto} now, unchanged"
    onto: int
    """The revision."""


@dataclass(frozen=True, kw_only=True)
class ProposalWentStale(OfProposal, Event):
    """What it changes has changed, and so what it would do, or what the policy asks of it: people
    are asked anew."""

    type = "specs.proposal.stale"
    sentence = "People are asked anew about a proposal in {workspace}: {because}"
    before: str
    onto: int
    because: str


@dataclass(frozen=True, kw_only=True)
class ProposalConflicted(OfProposal, Event):
    type = "specs.proposal.conflicted"
    sentence = "What a proposal in {workspace} changes has been changed otherwise: it fits no more"
    onto: int
    conflicts: int


@dataclass(frozen=True, kw_only=True)
class ProposalClosed(OfProposal, Event):
    """It will not be applied: rejected, expired, withdrawn, superseded, or changes are wanted."""

    type = "specs.proposal.closed"
    sentence = "A proposal in {workspace} is {state}: {because}"
    state: str
    because: str


@dataclass(frozen=True, kw_only=True)
class ProposalReshaped(OfProposal, Event):
    """Edited, or narrowed to some of its operations, by who decides on it."""

    type = "specs.proposal.reshaped"
    sentence = "{actor} changed a proposal under review in {workspace}"
    before: str
    operations: int
    rest: UUID | None
    """The proposal that what was not accepted has become."""
    reverts: UUID | None
    """The one that it would have undone, and undoes only in part by now."""


@dataclass(frozen=True, kw_only=True)
class ProposalReverted(Event):
    type = "specs.proposal.reverted"
    sentence = "What a proposal had changed in {workspace} was undone"
    proposal: UUID
    by: UUID
    """The proposal that undid it."""
    revision: int


@dataclass(frozen=True, kw_only=True)
class SuspectsCleared(Event):
    """Somebody looked at what a change had made doubtful, and found that it still is right."""

    type = "specs.suspects.cleared"
    sentence = "{actor} found {key} in {workspace} still right"
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
    sentence = "{actor} defined the kind {kind} in {workspace}"
    kind: str
    prefix: str
    digest: str
    """Of its schema."""


@dataclass(frozen=True, kw_only=True)
class GraphImported(Event):
    type = "specs.graph.imported"
    sentence = "{actor} imported specs into {workspace}: revision {revision}"
    revision: int
    nodes: int
    links: int
    digest: str
