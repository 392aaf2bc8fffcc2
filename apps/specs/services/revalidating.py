"""Looking again at what waits, once the graph beneath it has moved: it goes on as it is, people are
asked anew, or it fits no more.
"""

from uuid import UUID

from apps.accounts.models import User
from apps.approvals.choices import OPEN as ASKED
from apps.approvals.choices import Because, State
from apps.approvals.errors import NobodyEligible
from apps.approvals.selectors.requests import hands_in
from apps.approvals.services.opening import cancel_requests_about, open_request
from apps.approvals.services.settling import hold_newest
from apps.approvals.services.weighing import is_enough
from apps.common.actors import SYSTEM
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Approval, Verdict
from apps.specs import events
from apps.specs.choices import KIND, Moved, ProposalState
from apps.specs.models.graph import Version, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.selectors.proposals import held, operations_of
from apps.specs.selectors.prospects import Prospect, prospect_for, stands_on_whole
from apps.specs.services.moving import (
    LOOKED_AT,
    WEIGHED,
    close,
    deny,
    find,
    look_at,
    move,
    named,
    queue,
    tell_conflicted,
    weigh_in,
)
from apps.specs.services.weighing import checked, impact_on, verdict_now

WAITING = frozenset({ProposalState.IN_REVIEW, ProposalState.STALE})


def look_again(*, proposal_id: UUID, workspace: UUID) -> None:
    """What is queued is looked at again when it is applied."""
    with unit(actor=SYSTEM, workspace=workspace):
        request = hold_newest(kind=KIND, subject=proposal_id)
        proposal = held.first(id_=proposal_id)
        if request is not None and proposal is not None:
            look_again_at(proposal, request)


def look_again_at(proposal: Proposal, request: Approval) -> None:
    """Both are held. What was decided is closed as that; only where people were asked about
    something else than it was by then, they are asked anew."""
    disturbed = was_disturbed(request)
    if proposal.state not in WAITING or (request.state not in ASKED and not disturbed):
        return
    prospect = prospect_for(proposal)
    is_other = disturbed or prospect.digest != proposal.content_digest
    if prospect.conflicts:
        _conflict(proposal, prospect)
    elif is_other or _asks_more(proposal, prospect, request):
        _ask_anew(proposal, prospect, request)
    else:
        if prospect.onto != proposal.onto:
            _rebase(proposal, prospect)
        if request.state == State.EFFECTIVE:
            go_on(proposal, request)


def was_disturbed(request: Approval) -> bool:
    """Whether it is over because its proposal had become something else, be that for a moment."""
    return request.state not in ASKED and request.because == Because.CONTENT


def was_asked(request: Approval) -> bool:
    """Whether a proposal that is queued stands on it: not where the policy let that pass, at once
    or when it had become something else than people were asked about."""
    return not was_disturbed(request) and request.because != Because.AUTOMATIC


def go_on(proposal: Proposal, request: Approval) -> None:
    """Its approval has taken effect. What stands on another proposal waits for it, unless it does
    the same alone."""
    if not stands_on_whole(proposal):
        queue(proposal, request=request.id)


def _asks_more(proposal: Proposal, prospect: Prospect, request: Approval) -> bool:
    """The policy, since the nodes have other labels, kinds or keys by now, or more depends on
    them."""
    if prospect.onto == proposal.onto:
        return False
    verdict = verdict_now(proposal, prospect)
    return verdict is None or not is_enough(request_id=request.id, verdict=verdict)


def _moved(proposal: Proposal, prospect: Prospect, request: Approval) -> str:
    """What has changed since it was looked at last."""
    if prospect.digest != proposal.content_digest or was_disturbed(request):
        return Because.CONTENT
    around = Version.objects.filter(held_at(proposal.onto)).only("node", "labels", "kind", "key")
    for then in around.filter(node__in=[*proposal.touches, *proposal.leans_on]):
        now = prospect.before.nodes[then.node_id]
        if set(then.labels) != set(now.labels):
            return Moved.LABELS
        for name in (Moved.KIND, Moved.KEY):
            if getattr(then, name) != getattr(now, name):
                return name
    is_same = proposal.impact == impact_on(prospect, proposal.workspace_id)
    return Because.POLICY if is_same else Moved.IMPACT


def _conflict(proposal: Proposal, prospect: Prospect) -> None:
    _cancel(proposal, Because.CONTENT)
    look_at(proposal, prospect)
    move(proposal, ProposalState.CONFLICTED, because=Because.CONTENT, columns=LOOKED_AT)
    tell_conflicted(proposal)


def _rebase(proposal: Proposal, prospect: Prospect) -> None:
    """It would do the same, so votes stay."""
    moved = operations_of(proposal) != prospect.operations
    look_at(proposal, prospect)
    find(proposal, checked(prospect, proposal.workspace_id))
    proposal.save(update_fields=[*LOOKED_AT, "findings"])
    if moved:
        record(events.ProposalRebased(**named(proposal), onto=prospect.onto))


def _ask_anew(proposal: Proposal, prospect: Prospect, request: Approval) -> None:
    workspace, before = proposal.workspace_id, proposal.content_digest
    verdict, because = verdict_now(proposal, prospect), _moved(proposal, prospect, request)
    look_at(proposal, prospect)
    if verdict is not None:
        weigh_in(proposal, verdict, checked(prospect, workspace), impact_on(prospect, workspace))
    proposal.save(update_fields=[*LOOKED_AT, *WEIGHED])
    if verdict is None:
        _cancel(proposal, Because.PROPOSER_GONE)
        close(proposal, ProposalState.WITHDRAWN, because=Because.PROPOSER_GONE)
    elif verdict.denied:
        _cancel(proposal, Because.POLICY)
        deny(proposal, verdict)
    elif verdict.effect == Effect.REQUIRE:
        try:
            with unit(actor=SYSTEM, workspace=workspace):
                _ask(proposal, verdict, request)
        except NobodyEligible as nobody:
            _cancel(proposal, Because.CONTENT)
            close(proposal, ProposalState.WITHDRAWN, because=nobody.code)
            return
        move(proposal, ProposalState.STALE, because=because)
        record(
            events.ProposalWentStale(
                **named(proposal),
                before=before,
                onto=prospect.onto,
                because=because,
            )
        )
    elif hands_in(request.id).co_authors:  # whom its proposer's freedom does not set free
        _cancel(proposal, Because.CONTENT)
        close(proposal, ProposalState.CHANGES_REQUESTED, because=because)
    else:
        _cancel(proposal, Because.CONTENT)
        queue(proposal, request=None)


def _ask(proposal: Proposal, verdict: Verdict, request: Approval) -> None:
    """In the name of who proposed it. What was decided already was on something else."""
    if request.state != State.PENDING:
        _cancel(proposal, Because.CONTENT)
    people = User.objects.get_queryset().filter(id=proposal.proposer_id)
    open_request(
        kind=KIND,
        subject=proposal.id,
        content=proposal.content_digest,
        verdict=verdict,
        actor=SYSTEM,
        proposer=people.first() or SYSTEM,
        workspace=proposal.workspace_id,
        follows=request.id,
    )


def _cancel(proposal: Proposal, because: Because) -> None:
    cancel_requests_about(kind=KIND, subject=proposal.id, because=because, actor=SYSTEM)
