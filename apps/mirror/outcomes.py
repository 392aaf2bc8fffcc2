"""What became of a proposal, as its files say it."""

from apps.mirror.choices import FileState
from apps.mirror.models import MirroredFile
from apps.policies.choices import Reason
from apps.policies.ports import Verdict
from apps.specs.choices import ProposalState

FOR_A_MOMENT = frozenset({Reason.QUOTA, Reason.STOPPED, Reason.ERROR})
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
LEFT_OUT = "Part of it was left out."


def state_of(proposal_state: str) -> tuple[FileState, str]:
    """Of a file with such a proposal, and why."""
    if proposal_state not in SAID:
        return FileState.WAITS, ""
    conflicts = proposal_state == ProposalState.CONFLICTED
    return FileState.CONFLICTS if conflicts else FileState.REFUSED, SAID[proposal_state]


def has_stirred(row: MirroredFile) -> bool:
    """Whether its proposal has come to something since it was looked at."""
    return row.proposal is not None and row.proposal.state != row.heard


def is_of_the_moment(verdict: Verdict | None) -> bool:
    """Whether it is denied to whoever asks now, whatever they ask for."""
    return verdict is not None and all(one.reason in FOR_A_MOMENT for one in verdict.denials)


def may_pass(verdict: Verdict | None, *, hourly: frozenset[str]) -> bool:
    """Whether the same policy may allow the same later. `hourly`: rules that speak of hours."""
    return verdict is not None and all(
        one.reason in FOR_A_MOMENT or (one.reason == Reason.RULE and one.rule in hourly)
        for one in verdict.denials
    )
