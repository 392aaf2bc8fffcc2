"""What became of a proposal, as its files say it."""

from apps.mirror.choices import FileState
from apps.mirror.models import MirroredFile
from apps.specs.choices import ProposalState

DONE = frozenset({ProposalState.APPLIED, ProposalState.REVERTED})
SAID: dict[str, str] = {
    ProposalState.POLICY_DENIED: "The policy denies it.",
    ProposalState.INVALID: "The checks found errors.",
    ProposalState.REJECTED: "It was rejected.",
    ProposalState.EXPIRED: "Nobody decided in time.",
    ProposalState.WITHDRAWN: "It was withdrawn.",
    ProposalState.CHANGES_REQUESTED: "Changes were requested.",
    ProposalState.SUPERSEDED: "Another proposal took its place.",
    ProposalState.APPLY_FAILED: "It could not be applied any more.",
    ProposalState.CONFLICTED: "The workspace has changed the same otherwise.",
}


def state_of(proposal_state: str) -> tuple[FileState, str]:
    """Of a file with such a proposal, and why."""
    if proposal_state not in SAID:
        return FileState.WAITS, ""
    conflicts = proposal_state == ProposalState.CONFLICTED
    return FileState.CONFLICTS if conflicts else FileState.REFUSED, SAID[proposal_state]


def has_stirred(row: MirroredFile) -> bool:
    """Whether its proposal has come to something that the row does not say."""
    if row.proposal is None:
        return False
    return row.proposal.state in DONE or state_of(row.proposal.state)[0] != row.state
