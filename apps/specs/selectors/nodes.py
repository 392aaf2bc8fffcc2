"""Nodes, as they are and as they were. A moment is a number: of the last revision by then."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.specs.errors import MomentUnknown, NodeMissing
from apps.specs.models.graph import Graph, Key, Link, Node, Revision, Version, held_at

LARGEST = 2**31 - 1
"""Number of a version that the database can be asked for."""

ENDS = ("source", "target")
_REVISION = re.compile(r"rev:([0-9]{1,18})")


def the_node(*, name: str, actor: Actor, workspace_id: UUID) -> Node:
    """By a key that it has or had, in letters of any case, or by its id. It may be deleted: what it
    was can still be read."""
    (node,) = the_nodes(names=[name], actor=actor, workspace_id=workspace_id)
    return node


def the_nodes(*, names: Sequence[str], actor: Actor, workspace_id: UUID) -> list[Node]:
    """In their order. All of them are there."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    sound = [name.lower() for name in names if name.isprintable()]
    keys = Key.objects.annotate(lowered=Lower("key")).filter(workspace_id=workspace_id)
    known = dict(keys.filter(lowered__in=sound).values_list("lowered", "node_id"))
    ids = [known.get(name.lower()) or _as_id(name) for name in names]
    found = Node.objects.visible_to(actor).filter(workspace_id=workspace_id)
    rows = found.in_bulk([id_ for id_ in ids if id_])
    missing = [at for at, id_ in enumerate(ids) if id_ not in rows]
    if missing:
        message = NodeMissing.message
        raise NodeMissing(details=[{"field": f"specs.{at}", "message": message} for at in missing])
    return [rows[id_] for id_ in ids if id_]


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def node_id_of(row: Node | Version) -> UUID:
    return row.node_id if isinstance(row, Version) else row.id


def as_of(node: Node, revision: int | None) -> Node | Version:
    """What was said of it then. None: now."""
    found = node if revision is None else _told(node.versions.filter(held_at(revision))).first()
    if found is None or not found.is_live:
        raise NodeMissing
    return found


def nodes_at(
    *,
    workspace_id: UUID,
    actor: Actor,
    revision: int | None = None,
    label: str = "",
    q: str = "",
    linked: UUID | None = None,
    **asked: Any,
) -> QuerySet[Node] | QuerySet[Version]:
    """`linked`: with this node, in either direction. `asked`: equal to what is given, of kind,
    status, owner_id, parent_id. Nodes for now, versions for then: of both there are version,
    revision and changed_at."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found: Any
    if revision is None:
        found = Node.objects.visible_to(actor)
    else:
        found = _told(Version.objects.visible_to(actor).filter(held_at(revision)))
    found = found.filter(workspace_id=workspace_id, is_live=True, **asked)
    if label:
        found = found.filter(labels__contains=[label])
    if linked:
        links = Link.objects.filter(held_at(revision))
        ends = links.filter(source=linked).values("target")
        ends = ends.union(links.filter(target=linked).values("source"))
        found = found.filter(**{"id__in" if revision is None else "node_id__in": ends})
    if q:
        said = Q(key__icontains=q) | Q(title__icontains=q) | Q(body__icontains=q)
        found = found.filter(said)
    return found  # type: ignore[no-any-return]


def _told(versions: QuerySet[Version]) -> QuerySet[Version]:
    made = Revision.objects.filter(workspace=OuterRef("workspace"), number=OuterRef("since"))
    as_nodes_have: dict[str, Any] = {
        "version": F("number"),
        "revision": F("since"),
        "changed_at": Subquery(made.values("at")),
    }
    return versions.annotate(**as_nodes_have)


def links_of(node: Node, revision: int | None, *, most: int) -> list[Link]:
    """From it and to it, of then. As many as asked for: there may be more."""
    found = links_at(node, revision).select_related("source", "target")
    told = found.only("kind", *(f"{end}__{name}" for end in ENDS for name in ("key", "title")))
    return list(told.order_by("kind", "source__key", "target__key")[:most])


def links_at(node: Node, revision: int | None) -> QuerySet[Link]:
    return Link.objects.filter(held_at(revision) & (Q(source=node) | Q(target=node)))


def keys_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The present ones. For who has asked whether these nodes may be seen."""
    return dict(Node.objects.filter(id__in=set(ids)).values_list("id", "key"))


def versions_of(node: Node) -> QuerySet[Version]:
    return _told(node.versions.all())


def the_version(node: Node, number: int) -> Version:
    found = _told(node.versions.filter(number=min(number, LARGEST))).first()
    if found is None:
        raise NodeMissing("It has no version of this number.")
    return found


def revisions_numbered(workspace_id: UUID, numbers: Iterable[int]) -> dict[int, Revision]:
    """With their proposals, without the operations of either."""
    found = Revision.objects.filter(workspace_id=workspace_id, number__in=set(numbers))
    told = found.select_related("proposal").only(
        *("number", "at", "authors", "approvers", "request_id"),
        *("proposal__title", "proposal__rationale", "proposal__proposer_id"),
    )
    return {revision.number: revision for revision in told}


def revision_at(*, workspace_id: UUID, at: datetime) -> int:
    """0: nothing had been there yet."""
    made = Revision.objects.filter(workspace_id=workspace_id, at__lte=at)
    return made.order_by("-at").values_list("number", flat=True).first() or 0


def revision_now(workspace_id: UUID) -> int:
    graphs = Graph.objects.filter(workspace_id=workspace_id)
    return graphs.values_list("revision", flat=True).first() or 0


def revision_named(name: str, *, workspace_id: UUID) -> int | None:
    """Of "rev:41", a day or a moment. A day counts whole, by UTC; None: it is now, or to come."""
    if match := _REVISION.fullmatch(name):
        number = int(match[1])
        if number > revision_now(workspace_id):
            raise MomentUnknown("There is no revision of this number yet.")
        return number
    at = _moment(name)
    if at is None:
        raise MomentUnknown
    return None if at > timezone.now() else revision_at(workspace_id=workspace_id, at=at)


def _moment(name: str) -> datetime | None:
    try:
        if day := parse_date(name):
            return _end_of(day)
        at = parse_datetime(name)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC) if at else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)
