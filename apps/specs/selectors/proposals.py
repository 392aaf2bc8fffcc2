"""Proposals: found, listed, and which of them are about the same nodes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.prepared import prepared
from apps.specs.changes.kept import read
from apps.specs.changes.values import Operation
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal, ProposalQuerySet

MOST_OVERLAPS = 50
"""So many are told, the newest first."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Another open proposal that touches the same nodes."""

    proposal: UUID
    title: str
    state: str
    keys: tuple[str, ...]
    """Of those nodes."""


def proposals_of(*, workspace_id: UUID, actor: Actor, **asked: Any) -> ProposalQuerySet:
    """`asked`: equal to what is given, of state, risk_level, effect, proposer_id."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    return Proposal.objects.visible_to(actor).filter(workspace_id=workspace_id, **asked)


def the_proposal(*, proposal_id: UUID, actor: Actor, workspace_id: UUID | None = None) -> Proposal:
    found = Proposal.objects.visible_to(actor).filter(id=proposal_id)
    if workspace_id is not None:
        found = found.filter(workspace_id=workspace_id)
    one = found.first()
    if one is None:
        raise NotFound
    return one


def in_brief() -> ProposalQuerySet:
    """Without what they do, which may be much: for who asks what has become of many."""
    return Proposal.objects.defer("operations")


def operations_of(proposal: Proposal) -> tuple[Operation, ...]:
    return read(proposal.operations)


def overlaps_of(proposal: Proposal) -> tuple[Overlap, ...]:
    """Now."""
    found = _overlapping(workspace=proposal.workspace_id, touched=proposal.touches, own=proposal.id)
    shared = {node for _, _, _, touches in found for node in touches} & set(proposal.touches)
    keys = keys_of(shared) if found else {}
    return tuple(
        Overlap(
            proposal=id_,
            title=title,
            state=state,
            keys=tuple(sorted(keys[node] for node in touches if node in keys)),
        )
        for id_, title, state, touches in found
    )


@prepared
def _overlapping(
    *, workspace: UUID, touched: list[UUID], own: UUID
) -> QuerySet[Proposal, tuple[UUID, str, str, list[UUID]]]:
    others = Proposal.objects.open().filter(workspace_id=workspace, touches__overlap=touched)
    newest = others.exclude(id=own).order_by("-id")
    return newest.values_list("id", "title", "state", "touches")[:MOST_OVERLAPS]


def open_about(workspace: UUID, nodes: Collection[UUID]) -> list[UUID]:
    """Those that change or need any of these nodes, oldest first."""
    return _open_about(workspace=workspace, nodes=list(nodes))


@prepared
def _open_about(*, workspace: UUID, nodes: list[UUID]) -> QuerySet[Proposal, UUID]:
    found = Proposal.objects.open().filter(workspace_id=workspace)
    about = Q(touches__overlap=nodes) | Q(leans_on__overlap=nodes)
    return found.filter(about).order_by("id").values_list("id", flat=True)


def open_parts_of(proposal_id: UUID) -> list[UUID]:
    """What was left out of it, and waits by itself."""
    return _open_parts(whole=proposal_id)


@prepared
def _open_parts(*, whole: UUID) -> QuerySet[Proposal, UUID]:
    parts = Proposal.objects.open().filter(part_of=whole)
    return parts.order_by("id").values_list("id", flat=True)


def keys_of(nodes: Iterable[UUID]) -> dict[UUID, str]:
    """What nodes are called now."""
    return dict(Node.objects.filter(id__in=list(nodes)).values_list("id", "key"))


@prepared
def held(*, id_: UUID) -> QuerySet[Proposal]:
    """Its row, until the unit ends. Of a request and its proposal the request is always held
    first."""
    return Proposal.objects.select_for_update(of=("self",)).filter(id=id_)


def latest_of(proposal: Proposal) -> Proposal:
    """It, or what has taken its place since."""
    while proposal.state == ProposalState.SUPERSEDED:
        newer = Proposal.objects.filter(follows=proposal).order_by("-id").first()
        if newer is None:
            break
        proposal = newer
    return proposal


def open_rest_of(proposal: Proposal) -> Proposal | None:
    """What was left out of it and is not decided on yet."""
    return Proposal.objects.open().filter(part_of=proposal).order_by("id").first()
