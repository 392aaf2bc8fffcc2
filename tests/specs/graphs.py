"""Graphs for tests, written as applying a proposal writes them.

plant(workspace, [node("GOAL-1"), node("REQ-1", body="It SHALL.\n")], ["REQ-1 refines GOAL-1"])
plant(workspace, [node("REQ-1", title="Later")], author=somebody)   # a second version of REQ-1
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.common.ids import uuid7
from apps.specs.choices import LinkKind, NodeKind, ProposalState
from apps.specs.models.graph import Graph, Key, Link, Node, Revision, State, Suspect, Version
from apps.specs.models.proposals import Proposal
from apps.specs.services.indexing import place_versions

FIELDS = tuple(field.attname for field in State._meta.local_concrete_fields)
KINDS = {"REQ": "requirement", "DOC": "spec", "SEC": "section"}
"""Of prefixes that are not the name of a kind."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    revision: Revision
    nodes: Mapping[str, Node]
    """Those that it changed or brought, by key."""

    def __getitem__(self, key: str) -> Node:
        return self.nodes[key]


def node(key: str, **said: Any) -> dict[str, Any]:
    """What is said of a node from now on: fields of `State`, `parent` as a key, `renamed` for a new
    key. What is not said stays as it is."""
    return {"key": key, **said}


def plant(
    workspace: Workspace,
    nodes: Iterable[Mapping[str, Any]] = (),
    links: Iterable[str] = (),
    *,
    unlinks: Iterable[str] = (),
    author: User | None = None,
    approvers: Sequence[User] = (),
    title: str = "Planted",
    at: datetime | None = None,
) -> Planted:
    """One revision. `links` and `unlinks` are sentences such as "REQ-1 refines GOAL-1"."""
    graph, _ = Graph.objects.get_or_create(workspace=workspace)
    before = Revision.objects.filter(workspace=workspace, number=graph.revision).first()
    later = before.at + timedelta(milliseconds=1) if before else None
    graph.revision += 1
    graph.save(update_fields=["revision"])
    nodes, links, unlinks = list(nodes), list(links), list(unlinks)
    keys = Key.objects.filter(workspace=workspace).select_related("node")
    known = {key.key: key.node for key in keys} if nodes or links or unlinks else {}
    at = at or (max(timezone.now(), later) if later else timezone.now())
    changed = {row.key: row for row in _nodes(workspace, nodes, known, graph.revision, at)}
    named = {**known, **changed}
    gone = [row.id for row in changed.values() if not row.is_live]
    revision = Revision.objects.create(
        workspace=workspace,
        number=graph.revision,
        at=at,
        proposal=_proposal(workspace, [row.id for row in changed.values()], author, title),
        authors=[author.id] if author else [],
        approvers=[person.id for person in approvers],
        request_id=uuid7() if approvers else None,
        inverse=[],
    )
    standing = Link.objects.filter(workspace=workspace, until=None)
    standing.filter(source__in=gone).update(until=graph.revision)
    for source, kind, target in _read(unlinks, named):
        standing.filter(source=source, kind=kind, target=target).update(until=graph.revision)
    Link.objects.bulk_create(
        Link(workspace=workspace, source=source, kind=kind, target=target, since=graph.revision)
        for source, kind, target in _read(links, named)
    )
    return Planted(revision=revision, nodes=changed)


def doubt(workspace: Workspace, *links: str) -> list[Suspect]:
    """These links are suspect since the latest revision, because of what they lead to."""
    keys = Key.objects.filter(workspace=workspace).select_related("node")
    read = _read(links, {key.key: key.node for key in keys})
    found = []
    for source, kind, target in read:
        link = Link.objects.get(source=source, kind=kind, target=target, until=None)
        revision = Graph.objects.get(workspace=workspace).revision
        found.append(
            Suspect(
                workspace=workspace,
                link=link,
                node=source,
                cause=target,
                revision=revision,
                latest=revision,
            )
        )
    return Suspect.objects.bulk_create(found)


def _nodes(
    workspace: Workspace,
    wanted: Iterable[Mapping[str, Any]],
    known: Mapping[str, Node],
    number: int,
    at: datetime,
) -> list[Node]:
    new, old, keys = [], [], []
    named = dict(known)
    for said in wanted:
        row = named.get(said["key"])
        if row is None:
            row = Node(workspace=workspace, version=1, **_fresh(said["key"]))
            new.append(row)
        else:
            row.version += 1
            old.append(row)
        for name, value in said.items():
            if name == "parent":
                row.parent_id = named[value].id if value else None
            elif name == "renamed":
                row.key = value
            elif name != "key":
                setattr(row, name, value)
        row.revision, row.changed_at = number, at
        if row.key not in named:
            keys.append(Key(workspace=workspace, key=row.key, node=row))
        named[row.key] = row
    Node.objects.bulk_create(new)
    Node.objects.bulk_update(old, [*FIELDS, "version", "revision", "changed_at"])
    Key.objects.bulk_create(keys)
    Version.objects.filter(node__in=old, until=None).update(until=number)
    versions = Version.objects.bulk_create(
        Version(
            workspace=workspace,
            node=row,
            number=row.version,
            since=number,
            **{name: getattr(row, name) for name in FIELDS},
        )
        for row in [*new, *old]
    )
    if versions:
        place_versions(workspace.id, versions)
    return [*new, *old]


def _fresh(key: str) -> dict[str, Any]:
    prefix = key.partition("-")[0]
    kind = KINDS.get(prefix, prefix.lower())
    return {
        "key": key,
        "kind": kind if kind in NodeKind else "requirement",
        "title": f"About {key}",
    }


def _read(said: Iterable[str], named: Mapping[str, Node]) -> list[tuple[Node, LinkKind, Node]]:
    sentences = (sentence.split() for sentence in said)
    return [(named[one], LinkKind(kind), named[other]) for one, kind, other in sentences]


def _proposal(
    workspace: Workspace, touches: list[UUID], author: User | None, title: str
) -> Proposal:
    return Proposal.objects.create(
        workspace=workspace,
        title=title,
        state=ProposalState.APPLIED,
        operations=[],
        touches=touches,
        content_digest="0" * 64,
        proposer_id=author.id if author else uuid7(),
        proposer_kind=author.kind if author else "person",
    )
