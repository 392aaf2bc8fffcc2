"""Operations as they are sent become operations on nodes, with what stands there now beside what
will be. Every fault is found before any is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import hunks_between
from apps.common.ids import uuid7
from apps.specs.changes.editing import EditUnfit, edited
from apps.specs.changes.fields import ATTRIBUTE, PLAIN, all_fields, is_same, value_of, with_values
from apps.specs.changes.naming import Names, section_key
from apps.specs.changes.playing import Stage
from apps.specs.changes.ranks import Crowded
from apps.specs.changes.standing import links_of, orphaned, standing_link
from apps.specs.changes.values import Excerpt, Fault, LinkState, NodeState, Operation
from apps.specs.changes.wrongs import Consequence, Wrong, every
from apps.specs.choices import NodeKind, Op
from apps.specs.errors import OperationsInvalid
from apps.specs.schemas import (
    MOST_EDITED,
    MOST_EDITED_LINES,
    TOO_MUCH,
    CreateIn,
    DeleteIn,
    EditIn,
    LinkIn,
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
        except Wrong as wrong:
            faults += wrong.faults(number)
            resolver.give_up(operation)
        except Consequence:
            continue
    if not faults:
        faults = [
            Fault(operation=number, field="target", message=message, code="deleted")
            for number, message in orphaned(resolved, resolver.stage)
        ]
    if faults:
        raise OperationsInvalid(details=[asdict(fault) for fault in faults])
    return tuple(resolved)


class _Resolver:
    def __init__(
        self,
        excerpt: Excerpt,
        prefixes: Mapping[str, str],
        next_key: Callable[[str], str],
        bases: Bases,
    ) -> None:
        self.prefixes = prefixes
        self.next_key = next_key
        self.bases = bases
        self.stage = Stage(excerpt)
        self.names = Names(excerpt, self.stage)
        self.stated: dict[UUID, int] = {}
        self.turned: set[UUID] = set()
        """What it has created, deleted or restored."""
        self.edited = self.edited_lines = 0

    def take(self, sent: OperationIn) -> Operation:
        try:
            operation = self._read(sent)
            self.stage.do(operation)
        except EditUnfit as unfit:
            raise Wrong(unfit.field, unfit.message, "does_not_fit") from unfit
        except Crowded as crowded:
            raise Wrong(
                "after", "No more goes in between there: put it elsewhere.", "crowded"
            ) from crowded
        return operation

    def give_up(self, sent: OperationIn) -> None:
        key = sent.key if isinstance(sent, CreateIn | RenameIn) else None
        if key:
            self.names.miss(key)

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
                self._go_through(node)
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

    def _target(self, sent: Targeted) -> NodeState:
        is_restored = isinstance(sent, RestoreIn)
        node = (self.names.found if is_restored else self.names.live)(sent.target, "target")
        base = node.version if sent.base is None else sent.base
        if self.stated.setdefault(node.id, base) != base:
            raise Wrong("base", f"All operations on {node.key} have the same base.")
        if base != node.version:
            if (node.id, base) not in self.bases:
                raise Wrong("base", f"{node.key} has no version {base}.", "unknown")
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
            raise Wrong(where, f"So it is already in {node.key}.", "unchanged")
        return self._operation(
            op,
            node,
            before={field: before[field] for field in differing},
            after={field: after[field] for field in differing},
        )

    # --- one by one

    def _create(self, sent: CreateIn) -> Operation:
        _, _, parent, *links = every(
            lambda: self._known(sent.kind, "kind"),
            lambda: self.names.must_be_free(sent.key) if sent.key else None,
            lambda: self.names.live(sent.parent, "parent") if sent.parent else None,
            *(partial(self._link_of, number, link) for number, link in enumerate(sent.links)),
        )
        if len({(link["kind"], link["target"]) for link in links}) < len(links):
            raise Wrong("links", "A link is named twice.")
        after = self._position(sent, parent)
        key = sent.key or self._new_key(sent, parent)
        plain = {
            "title": sent.title,
            "heading": sent.heading,
            "body": sent.body,
            "labels": sent.labels,
            "owner": None if sent.owner is None else str(sent.owner),
            "status": sent.status,
            "parent": None if parent is None else str(parent.id),
        }
        attributes = {f"{ATTRIBUTE}{name}": value for name, value in sent.attributes.items()}
        blank = NodeState(id=uuid7(), key=key, kind=sent.kind, title="")
        node = with_values(blank, plain | attributes)
        self.names.give(key, node.id)
        self.turned.add(node.id)
        placed = {"after": after, "links": links}
        return self._operation(Op.CREATE, node, after=all_fields(node) | placed)

    def _go_through(self, node: NodeState) -> None:
        self.edited += len(node.body)
        self.edited_lines += node.body.count("\n")
        if self.edited > MOST_EDITED or self.edited_lines > MOST_EDITED_LINES:
            message = (
                f"The edits of a proposal go through bodies of at most {MOST_EDITED:,} characters "
                f"and {MOST_EDITED_LINES:,} lines, each counted as often as it is edited. Make one "
                "edit of those of a node, or split the proposal."
            )
            raise Wrong("target", message, TOO_MUCH)

    def _link_of(self, number: int, link: LinkIn) -> dict[str, str]:
        target = self.names.live(link.target, f"links.{number}.target")
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
        self.names.must_be_free(sent.key, node.id)
        operation = self._change(Op.RENAME, node, {"key": sent.key}, "key")
        self.names.give(sent.key, node.id)
        return operation

    def _move(self, sent: MoveIn, node: NodeState) -> Operation:
        if "parent" in sent.model_fields_set:
            parent = self.names.live(sent.parent, "parent") if sent.parent else None
        else:
            parent = self.stage.nodes.get(node.parent) if node.parent else None
        if parent and self.stage.is_within(parent.id, node.id):
            raise Wrong("parent", f"{node.key} cannot become a part of itself.")
        after = self._position(sent, parent, node)
        to = None if parent is None else str(parent.id)
        stands = self.stage.before_in_order(node.id)
        if to == value_of(node, "parent") and after == (stands and str(stands)):
            raise Wrong("parent", f"{node.key} stands there already.", "unchanged")
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
            raise Wrong("target", f"{node.key} is there.", "unchanged")
        self._turn(node)
        return self._operation(Op.RESTORE, node, after=all_fields(node))

    def _turn(self, node: NodeState) -> None:
        if node.id in self.turned:
            message = f"This proposal creates, deletes or restores {node.key}: leave both out."
            raise Wrong("target", message)
        self.turned.add(node.id)

    def _link(self, sent: Linking) -> Operation:
        look_up = self.names.found if isinstance(sent, UnlinkIn) else self.names.live
        source, target = every(
            lambda: look_up(sent.target, "target"), lambda: look_up(sent.to, "to")
        )
        link = LinkState(source.id, sent.kind, target.id)
        standing = standing_link(self.stage, link)
        if isinstance(sent, UnlinkIn):
            if standing is None:
                message = f"{source.key} has no link of this kind to {target.key}."
                raise Wrong("to", message, "unknown")
            if standing != link:
                source, target, link = target, source, standing
            return self._operation(Op.UNLINK, source, link=link, target_key=target.key)
        if source.id == target.id:
            raise Wrong("to", "A link leads elsewhere.")
        if standing:
            message = f"{source.key} has this link to {target.key} already."
            raise Wrong("to", message, "unchanged")
        return self._operation(Op.LINK, source, link=link, target_key=target.key)

    # --- keys, kinds and places

    def _known(self, kind: str, field: str) -> None:
        if kind not in self.prefixes:
            kinds = ", ".join(sorted(self.prefixes))
            raise Wrong(field, f"There is no such kind here. There are: {kinds}.", "unknown")

    def _new_key(self, sent: CreateIn, parent: NodeState | None) -> str:
        stem = self.prefixes[sent.kind]
        if sent.kind == NodeKind.SECTION:
            if parent is None:
                raise Wrong("key", "A section without a parent has no document to name it after.")
            stem = section_key(sent.title, parent, self.stage.nodes)
        return self.names.new_key(stem, self.next_key)

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
        after = self.names.live(sent.after, "after")
        if after.id not in parts:
            message = f"{after.key} is no other part of {parent.key if parent else 'a whole'}."
            raise Wrong("after", message)
        return str(after.id)
