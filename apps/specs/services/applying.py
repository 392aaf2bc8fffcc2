"""Applying what may be applied: once, all of it or nothing, and only if all that it stood on still
stands.
"""

from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet

from apps.approvals.choices import Because, State
from apps.approvals.selectors.requests import hands_in
from apps.approvals.services.opening import cancel_requests_about
from apps.approvals.services.settling import hold_newest
from apps.approvals.services.weighing import consume_request, is_enough
from apps.common.actors import SYSTEM
from apps.common.prepared import prepared
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Approval
from apps.specs import events
from apps.specs.changes.touching import leant_on_by, touched_by
from apps.specs.choices import KIND, ProposalState
from apps.specs.models.graph import Graph, Node
from apps.specs.models.proposals import Proposal
from apps.specs.selectors.proposals import held, operations_of
from apps.specs.selectors.prospects import Prospect, prospect_of, revision_of, shapes
from apps.specs.services.moving import LOOKED_AT, fail, look_at, move, named
from apps.specs.services.revalidating import WAITING, go_on, was_asked
from apps.specs.services.weighing import checked, errors_in, verdict_now
from apps.specs.services.writing import Written, write_revision

CHECKS = "checks"
TAKEN = "taken"
"""Why something was not applied, where approvals have no word for it: a check found an error; or
somebody was given its key, or made its link, meanwhile."""


def queue_approved_mutation(*, proposal_id: UUID, request_id: UUID, workspace: UUID) -> None:
    """Its approval took effect."""
    with unit(actor=SYSTEM, workspace=workspace):
        request = hold_newest(kind=KIND, subject=proposal_id)
        proposal = held.first(id_=proposal_id)
        if request is None or proposal is None or proposal.state not in WAITING:
            return
        if request.id == request_id and request.state == State.EFFECTIVE:
            go_on(proposal, request)


def apply_mutation(*, proposal_id: UUID, workspace: UUID, foreseen: Prospect | None = None) -> None:
    """Its nodes are held in the order of their ids, so that nobody waits for each other in a
    circle. `foreseen`: what it would do, to whoever has just found that."""
    with unit(actor=SYSTEM, workspace=workspace):
        request = hold_newest(kind=KIND, subject=proposal_id)
        proposal = held.first(id_=proposal_id)
        if proposal is None or proposal.state != ProposalState.QUEUED:
            return
        asked = request if request and was_asked(request) else None
        operations = operations_of(proposal)
        _hold_nodes(ids=list(touched_by(operations) | leant_on_by(operations)))
        if shapes(operations):
            _hold_graph(workspace)
        if foreseen and _still_holds(foreseen, proposal):
            prospect = foreseen
        else:
            prospect = prospect_of(operations, workspace)
        try:
            with unit(actor=SYSTEM, workspace=workspace):
                because = _spoiled(proposal, prospect, asked)
                if not because:
                    _apply(proposal, prospect, asked)
        except IntegrityError:
            because = TAKEN
        if because:
            _give_up(proposal, asked, because)


def _still_holds(foreseen: Prospect, proposal: Proposal) -> bool:
    """Once its nodes are held."""
    return (
        foreseen.digest == proposal.content_digest
        and foreseen.onto == revision_of(proposal.workspace_id)
        and not proposal.part_of_id  # which may have been looked at as if that had come first
    )


def _spoiled(proposal: Proposal, prospect: Prospect, asked: Approval | None) -> str:
    """Why it cannot be applied. Its approval is spent where nothing speaks against it."""
    if errors_in(checked(prospect, proposal.workspace_id)):
        return CHECKS
    if prospect.digest != proposal.content_digest:
        return Because.CONTENT
    verdict = verdict_now(proposal, prospect)
    if asked is not None:
        if verdict and not is_enough(request_id=asked.id, verdict=verdict):
            return Because.POLICY
        consumed = consume_request(request_id=asked.id)
        return "" if consumed.ok else consumed.because
    if verdict is None:
        return Because.PROPOSER_GONE
    return "" if verdict.effect == Effect.ALLOW else Because.POLICY


def _apply(proposal: Proposal, prospect: Prospect, asked: Approval | None) -> None:
    hands = hands_in(asked.id) if asked else None
    written = write_revision(
        proposal=proposal,
        prospect=prospect,
        request=asked.id if asked else None,
        authors=[proposal.proposer_id, *(hands.co_authors if hands else ())],
        approvers=hands.approvers if hands else (),
    )
    if prospect.onto == proposal.onto and not proposal.part_of_id:
        move(proposal, ProposalState.APPLIED)
    else:
        look_at(proposal, prospect)
        move(proposal, ProposalState.APPLIED, columns=LOOKED_AT)
    _tell(proposal, asked, written)
    if proposal.reverts_id:
        [before] = held(id_=proposal.reverts_id)
        move(before, ProposalState.REVERTED)
        record(
            events.ProposalReverted(proposal=before.id, by=proposal.id, revision=written.revision)
        )


def _tell(proposal: Proposal, asked: Approval | None, written: Written) -> None:
    record(
        events.ProposalApplied(
            **named(proposal),
            request=asked.id if asked else None,
            revision=written.revision,
            keys=written.keys,
            nodes=written.nodes,
            suspects=written.suspects,
            owners=written.owners,
        )
    )


def _give_up(proposal: Proposal, asked: Approval | None, because: str) -> None:
    why = Because(because) if because in Because.values else Because.CONTENT
    cancel_requests_about(kind=KIND, subject=proposal.id, because=why, actor=SYSTEM)
    fail(proposal, because=because, request=asked.id if asked else None)


@prepared
def _hold_nodes(*, ids: list[UUID]) -> QuerySet[Node, UUID]:
    """Links to them may be made meanwhile, by who holds their sources."""
    found = Node.objects.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    return found.values_list("id", flat=True)


def _hold_graph(workspace: UUID) -> None:
    """Two that are apart may make a circle together, so they come one after the other."""
    Graph.objects.bulk_create([Graph(workspace_id=workspace)], ignore_conflicts=True)
    list(Graph.objects.select_for_update(no_key=True).filter(workspace_id=workspace))
