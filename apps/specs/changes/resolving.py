"""Operations as they are sent become operations on nodes, with what stands there now beside what
will be. Every fault is found before any is told.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import hunks_between
from apps.common.ids import uuid7
from apps.specs.changes.editing import EditUnfit, edited
from apps.specs.changes.fields import ATTRIBUTE, PLAIN, all_fields, is_same, value_of, with_values
from apps.specs.changes.playing import Stage
from apps.specs.changes.ranks import Crowded
from apps.specs.changes.standing import links_of, orphaned, standing_link
from apps.specs.changes.values import Excerpt, Fault, LinkState, NodeState, Operation
from apps.specs.choices import NodeKind, Op
from apps.specs.errors import OperationsInvalid
from apps.specs.schemas import (
    CreateIn,
    DeleteIn,
    EditIn,
    Linking,
    MoveIn,
    OperationIn,
    RenameIn,
    RestoreIn,
    SetIn,
    Targeted,
    UnlinkIn,
    UpdateIn,
)

_TRIES = 1000

Bases = Mapping[tuple[UUID, int], NodeState]


def bases_in(sent: Sequence[OperationIn], excerpt: Excerpt) -> set[tuple[UUID, int]]:
    """Older versions that operations were written against: to be looked up before resolving."""
    found: set[tuple[UUID, int]] = set()
    for operation in sent:
        base = operation.base if isinstance(operation, Targeted) else None
        node = excerpt.named(operation.target) if base and isinstance(operation, Targeted) else None
        if node and base and base < node.version:
            found.add((node.id, base))
    return found


def resolve(
    sent: Sequence[OperationIn],
    excerpt: Excerpt,
    *,
    prefixes: Mapping[str, str],
    next_key: Callable[[str], str],
    bases: Bases | None = None,
) -> tuple[Operation, ...]:
    """Raises OperationsInvalid. `prefixes`: of the keys of each kind there is. `next_key`: of a
    prefix, the next key with a number; of the whole key of a section, that key, or the next with a
    number where somebody has or had it. `bases`: see bases_in."""
    resolver = _Resolver(excerpt, prefixes, next_key, bases or {})
    faults: list[Fault] = []
    resolved: list[Operation] = []
    for number, operation in enumerate(sent):
        try:
            resolved.append(resolver.take(operation))
        except _Wrong as wrong:
            faults.append(
                Fault(operation=number, field=wrong.field, message=wrong.message, code=wrong.code)
            )
            resolver.give_up(operation)
        except _Consequence:
            continue
    if not faults:
        faults = [
            Fault(operation=number, field="target", message=message, code="deleted")
            for number, message in orphaned(resolved, resolver.stage)
        ]
    if faults:
        raise OperationsInvalid(details=[asdict(fault) for fault in faults])
    return tuple(resolved)


class _Wrong(Exception):
    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        self.field, self.message, self.code = field, message, code


class _Consequence(Exception):
    """It names what an operation with a fault would have made. That fault is told already."""


class _Resolver:
    def __init__(
        self,
        excerpt: Excerpt,
        prefixes: Mapping[str, str],
        next_key: Callable[[str], str],
        bases: Bases,
    ) -> None:
        self.excerpt = excerpt
        self.prefixes = prefixes
        self.next_key = next_key
        self.bases = bases
        self.stage = Stage(excerpt)
        self.given: dict[str, UUID] = {}
        """Keys that it has given so far, without case."""
        self.missed: set[str] = set()
        """Keys that it would have given."""
        self.stated: dict[UUID, int] = {}
        self.turned: set[UUID] = set()
        """What it has created, deleted or restored."""

    def take(self, sent: OperationIn) -> Operation:
        try:
            operation = self._read(sent)
            self.stage.do(operation)
        except EditUnfit as unfit:
            raise _Wrong(unfit.field, unfit.message, "does_not_fit") from unfit
        except Crowded as crowded:
            raise _Wrong(
                "after", "No more goes in between there: put it elsewhere.", "crowded"
            ) from crowded
        return operation

    def give_up(self, sent: OperationIn) -> None:
        key = sent.key if isinstance(sent, CreateIn | RenameIn) else None
        if key and not self._is_taken(key):
            self.missed.add(key.casefold())

    def _read(self, sent: OperationIn) -> Operation:
        if isinstance(sent, CreateIn):
            return self._create(sent)
        if isinstance(sent, Linking):
            return self._link(sent)
        node = self._target(sent)
        match sent:
            case UpdateIn():
                return self._update(sent, node)
            case SetIn():
                field = f"{ATTRIBUTE}{sent.attribute}"
                return self._change(Op.SET, node, {field: sent.value}, "value")
            case EditIn():
                hunks = hunks_between(node.body, edited(sent, node.body))
                return self._operation(Op.EDIT, node, hunks=hunks)
            case RenameIn():
                return self._rename(sent, node)
            case MoveIn():
                return self._move(sent, node)
            case DeleteIn():
                return self._delete(node)
            case RestoreIn():
                return self._restore(node)

    # --- what it is done to

    def _find(self, name: str, field: str) -> NodeState:
        node = self.given.get(name.casefold())
        found = self.stage.nodes[node] if node else self.excerpt.named(name)
        if found is None:
            if name.casefold() in self.missed:
                raise _Consequence
            raise _Wrong(field, f"There is no {_quoted(name)} here.", "unknown")
        return self.stage.nodes[found.id]

    def _live(self, name: str, field: str) -> NodeState:
        node = self._find(name, field)
        if not node.is_live:
            raise _Wrong(field, f"{node.key} was deleted: restore it first.", "deleted")
        return node

    def _target(self, sent: Targeted) -> NodeState:
        is_restored = isinstance(sent, RestoreIn)
        node = (self._find if is_restored else self._live)(sent.target, "target")
        base = node.version if sent.base is None else sent.base
        if self.stated.setdefault(node.id, base) != base:
            raise _Wrong("base", f"All operations on {node.key} have the same base.")
        if base != node.version:
            if (node.id, base) not in self.bases:
                raise _Wrong("base", f"{node.key} has no version {base}.", "unknown")
            node = self.stage.nodes[node.id] = self.bases[node.id, base]
        return node

    def _operation(self, op: Op, node: NodeState, **rest: Any) -> Operation:
        return Operation(
            op=op, node=node.id, key=node.key, kind=node.kind, base=node.version, **rest
        )

    def _change(self, op: Op, node: NodeState, after: dict[str, Any], where: str) -> Operation:
        before = {field: value_of(node, field) for field in after}
        differing = [field for field in after if not is_same(before[field], after[field])]
        if not differing:
            raise _Wrong(where, f"So it is already in {node.key}.", "unchanged")
        return self._operation(
            op,
            node,
            before={field: before[field] for field in differing},
            after={field: after[field] for field in differing},
        )

    # --- one by one

    def _create(self, sent: CreateIn) -> Operation:
        self._known(sent.kind, "kind")
        parent = self._live(sent.parent, "parent") if sent.parent else None
        links = [self._link_of(number, sent) for number in range(len(sent.links))]
        if len({(link["kind"], link["target"]) for link in links}) < len(links):
            raise _Wrong("links", "A link is named twice.")
        if sent.key and self._is_taken(sent.key):
            raise _Wrong("key", f"{sent.key} is taken, or was once: take another.", "taken")
        after = self._position(sent, parent)
        node = NodeState(
            id=uuid7(), key=sent.key or self._new_key(sent, parent), kind=sent.kind, title=""
        )
        plain = {
            "title": sent.title,
            "heading": sent.heading,
            "body": sent.body,
            "labels": list(sent.labels),
            "owner": None if sent.owner is None else str(sent.owner),
            "status": str(sent.status),
            "parent": None if parent is None else str(parent.id),
        }
        attributes = {f"{ATTRIBUTE}{name}": value for name, value in sent.attributes.items()}
        node = with_values(node, plain | attributes)
        self.given[node.key.casefold()] = node.id
        self.turned.add(node.id)
        return self._operation(
            Op.CREATE,
            node,
            after={**all_fields(node), "after": after, "links": links},
        )

    def _link_of(self, number: int, sent: CreateIn) -> dict[str, str]:
        link = sent.links[number]
        target = self._live(link.target, f"links.{number}.target")
        return {"kind": link.kind.value, "target": str(target.id), "key": target.key}

    def _update(self, sent: UpdateIn, node: NodeState) -> Operation:
        changes = sent.changes
        after: dict[str, Any] = {}
        for field in PLAIN:
            if field in changes.model_fields_set:
                value = getattr(changes, field)
                after[field] = str(value) if field in ("owner", "status") and value else value
        if "kind" in after:
            self._known(changes.kind, "changes.kind")
        if "attributes" in changes.model_fields_set:
            for name in {**node.attributes, **changes.attributes}:
                after[f"{ATTRIBUTE}{name}"] = changes.attributes.get(name)
        return self._change(Op.UPDATE, node, after, "changes")

    def _rename(self, sent: RenameIn, node: NodeState) -> Operation:
        had = self.given.get(sent.key.casefold()) or getattr(
            self.excerpt.named(sent.key), "id", None
        )
        if self._is_taken(sent.key) and had != node.id:
            raise _Wrong("key", f"{sent.key} is taken, or was once: take another.", "taken")
        operation = self._change(Op.RENAME, node, {"key": sent.key}, "key")
        self.given[sent.key.casefold()] = node.id
        return operation

    def _move(self, sent: MoveIn, node: NodeState) -> Operation:
        if "parent" in sent.model_fields_set:
            parent = self._live(sent.parent, "parent") if sent.parent else None
        else:
            parent = self.stage.nodes[node.parent] if node.parent else None
        if parent and self.stage.is_within(parent.id, node.id):
            raise _Wrong("parent", f"{node.key} cannot become a part of itself.")
        after = self._position(sent, parent, node)
        to = None if parent is None else str(parent.id)
        stands = self.stage.before_in_order(node.id)
        if to == value_of(node, "parent") and after == (stands and str(stands)):
            raise _Wrong("parent", f"{node.key} stands there already.", "unchanged")
        return self._operation(
            Op.MOVE,
            node,
            before={"parent": value_of(node, "parent")},
            after={"parent": to, "after": after},
        )

    def _delete(self, node: NodeState) -> Operation:
        self._turn(node)
        return self._operation(
            Op.DELETE, node, before={**all_fields(node), "links": links_of(self.stage, node.id)}
        )

    def _restore(self, node: NodeState) -> Operation:
        if node.is_live:
            raise _Wrong("target", f"{node.key} is there.", "unchanged")
        self._turn(node)
        return self._operation(Op.RESTORE, node)

    def _turn(self, node: NodeState) -> None:
        if node.id in self.turned:
            message = f"This proposal creates, deletes or restores {node.key}: leave both out."
            raise _Wrong("target", message)
        self.turned.add(node.id)

    def _link(self, sent: Linking) -> Operation:
        source, target = self._live(sent.target, "target"), self._live(sent.to, "to")
        link = LinkState(source.id, sent.kind, target.id)
        standing = standing_link(self.stage, link)
        if isinstance(sent, UnlinkIn):
            if standing is None:
                message = f"{source.key} has no link of this kind to {target.key}."
                raise _Wrong("to", message, "unknown")
            if standing != link:
                source, target, link = target, source, standing
            return self._operation(Op.UNLINK, source, link=link, target_key=target.key)
        if source.id == target.id:
            raise _Wrong("to", "A link leads elsewhere.")
        if standing:
            message = f"{source.key} has this link to {target.key} already."
            raise _Wrong("to", message, "unchanged")
        return self._operation(Op.LINK, source, link=link, target_key=target.key)

    # --- keys, kinds and places

    def _known(self, kind: str, field: str) -> None:
        if kind not in self.prefixes:
            kinds = ", ".join(sorted(self.prefixes))
            raise _Wrong(field, f"There is no such kind here. There are: {kinds}.", "unknown")

    def _is_taken(self, key: str) -> bool:
        return key.casefold() in self.given or self.excerpt.has_given(key)

    def _new_key(self, sent: CreateIn, parent: NodeState | None) -> str:
        stem = self.prefixes[sent.kind]
        if sent.kind == NodeKind.SECTION:
            if parent is None:
                raise _Wrong("key", "A section without a parent has no document to name it after.")
            stem = f"{self._document_key(parent)[:45]}.{slug_of(sent.title)}"
        for _ in range(_TRIES):
            key = self.next_key(stem)
            if not self._is_taken(key):
                return key
        raise _Wrong("key", "No key was free: give one.", "taken")

    def _document_key(self, part: NodeState) -> str:
        """Of what this is a section of, however deep."""
        seen: set[UUID] = set()
        while part.kind == NodeKind.SECTION and part.id not in seen:
            seen.add(part.id)
            if part.parent not in self.stage.nodes:
                return part.key.rpartition(".")[0] or part.key
            part = self.stage.nodes[part.parent]
        return part.key

    def _position(
        self, sent: CreateIn | MoveIn, parent: NodeState | None, moved: NodeState | None = None
    ) -> str | None:
        """The part that it will stand behind."""
        parts = [
            part
            for part in self.stage.parts_of(parent.id if parent else None)
            if moved is None or part != moved.id
        ]
        if "after" not in sent.model_fields_set:
            return str(parts[-1]) if parts else None
        if sent.after is None:
            return None
        after = self._live(sent.after, "after")
        if after.id not in parts:
            message = f"{after.key} is no other part of {parent.key if parent else 'a whole'}."
            raise _Wrong("after", message)
        return str(after.id)


def slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:25].strip("-") or "section"


def _quoted(name: str) -> str:
    return f"`{name[:80]}`"
