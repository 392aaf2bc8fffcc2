"""Changing a proposal that waits, by who decides on it: what it writes edited, or narrowed to some
of its operations. What is left out becomes a proposal of its own, of the same proposer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.approvals.errors import NotReshapable
from apps.approvals.parts import require_no_rego, require_stands
from apps.approvals.ports import Reshaped
from apps.common.actors import Actor
from apps.common.diffs.hunks import hunks_between
from apps.common.errors import NotAllowed, NotFound
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Verdict
from apps.policies.services.judging import require_allowed, scales_for
from apps.specs import events
from apps.specs.changes.merging import merge
from apps.specs.changes.needs import needs_of
from apps.specs.changes.values import Operation
from apps.specs.choices import Op, ProposalState, Severity
from apps.specs.errors import OperationsInvalid
from apps.specs.models.proposals import Proposal
from apps.specs.reviewing import BODY, edit_name, with_bodies
from apps.specs.rules import OPEN
from apps.specs.schemas import MOST_CHARACTERS, read_operations
from apps.specs.selectors.proposals import held
from apps.specs.selectors.prospects import (
    Prospect,
    prospect_for,
    prospect_on,
    stands_on_whole,
    title_of,
)
from apps.specs.services.drawing import draw, stays_applied
from apps.specs.services.moving import (
    LOOKED_AT,
    WEIGHED,
    look_at,
    named,
    tell_outcome,
    weigh_in,
)
from apps.specs.services.revalidating import WAITING
from apps.specs.services.weighing import checked, errors_in, impact_on, verdict_now


def edit_mutation(*, proposal_id: UUID, edits: Mapping[str, Any], actor: Actor) -> Reshaped:
    """Bodies by the names that the review shows them under, or all `operations` anew, as they are
    sent. They are judged as the proposer's, and as the editor's."""
    require_no_rego()
    proposal, prospect = _hold(proposal_id)
    edited = _edited(proposal, prospect, edits)
    if edited.digest == proposal.content_digest:
        return Reshaped(digest=edited.digest, verdict=_verdict(proposal, prospect))
    scales = scales_for(actor=actor, workspace=proposal.workspace_id)
    impact = impact_on(edited, proposal.workspace_id)
    act = edited.act(title_of(proposal, edited), proposal.rationale, impact=impact)
    of_editor = scales.weigh(act)
    require_allowed(of_editor)
    return replace(_put(proposal, edited, actor), of_editor=of_editor)


def narrow_mutation(*, proposal_id: UUID, operations: Sequence[int], actor: Actor) -> Reshaped:
    """Only these of its operations are kept in it."""
    proposal, prospect = _hold(proposal_id)
    taken = sorted(set(operations))
    require_stands(taken, needs_of(prospect.operations))
    left = [number for number in range(len(prospect.operations)) if number not in taken]
    if not left:
        return Reshaped(digest=prospect.digest, verdict=_verdict(proposal, prospect))
    require_no_rego()
    kept = _part(prospect, taken)
    return _put(proposal, kept, actor, rest=_part(prospect, left, after=kept))


def _hold(proposal_id: UUID) -> tuple[Proposal, Prospect]:
    proposal = held.first(id_=proposal_id)
    if proposal is None:
        raise NotFound
    if proposal.state not in WAITING:
        raise NotReshapable("This proposal waits for nobody any more, and stays as it is.")
    prospect = prospect_for(proposal)
    if prospect.conflicts:
        raise NotReshapable("What it changes has been changed otherwise meanwhile.")
    return proposal, prospect


def _verdict(proposal: Proposal, prospect: Prospect) -> Verdict:
    verdict = verdict_now(proposal, prospect)
    if verdict is None:
        raise NotAllowed("Whoever proposed this is not here any more. Propose it anew.")
    return verdict


def _put(
    proposal: Proposal, prospect: Prospect, actor: Actor, *, rest: Prospect | None = None
) -> Reshaped:
    workspace, before = proposal.workspace_id, proposal.content_digest
    verdict, findings = _verdict(proposal, prospect), checked(prospect, workspace)
    require_allowed(verdict)
    if errors_in(findings):
        raise NotReshapable(
            "The checks find errors in what would be left.",
            details=[
                {"field": f"operations.{finding.operation}", "message": finding.message}
                for finding in findings
                if finding.severity == Severity.ERROR
            ],
        )
    with unit(actor=actor, workspace=workspace):
        look_at(proposal, prospect)
        weigh_in(proposal, verdict, findings, impact_on(prospect, workspace))
        reverted = _revert_in_part(proposal)
        proposal.save(update_fields=[*LOOKED_AT, *WEIGHED, "reverts"])
        beside, rest_verdict = _keep_rest(proposal, rest) if rest else (None, None)
        record(
            events.ProposalReshaped(
                **named(proposal),
                before=before,
                operations=len(proposal.operations),
                rest=beside,
                reverts=reverted,
            )
        )
    return Reshaped(
        digest=proposal.content_digest, verdict=verdict, rest=beside, rest_verdict=rest_verdict
    )


def _revert_in_part(proposal: Proposal) -> UUID | None:
    """What it would have undone stays applied, since it is not undone as a whole any more."""
    reverted, proposal.reverts = proposal.reverts, None
    if reverted is None:
        return None
    proposal.findings = [stays_applied(reverted).kept(), *proposal.findings]
    return reverted.id


def _keep_rest(proposal: Proposal, prospect: Prospect) -> tuple[UUID, Verdict | None]:
    """What the policy that holds now lets pass is applied, unless it has to come after what was
    accepted: then it is a draft, to be submitted later. It asks people where the whole did."""
    workspace = proposal.workspace_id
    rest = Proposal(
        workspace_id=workspace,
        title=title_of(proposal, prospect),
        rationale=proposal.rationale,
        state=ProposalState.IN_REVIEW,
        proposer_id=proposal.proposer_id,
        proposer_kind=proposal.proposer_kind,
        asks_people=proposal.asks_people,
        part_of=proposal,
        created_at=timezone.now(),
        submitted_at=proposal.submitted_at,
    )
    verdict, findings = _verdict(rest, prospect), checked(prospect, workspace)
    look_at(rest, prospect)
    weigh_in(rest, verdict, findings, impact_on(prospect, workspace))
    if verdict.denied:
        rest.state = ProposalState.POLICY_DENIED
    elif prospect.conflicts:
        rest.state = ProposalState.CONFLICTED
    elif errors_in(findings):
        rest.state = ProposalState.INVALID
    elif verdict.effect == Effect.ALLOW:
        rest.state = ProposalState.DRAFT if stands_on_whole(rest) else ProposalState.QUEUED
    insert([rest])
    tell_outcome(rest, verdict, findings)
    return rest.id, verdict if rest.state in OPEN else None


def _part(prospect: Prospect, numbers: Sequence[int], *, after: Prospect | None = None) -> Prospect:
    """As if these alone had been proposed, or as what comes after others."""
    ground = after.played.after if after and after.played else prospect.before
    operations = [
        replace(one, base=ground.nodes[one.node].version) if one.node in ground.nodes else one
        for one in (prospect.operations[number] for number in numbers)
    ]
    return prospect_on(ground, operations, onto=prospect.onto)


def _edited(proposal: Proposal, prospect: Prospect, edits: Mapping[str, Any]) -> Prospect:
    if set(edits) == {"operations"}:
        return _anew(proposal, edits["operations"])
    texts = dict(edits)
    operations = list(_with_texts(prospect, texts))
    if texts or not edits:
        raise NotReshapable(
            "Of a proposal what it writes can be edited: send `operations.0.body`, or all "
            "`operations` anew.",
            details=[{"field": f"edits.{name}", "message": "Not a text of it."} for name in texts],
        )
    if not operations:
        raise NotReshapable("Nothing would be left of it: reject it instead.")
    edited = prospect_on(prospect.before, operations, onto=prospect.onto)
    if edited.conflicts:
        raise NotReshapable(
            details=[
                {"field": f"edits.operations.{conflict.operation}", "message": conflict.message}
                for conflict in edited.conflicts
            ]
        )
    return edited


def _anew(proposal: Proposal, sent: Any) -> Prospect:
    try:
        operations = read_operations(sent if isinstance(sent, list) else [])
        sketch = draw(proposal.title, proposal.rationale, operations, proposal.workspace_id, None)
    except OperationsInvalid as invalid:
        raise NotReshapable(invalid.text, details=invalid.details) from invalid
    return sketch.prospect


def _with_texts(prospect: Prospect, texts: dict[str, Any]) -> Iterator[Operation]:
    """Takes each text that it finds a place for. What follows in the same body goes along."""
    bodies = {id_: node.body for id_, node in prospect.before.nodes.items()}
    now: dict[UUID, str] = {}
    for number, (one, before, after) in enumerate(with_bodies(prospect.operations, bodies)):
        if after is None or one.op == Op.RESTORE:
            yield one
            continue
        name = edit_name(number)
        base = now.get(one.node, before or "")
        wanted = _text(name, texts.pop(name)) if name in texts else _moved(before, base, after)
        now[one.node] = wanted
        if one.op == Op.CREATE:
            yield replace(one, after={**one.after, BODY: wanted})
        elif hunks := hunks_between(base, wanted):
            yield replace(one, hunks=hunks)


def _moved(before: str | None, base: str, after: str) -> str:
    if base == (before or ""):
        return after
    merged = merge(before or "", base, after)
    if merged.clashes:
        raise NotReshapable("A later operation rewrites what you edited: edit that one instead.")
    return merged.text


def _text(name: str, text: Any) -> str:
    if not isinstance(text, str) or "\0" in text or len(text) > MOST_CHARACTERS:
        message = f"This is a text of at most {MOST_CHARACTERS:,} characters."
        raise NotReshapable(details=[{"field": f"edits.{name}", "message": message}])
    return text
