"""What ends a proposal that was not applied: whoever proposed it takes it back, or people, time or
the policy decide against it.
"""

from uuid import UUID

from apps.approvals.choices import OPEN as ASKED
from apps.approvals.choices import Because, State
from apps.approvals.services.opening import cancel_requests_about, speaks_for
from apps.approvals.services.settling import hold_newest
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotAllowed
from apps.ledger.services import unit
from apps.ledger.switch import staying_open
from apps.specs.choices import KIND, ProposalState
from apps.specs.models.proposals import Proposal
from apps.specs.rules import OPEN
from apps.specs.selectors.proposals import held, the_proposal
from apps.specs.selectors.prospects import prospect_for
from apps.specs.services.moving import close, deny, fail
from apps.specs.services.revalidating import look_again_at, was_asked, was_disturbed
from apps.specs.services.weighing import verdict_now

ENDS = {
    State.DENIED: ProposalState.REJECTED,
    State.EXPIRED: ProposalState.EXPIRED,
    State.CHANGES_REQUESTED: ProposalState.CHANGES_REQUESTED,
    State.SUPERSEDED: ProposalState.SUPERSEDED,
    State.CANCELLED: ProposalState.WITHDRAWN,
}
"""What a request has come to, and so its proposal."""


def withdraw_mutation(
    *, proposal_id: UUID, actor: Actor, because: Because = Because.WITHDRAWN
) -> Proposal:
    """By who speaks for it, until it is applied: also while the kill switch is on. Withdrawn
    already, it stays so."""
    found = the_proposal(proposal_id=proposal_id, actor=actor)
    if not speaks_for(actor, found):
        raise NotAllowed("Only who proposed it, or delegated to who did, takes it back.")
    with staying_open(), unit(actor=actor, workspace=found.workspace_id):
        cancel_requests_about(kind=KIND, subject=found.id, because=because, actor=actor)
        [proposal] = held(id_=found.id)
        if proposal.state != ProposalState.WITHDRAWN:
            close(proposal, ProposalState.WITHDRAWN, because=because)
    return proposal


def close_mutation(*, proposal_id: UUID, workspace: UUID) -> None:
    """Its request is over, and not by approval. What has changed beneath it is looked at again, so
    that people are asked about what it has become."""
    with unit(actor=SYSTEM, workspace=workspace):
        request = hold_newest(kind=KIND, subject=proposal_id)
        proposal = held.first(id_=proposal_id)
        if request is None or request.state in ASKED or not proposal or proposal.state not in OPEN:
            return
        if proposal.state == ProposalState.QUEUED:
            if was_asked(request):
                fail(proposal, because=request.because, request=request.id)
        elif was_disturbed(request):
            look_again_at(proposal, request)
        elif request.state == State.DENIED and request.because == Because.POLICY:
            prospect = prospect_for(proposal)
            deny(proposal, verdict_now(proposal, prospect))
        elif request.state in ENDS:
            close(proposal, ENDS[State(request.state)], because=request.because)
