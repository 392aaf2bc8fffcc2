"""How a proposal comes from one state to the next, in a unit of work that holds its row."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.approvals.choices import Because
from apps.ledger.services import record
from apps.policies.ports import Verdict
from apps.specs import events
from apps.specs.changes.kept import kept
from apps.specs.changes.touching import leant_on_by, touched_by
from apps.specs.checks.findings import UNDOING, Finding
from apps.specs.choices import ProposalState
from apps.specs.errors import ProposalMoved
from apps.specs.models.proposals import Proposal
from apps.specs.rules import may_move
from apps.specs.selectors.prospects import Prospect, title_of
from apps.specs.services.weighing import errors_in

WEIGHED = (
    *("effect", "risk_score", "risk_level", "policy_digest", "policy_source"),
    *("findings", "impact"),
)
"""The columns of what was said to that."""
LOOKED_AT = (
    "title",
    "operations",
    "touches",
    "leans_on",
    "content_digest",
    "conflicts",
    "onto",
    "words",
    "size",
)
"""The columns of what it would do."""


def move(
    proposal: Proposal, state: ProposalState, *, because: str = "", columns: Sequence[str] = ()
) -> None:
    """`columns`: others that have changed as well."""
    require_may_move(proposal, state)
    proposal.state, proposal.because, proposal.moved_at = state, because, timezone.now()
    proposal.save(update_fields=["state", "because", "moved_at", *columns])


def require_may_move(proposal: Proposal, *states: ProposalState) -> None:
    """To any of them."""
    before = ProposalState(proposal.state)
    if not any(may_move(before, state) for state in states):
        raise ProposalMoved(
            details=[{"field": "state", "message": before.label, "state": before.value}]
        )


def weigh_in(
    proposal: Proposal, verdict: Verdict, findings: Sequence[Finding], impact: int
) -> None:
    """What the policy and the checks said. Not yet saved."""
    proposal.effect = verdict.effect
    proposal.risk_score, proposal.risk_level = verdict.risk.score, verdict.risk.level
    proposal.policy_digest, proposal.policy_source = verdict.policy_digest, verdict.policy_source
    proposal.impact = impact
    find(proposal, findings)


def find(proposal: Proposal, findings: Sequence[Finding]) -> None:
    """What the checks find now. Not yet saved."""
    proposal.findings = [*made_with(proposal), *(finding.kept() for finding in findings)]


def made_with(proposal: Proposal) -> list[dict[str, Any]]:
    """What was found as it was made: of what it leaves as it is."""
    return [finding for finding in proposal.findings if finding["check"] == UNDOING]


def named(proposal: Proposal) -> dict[str, Any]:
    """How events name it."""
    return {"proposal": proposal.id, "digest": proposal.content_digest}


def close(proposal: Proposal, state: ProposalState, *, because: str) -> None:
    """It will not be applied."""
    move(proposal, state, because=because)
    record(events.ProposalClosed(**named(proposal), state=state, because=because))


def fail(proposal: Proposal, *, because: str, request: UUID | None) -> None:
    """It was to be applied, and does not hold any more."""
    move(proposal, ProposalState.APPLY_FAILED, because=because)
    record(events.ProposalApplyFailed(**named(proposal), request=request, because=because))


def look_at(proposal: Proposal, prospect: Prospect) -> None:
    """It is what it would do now. Not yet saved."""
    proposal.title = title_of(proposal, prospect)
    proposal.operations = kept(prospect.operations)
    proposal.touches = sorted(touched_by(prospect.operations))
    proposal.leans_on = sorted(leant_on_by(prospect.operations))
    proposal.content_digest = prospect.digest
    proposal.conflicts = [asdict(conflict) for conflict in prospect.conflicts]
    proposal.onto = prospect.onto
    proposal.words = prospect.words
    proposal.size = prospect.size


def queue(proposal: Proposal, *, request: UUID | None) -> None:
    move(proposal, ProposalState.QUEUED)
    tell_queued(proposal, request=request)


def tell_queued(proposal: Proposal, *, request: UUID | None) -> None:
    record(events.ProposalQueued(**named(proposal), request=request))


def deny(proposal: Proposal, verdict: Verdict | None) -> None:
    """By the policy that holds now."""
    move(proposal, ProposalState.POLICY_DENIED, because=Because.POLICY)
    tell_denied(proposal, verdict)


def tell_denied(proposal: Proposal, verdict: Verdict | None) -> None:
    denials = verdict.denials if verdict else ()
    record(
        events.ProposalDenied(
            **named(proposal),
            reasons=sorted({denial.reason.value for denial in denials}),
            risk=verdict.risk.level if verdict else proposal.risk_level,
        )
    )


def tell_conflicted(proposal: Proposal) -> None:
    record(
        events.ProposalConflicted(
            **named(proposal), onto=proposal.onto, conflicts=len(proposal.conflicts)
        )
    )


def tell_outcome(proposal: Proposal, verdict: Verdict, findings: Sequence[Finding]) -> None:
    """Where it has come to, as it was looked at first."""
    match proposal.state:
        case ProposalState.POLICY_DENIED:
            tell_denied(proposal, verdict)
        case ProposalState.INVALID:
            record(events.ProposalInvalid(**named(proposal), checks=errors_in(findings)))
        case ProposalState.CONFLICTED:
            tell_conflicted(proposal)
        case ProposalState.QUEUED:
            tell_queued(proposal, request=None)
