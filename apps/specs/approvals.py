"""Proposals as approvals ask about them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts.selectors.names import names_of
from apps.approvals.errors import NotReshapable
from apps.approvals.ports import Affected, Change, Reshaped, Summary
from apps.approvals.selectors.requests import pending_about
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.prepared import prepared
from apps.common.texts.hidden import spelled_out
from apps.policies.ports import Verdict
from apps.specs.changes.touching import leant_on_by
from apps.specs.changes.values import LinkState, Operation
from apps.specs.choices import KIND, ProposalState
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from apps.specs.reviewing import editable, shown_conflicts, shown_findings, shown_operations
from apps.specs.rules import OPEN
from apps.specs.selectors.excerpts import states_of
from apps.specs.selectors.impact import impact_of
from apps.specs.selectors.proposals import keys_of, operations_of, overlaps_of
from apps.specs.selectors.prospects import prospect_for, revision_of
from apps.specs.services.relating import related_to_proposal
from apps.specs.services.reshaping import edit_mutation, narrow_mutation
from apps.specs.services.weighing import verdict_now

MOST_AFFECTED = 200
FEW = 3
"""Titles that stand in a line."""


class MutationSubject:
    label = "Spec change"

    def summaries(self, ids: Collection[UUID]) -> Mapping[UUID, Summary]:
        rows = Proposal.objects.filter(id__in=ids)
        told = list(rows.only("id", "proposer_id", "title", "words", "size", "touches"))
        names = names_of(row.proposer_id for row in told)
        nodes = Node.objects.filter(id__in={id_ for row in told for id_ in row.touches})
        titles = dict(nodes.values_list("id", "title"))
        return {
            row.id: Summary(
                sentence=spelled_out(f"{names[row.proposer_id]} {row.words}"),
                url=reverse("admin:specs_proposal", args=[row.id]),
                size=row.size,
                about=_titled(row, titles),
                touches=frozenset(map(str, row.touches)),
            )
            for row in told
        }

    def change(self, subject_id: UUID) -> Change:
        proposal = self._row(subject_id)
        if proposal is None:
            raise NotFound
        seen = _view_of(proposal)
        return Change(
            digest=seen.digest,
            operations=shown_operations(
                seen.operations, seen.bodies, seen.links, _names(seen.operations)
            ),
            checks=checks_of(proposal),
            rationale=spelled_out(proposal.rationale),
            editable=() if settings.OPA_ENABLE else editable(seen.operations, seen.bodies),
            conflicts=shown_conflicts(proposal.conflicts, seen.operations),
            beside=tuple(_beside(proposal)) if proposal.state in OPEN else (),
        )

    def impact(self, subject_id: UUID, *, actor: Actor) -> tuple[Affected, ...]:
        """What depends on the nodes that it changes, and which other proposals change them too."""
        proposal = Proposal.objects.visible_to(actor).filter(id=subject_id).first()
        if proposal is None:
            return ()
        return (*_dependent(proposal), *_beside(proposal), *_alike(proposal))

    def digest(self, subject_id: UUID) -> str | None:
        """Where the graph has not moved since it was last looked at, it still is what it was; but
        for what stands on another proposal."""
        proposal = self._row(subject_id)
        if proposal is None:
            return None
        is_still = proposal.onto == revision_of(proposal.workspace_id)
        if is_still and proposal.part_of_id is None:
            return proposal.content_digest
        return prospect_for(proposal).digest

    def judge(self, subject_id: UUID, *, by: UUID | None = None) -> Verdict | None:
        proposal = self._row(subject_id)
        if proposal is None:
            return None
        prospect = prospect_for(proposal)
        return verdict_now(proposal, prospect, by=by)

    def reshape(
        self,
        subject_id: UUID,
        *,
        actor: Actor,
        edits: Mapping[str, Any] | None = None,
        operations: Sequence[int] | None = None,
    ) -> Reshaped:
        if edits is not None:
            return edit_mutation(proposal_id=subject_id, edits=edits, actor=actor)
        if operations is not None:
            return narrow_mutation(proposal_id=subject_id, operations=operations, actor=actor)
        raise NotReshapable

    def _row(self, proposal_id: UUID) -> Proposal | None:
        return _proposal.first(id=proposal_id)


@prepared
def _proposal(*, id: UUID) -> QuerySet[Proposal]:
    return Proposal.objects.filter(id=id)


@dataclass(frozen=True, kw_only=True)
class _View:
    operations: tuple[Operation, ...]
    bodies: Mapping[UUID, str]
    links: frozenset[LinkState]
    digest: str


def _view_of(proposal: Proposal) -> _View:
    """On the graph as it is now, while it may still be applied; then as it was proposed."""
    operations = operations_of(proposal)
    if proposal.state in OPEN:
        prospect = prospect_for(proposal)
        if not prospect.conflicts:
            return _View(
                operations=prospect.operations,
                bodies={id_: node.body for id_, node in prospect.before.nodes.items()},
                links=prospect.before.links,
                digest=prospect.digest,
            )
    then = states_of({(one.node, one.base) for one in operations if one.base})
    return _View(
        operations=operations,
        bodies={node: state.body for (node, _), state in then.items()},
        links=frozenset(),
        digest=proposal.content_digest,
    )


def checks_of(proposal: Proposal) -> tuple[dict[str, Any], ...]:
    """None were made of a draft, nor of what conflicts."""
    if proposal.state == ProposalState.DRAFT or proposal.conflicts:
        return ()
    return tuple(shown_findings([*proposal.findings, *proposal.advice]))


def _names(operations: Sequence[Operation]) -> dict[UUID, str]:
    """Of nodes that are named beside their own, those that are created here too, and of owners."""
    owners = {
        UUID(owner)
        for operation in operations
        for owner in (operation.before.get("owner"), operation.after.get("owner"))
        if owner
    }
    own = {operation.node: operation.key for operation in operations}
    return own | keys_of(leant_on_by(operations)) | (names_of(owners) if owners else {})


def _titled(proposal: Proposal, titles: Mapping[UUID, str]) -> str:
    """What it changes; where all of that is new, what its author calls it."""
    known = [titles[id_] for id_ in proposal.touches if id_ in titles] or [proposal.title]
    more = [f"{len(known) - FEW} more"] if len(known) > FEW else []
    return spelled_out(", ".join([*known[:FEW], *more]))


def _dependent(proposal: Proposal) -> Iterator[Affected]:
    for reached in impact_of(proposal.touches, proposal.workspace_id, most=MOST_AFFECTED):
        step = reached.path[0]
        yield Affected(
            key=str(reached.node_id),
            label=spelled_out(f"{reached.key} {reached.title}"),
            kind=reached.kind,
            how=f"{step.link.label.lower()} {step.key}",
            of=str(step.node_id) if reached.distance > 1 else "",
            url=reverse("admin:specs_node", args=[proposal.workspace_id, reached.key]),
        )


def _alike(proposal: Proposal) -> Iterator[Affected]:
    for related in related_to_proposal(proposal):
        version = related.hit.version
        yield Affected(
            key=str(version.node_id),
            label=spelled_out(f"{version.key} {version.title}"),
            kind=version.kind,
            how=related.how,
            url=reverse("admin:specs_node", args=[proposal.workspace_id, version.key]),
            is_alike=True,
        )


def _beside(proposal: Proposal) -> Iterator[Affected]:
    overlaps = overlaps_of(proposal)
    asked = pending_about(kind=KIND, subjects=[overlap.proposal for overlap in overlaps])
    for overlap in overlaps:
        request = asked.get(overlap.proposal)
        yield Affected(
            key=str(overlap.proposal),
            label=spelled_out(overlap.title),
            kind="proposal",
            how=f"waits, and changes {', '.join(overlap.keys)} too",
            url=reverse("admin:review_request", args=[request.id])
            if request
            else reverse("admin:specs_proposal", args=[overlap.proposal]),
        )
