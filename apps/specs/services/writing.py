"""A revision, written: versions, nodes, keys, links, and which links it makes doubtful."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.common.ids import uuid7
from apps.common.rows import insert
from apps.specs.changes.inverting import inverse_of
from apps.specs.changes.playing import Played
from apps.specs.changes.values import LinkState, NodeState, in_order
from apps.specs.choices import CARRIES, MUTUAL, LinkKind
from apps.specs.models.graph import Key, Link, Node, Revision, Version, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.selectors.excerpts import fields_of
from apps.specs.selectors.prospects import Prospect
from apps.specs.services.indexing import place_versions

MEANT = ("kind", "title", "body", "attributes", "status", "is_live")
"""What others rely on: not what it is called, where it stands, or who looks after it."""


@dataclass(frozen=True, kw_only=True)
class Written:
    revision: int
    nodes: list[UUID]
    keys: list[str]
    suspects: int
    owners: list[UUID]


def write_revision(
    *,
    proposal: Proposal,
    prospect: Prospect,
    request: UUID | None,
    authors: Sequence[UUID],
    approvers: Sequence[UUID],
) -> Written:
    """In the unit that holds its nodes. Revisions of a workspace are written one after another."""
    played = prospect.played
    assert played is not None  # noqa: S101 - what conflicts is not applied
    number, at = _next_revision(proposal.workspace_id)
    Revision.objects.create(
        workspace_id=proposal.workspace_id,
        number=number,
        at=at,
        proposal=proposal,
        authors=list(dict.fromkeys(authors)),
        approvers=list(approvers),
        request_id=request,
        inverse=inverse_of(played, prospect.operations),
    )
    _write_nodes(proposal.workspace_id, played, number, at)
    _write_links(proposal.workspace_id, played, number)
    doubtful = list(_doubtful(played))
    _suspect(proposal.workspace_id, doubtful, number)
    owners = {played.after.nodes[node].owner for _, node, _ in doubtful}
    nodes = [*played.changed, *(link.source for link in played.linked | played.unlinked)]
    return Written(
        revision=number,
        nodes=list(dict.fromkeys(nodes)),
        keys=sorted({played.after.nodes[node].key for node in nodes}),
        suspects=len(doubtful),
        owners=sorted(owner for owner in owners if owner),
    )


def _next_revision(workspace: UUID) -> tuple[int, datetime]:
    """Its number, and a time that is later than that of the one before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO specs_graph AS graph (workspace_id, revision) VALUES (%s, 1)"
            " ON CONFLICT (workspace_id) DO UPDATE SET revision = graph.revision + 1"
            " RETURNING revision",
            [workspace],
        )
        [number] = cursor.fetchone()
        cursor.execute(
            "SELECT greatest(clock_timestamp(), max(at) + interval '1 microsecond')"
            " FROM specs_revision WHERE workspace_id = %s AND number = %s",
            [workspace, number - 1],
        )
        [at] = cursor.fetchone()
    return number, at


def _write_nodes(workspace: UUID, played: Played, number: int, at: datetime) -> None:
    states = [after for _, after in played.changed.values()]
    if not states:
        return
    fields = {state.id: fields_of(state) for state in states}
    insert(
        (
            Node(
                id=state.id,
                workspace_id=workspace,
                version=state.version,
                revision=number,
                changed_at=at,
                **fields[state.id],
            )
            for state in states
        ),
        replacing=[*fields[states[0].id], "version", "revision", "changed_at"],
    )
    if changed := [state.id for state in states if state.version > 1]:
        Version.objects.filter(node__in=changed, until=None).update(until=number)
    versions = [
        Version(
            workspace_id=workspace,
            node_id=state.id,
            number=state.version,
            since=number,
            **fields[state.id],
        )
        for state in states
    ]
    insert(versions)
    place_versions(workspace, versions)
    _write_keys(workspace, played)


def _write_keys(workspace: UUID, played: Played) -> None:
    """A node may take a key back that it had. One that another node had is refused by a
    constraint."""
    given = {
        after.key: after.id
        for before, after in played.changed.values()
        if (before is None or before.key.casefold() != after.key.casefold())
        and played.before.keys.get(after.key.casefold()) != after.id
    }
    insert(Key(workspace_id=workspace, key=key, node_id=node) for key, node in given.items())


def _write_links(workspace: UUID, played: Played, number: int) -> None:
    if played.unlinked:
        ids = _ids_of(Q(source__in={link.source for link in played.unlinked}))
        ended = [ids[link] for link in played.unlinked]
        Link.objects.filter(id__in=ended).update(until=number)
    insert(
        Link(
            workspace_id=workspace,
            source_id=link.source,
            kind=link.kind,
            target_id=link.target,
            since=number,
        )
        for link in in_order(played.linked)
    )


def _doubtful(played: Played) -> Iterator[tuple[LinkState, UUID, UUID]]:
    """Links that were there before and still are: with the node that is to be looked at, and what
    of it has changed. Of what changed itself, in what it means, that was looked at."""
    changed = {
        id_ for id_, (before, after) in played.changed.items() if before and _differ(before, after)
    }
    for link in played.before.links & played.after.links:
        if link.kind not in CARRIES:
            continue
        ends = [(link.source, link.target)]
        if link.kind in MUTUAL:
            ends.append((link.target, link.source))
        for node, cause in ends:
            if cause in changed and node not in changed:
                yield link, node, cause


def _differ(before: NodeState, after: NodeState) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in MEANT)


def _suspect(
    workspace: UUID, doubtful: Sequence[tuple[LinkState, UUID, UUID]], number: int
) -> None:
    """What is doubtful already stays so since when it was, and by now because of this too. Held in
    the order in which whoever clears them holds them."""
    causes = {cause for _, _, cause in doubtful}
    ids = _ids_of(Q(kind__in=CARRIES) & (Q(source__in=causes) | Q(target__in=causes)))
    rows = [  # a link may have been ended meanwhile
        (uuid7(), ids[link], node, cause) for link, node, cause in doubtful if link in ids
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO specs_suspect"
            " (id, link_id, node_id, cause_id, workspace_id, revision, latest)"
            " SELECT *, %s, %s, %s FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])"
            " AS doubtful (id, link_id, node_id, cause_id) ORDER BY link_id, cause_id"
            " ON CONFLICT (link_id, cause_id) WHERE cleared_at IS NULL"
            " DO UPDATE SET latest = excluded.latest",
            [workspace, number, number, *map(list, zip(*rows, strict=True))],
        )


def _ids_of(which: Q) -> dict[LinkState, UUID]:
    """Of links that hold."""
    rows = Link.objects.filter(held_at(None)).filter(which)
    told = rows.values_list("source_id", "kind", "target_id", "id")
    return {LinkState(source, LinkKind(kind), target): id_ for source, kind, target, id_ in told}
