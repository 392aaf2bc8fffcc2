"""Nodes, as they are and as they were. A moment is a number: of the last revision by then."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.accounts.choices import Permission
from apps.accounts.selectors import require
from apps.common.actors import Actor
from apps.specs.errors import MomentUnknown, NodeMissing
from apps.specs.models.graph import Graph, Key, Node, Revision, Version, held_at

_REVISION = re.compile(r"rev:([0-9]{1,18})")


def the_node(*, name: str, actor: Actor, workspace_id: UUID) -> Node:
    """By a key that it has or had, in letters of any case, or by its id. It may be deleted: what it
    was can still be read."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    if not name.isprintable():
        raise NodeMissing
    found = Node.objects.visible_to(actor).filter(workspace_id=workspace_id)
    keys = Key.objects.alias(lowered=Lower("key")).filter(
        workspace_id=workspace_id, lowered=name.lower()
    )
    node = found.filter(id__in=keys.values("node_id")).first()
    if node is None and (id_ := _as_id(name)):
        node = found.filter(id=id_).first()
    if node is None:
        raise NodeMissing
    return node


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


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
    **asked: Any,
) -> QuerySet[Node] | QuerySet[Version]:
    """`asked`: equal to what is given, of kind, status, owner_id, parent_id. Nodes for now,
    versions for then: of both there are version, revision and changed_at."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found: Any
    if revision is None:
        found = Node.objects.visible_to(actor)
    else:
        found = _told(Version.objects.visible_to(actor).filter(held_at(revision)))
    found = found.filter(workspace_id=workspace_id, is_live=True, **asked)
    if label:
        found = found.filter(labels__contains=[label])
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


def versions_of(node: Node) -> QuerySet[Version]:
    return _told(node.versions.all())


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


def revision_named(name: str, *, workspace_id: UUID) -> int | None:
    """Of "rev:41", a day or a moment. A day counts whole, by UTC; None: it is now, or to come."""
    if match := _REVISION.fullmatch(name):
        number = int(match[1])
        last = Graph.objects.filter(workspace_id=workspace_id).values_list("revision", flat=True)
        if number > (last.first() or 0):
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
