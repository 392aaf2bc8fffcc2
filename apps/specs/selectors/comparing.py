"""What is different between two moments: of one node, or of the whole graph."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.diffs.hunks import Hunk, hunks_between
from apps.specs.changes.fields import all_fields, is_same
from apps.specs.changes.values import LinkState, NodeState
from apps.specs.choices import LinkKind
from apps.specs.models.graph import Link, Node, Version, held_at
from apps.specs.selectors.excerpts import state_of
from apps.specs.selectors.nodes import revision_named, revision_now, the_version

_EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Of one node. A side is None where it was not there then."""

    node: UUID
    before: NodeState | None
    after: NodeState | None
    fields: Mapping[str, tuple[Any, Any]]
    """What stood there and what stands there, of each field that differs, but for the body."""
    hunks: tuple[Hunk, ...]
    """Of the body."""
    gained: tuple[LinkState, ...] = ()
    """Links from it that were not there before."""
    lost: tuple[LinkState, ...] = ()

    @property
    def key(self) -> str:
        said = self.after or self.before
        return said.key if said else ""

    @property
    def is_none(self) -> bool:
        return not (self.fields or self.hunks or self.gained or self.lost)


def changed_between(*, workspace_id: UUID, actor: Actor, one: int, other: int) -> QuerySet[Node]:
    """Nodes of which anything was said after the earlier of two revisions, up to the later one;
    their links belong to them. That it was unsaid again is for `differences` to see."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    span = (min(one, other) + 1, max(one, other))
    versions = Version.objects.filter(workspace_id=workspace_id, since__range=span)
    links = Link.objects.filter(workspace_id=workspace_id)
    begun, ended = links.filter(since__range=span), links.filter(until__range=span)
    ids = versions.values("node_id").union(begun.values("source_id"), ended.values("source_id"))
    return Node.objects.visible_to(actor).filter(workspace_id=workspace_id, id__in=ids)


def differences(nodes: Iterable[Node], one: int, other: int) -> list[Difference]:
    """Of those nodes of which something is different, in their order."""
    ids = [node.id for node in nodes]
    before, after = _said(ids, one), _said(ids, other)
    links_before, links_after = _links(ids, one), _links(ids, other)
    found = []
    for id_ in ids:
        had, has = links_before.get(id_, set()), links_after.get(id_, set())
        found.append(
            difference(
                id_,
                before.get(id_),
                after.get(id_),
                gained=sorted(has - had),
                lost=sorted(had - has),
            )
        )
    return [each for each in found if not each.is_none]


def compared(node: Node, one: str, other: str | None) -> Difference:
    """Between two versions or moments, as they are called: "3", "rev:41", "2026-05-01". None: the
    present."""
    (old, since), (new, until) = _side(node, one), _side(node, other)
    had, has = (_links([node.id], at).get(node.id, set()) for at in (since, until))
    return difference(node.id, old, new, gained=sorted(has - had), lost=sorted(had - has))


def _side(node: Node, name: str | None) -> tuple[NodeState | None, int]:
    """What was said, and the revision of then."""
    workspace_id = node.workspace_id
    if name and name.isdecimal() and name.isascii():
        version = the_version(node, int(name))
        return state_of(version, version.number), version.since
    revision = revision_named(name, workspace_id=workspace_id) if name else None
    if revision is None:
        revision = revision_now(workspace_id)
    return _said([node.id], revision).get(node.id), revision


def difference(
    node: UUID,
    before: NodeState | None,
    after: NodeState | None,
    *,
    gained: Sequence[LinkState] = (),
    lost: Sequence[LinkState] = (),
) -> Difference:
    old, new = _fields(before), _fields(after)
    fields = {
        name: (old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if not is_same(old.get(name), new.get(name))
    }
    return Difference(
        node=node,
        before=before,
        after=after,
        fields=fields,
        hunks=hunks_between(before.body if before else "", after.body if after else ""),
        gained=tuple(gained),
        lost=tuple(lost),
    )


def _fields(state: NodeState | None) -> dict[str, Any]:
    if state is None:
        return {}
    said = all_fields(state).items()
    return {name: value for name, value in said if name != "body" and value not in _EMPTY}


def _said(ids: Sequence[UUID], revision: int) -> dict[UUID, NodeState]:
    found = Version.objects.filter(held_at(revision), node__in=ids, is_live=True)
    return {row.node_id: state_of(row, row.number) for row in found}


def _links(ids: Sequence[UUID], revision: int) -> dict[UUID, set[LinkState]]:
    found: dict[UUID, set[LinkState]] = {}
    for link in Link.objects.filter(held_at(revision), source__in=ids):
        state = LinkState(link.source_id, LinkKind(link.kind), link.target_id)
        found.setdefault(link.source_id, set()).add(state)
    return found
