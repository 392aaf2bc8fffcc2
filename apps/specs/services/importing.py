"""Files brought into a workspace: as proposals, so that the policy decides, and people where it
says so. What differs from the files is what is proposed, so it can be asked for again and goes on
where it had to wait.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from rapidfuzz.fuzz import ratio

from apps.accounts.models import Membership
from apps.common.actors import Actor
from apps.ledger.services import record, unit
from apps.specs.errors import FilesUnreadable
from apps.specs.events import GraphImported
from apps.specs.models.graph import Graph
from apps.specs.models.proposals import Proposal
from apps.specs.paper.differing import Present, operations_between
from apps.specs.paper.files import files_of, library_in
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.reqif import library_of_reqif, read_reqif
from apps.specs.paper.rewording import with_kept_keys
from apps.specs.paper.whole import json_of, library_from
from apps.specs.schemas import fitting
from apps.specs.selectors.exporting import present_of
from apps.specs.selectors.kinds import kinds_of
from apps.specs.services.kinds import define_kind
from apps.specs.services.proposing import applied_at_once, propose
from apps.specs.services.submitting import Submitted

LOOKED_AT = 10_000
"""Characters of two texts that may be the same."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a library comes from, and how it is compared: with what the workspace would have in
    files, or in JSON."""

    name: str
    digest: str
    library: Callable[[Present], Library]
    as_it_says: Callable[[Present], Library]


@dataclass(frozen=True, kw_only=True)
class Imported:
    kinds: tuple[str, ...] = ()
    """That were defined, or would be."""
    proposals: tuple[Submitted, ...] = ()
    waits: Proposal | None = None
    """One of an earlier import of the same, that nobody has decided on."""
    left: tuple[dict[str, Any], ...] = ()
    """Operations that are still to be proposed."""
    strangers: tuple[str, ...] = ()
    """Keys of nodes whose owner is no member here: they come without one."""
    notes: tuple[PaperFault, ...] = ()
    """What the files say that was read otherwise than it stands, or not at all."""


def from_files(files: dict[str, str], *, name: str, workspace: UUID) -> Source:
    kinds = kinds_of(workspace)

    def read(texts: dict[str, str], present: Present) -> Library:
        there = {leaf.key: leaf.kind for leaf in present.library.leaves}
        held = {leaf.key.casefold(): leaf for leaf in present.library.leaves}
        found = library_in(
            texts, kinds=kinds, keys=there, may_take=lambda leaf: _came_from(leaf, held)
        )
        leaves = (_with_owner(leaf, held.get(leaf.key.casefold())) for leaf in found.leaves)
        return replace(found, leaves=tuple(leaves))

    def as_it_says(present: Present) -> Library:
        return read(files_of(present.library), present)

    said = "".join(f"{path}\0{text}\0" for path, text in sorted(files.items()))
    return Source(
        name=name,
        digest=_digest(said),
        library=lambda present: read(files, present),
        as_it_says=as_it_says,
    )


def _came_from(leaf: Leaf, held: Mapping[str, Leaf]) -> bool:
    """Whether the node of that key, if there is one, is what this file was before: it names itself
    by the same word, and its title or most of its text is the same."""
    there = held.get(leaf.key.casefold())
    if there is None:
        return True
    names = (leaf.attributes.get(name) == leaf.key for name in ("id", "key", "uid", "identifier"))
    named = any(names) and any(value == leaf.key for value in there.attributes.values())
    alike = there.title == leaf.title or ratio(there.body[:LOOKED_AT], leaf.body[:LOOKED_AT]) > 50
    return there.parent is None and named and alike


def _with_owner(leaf: Leaf, there: Leaf | None) -> Leaf:
    """Other tools do not know who looks after it here."""
    keeps = leaf.is_foreign and leaf.owner is None and there is not None
    return replace(leaf, owner=there.owner) if keeps and there else leaf


def from_json(text: str, *, name: str) -> Source:
    return Source(
        name=name,
        digest=_digest(text),
        library=lambda _: library_from(text, name),
        as_it_says=in_json,
    )


def in_json(present: Present) -> Library:
    return library_from(json_of(present.library), "here")


def from_reqif(content: bytes, *, name: str) -> Source:
    roots = read_reqif(content, name)
    return Source(
        name=name,
        digest=hashlib.sha256(content).hexdigest(),
        library=lambda present: library_of_reqif(roots, name=name, present=present),
        as_it_says=in_json,
    )


def import_library(
    *, source: Source, workspace: UUID, actor: Actor, delete: bool = False, dry_run: bool = False
) -> Imported:
    """`delete`: what the files do not name goes."""
    said = f"Import of {source.name}"
    rationale = f"{said}. SHA-256 of what it says: {source.digest}."
    proposals: list[Submitted] = []
    done = 0
    wanted, operations, strangers = _compared(source, workspace, actor, delete)
    kinds = _define_kinds(wanted, workspace, actor, dry_run=dry_run)
    result = Imported(kinds=kinds, strangers=strangers, notes=wanted.notes)
    if held := waiting(rationale, workspace, actor):
        return replace(result, waits=held, left=tuple(operations))
    if dry_run and kinds:  # nothing can be judged before they are there
        return replace(result, left=tuple(operations))
    while operations:
        fit = fitting(operations)
        part, rest = operations[:fit], operations[fit:]
        submitted = propose(
            title=said[:200],
            rationale=rationale,
            sent=part,
            actor=actor,
            workspace=workspace,
            dry_run=dry_run,
        )
        if dry_run:
            return replace(result, proposals=(submitted,), left=tuple(operations))
        proposals.append(submitted)
        if not applied_at_once(submitted):
            return replace(result, proposals=tuple(proposals), left=tuple(rest))
        done += len(part)
        _, after, _ = _compared(source, workspace, actor, delete)
        if after == operations:
            break
        operations = after
    if proposals:
        _tell(wanted, source, workspace, actor)
    return replace(result, proposals=tuple(proposals), left=tuple(operations))


def _compared(
    source: Source, workspace: UUID, actor: Actor, delete: bool
) -> tuple[Library, list[dict[str, Any]], tuple[str, ...]]:
    present = present_of(workspace=workspace, actor=actor)
    try:
        wanted, strangers = _without_strangers(source.library(present), present, workspace)
        ids = {leaf.key: leaf.id for leaf in present.library.leaves}
        here = source.as_it_says(present)
        leaves = tuple(replace(leaf, id=ids[leaf.key]) for leaf in here.leaves)
        there = replace(present, library=Library(kinds=here.kinds, leaves=leaves))
        wanted = with_kept_keys(there, wanted)
        return wanted, operations_between(there, wanted, delete=delete), strangers
    except Unreadable as error:
        raise FilesUnreadable(
            details=[{"field": fault.place, "message": fault.message} for fault in error.faults]
        ) from None


def _without_strangers(
    wanted: Library, present: Present, workspace: UUID
) -> tuple[Library, tuple[str, ...]]:
    """Owners are members. Who was one when a node was given to them may stay."""
    members = Membership.objects.filter(workspace_id=workspace).values_list("user_id", flat=True)
    known = {str(id_) for id_ in members} | {leaf.owner for leaf in present.library.leaves}
    strange = {leaf.key for leaf in wanted.leaves if leaf.owner and leaf.owner not in known}
    leaves = tuple(
        replace(leaf, owner=None) if leaf.key in strange else leaf for leaf in wanted.leaves
    )
    return replace(wanted, leaves=leaves), tuple(sorted(strange))


def _define_kinds(
    wanted: Library, workspace: UUID, actor: Actor, *, dry_run: bool
) -> tuple[str, ...]:
    """All of them or none, and before anything is proposed that needs them."""
    there = kinds_of(workspace)
    new = {name: kind for name, kind in wanted.kinds.items() if there.get(name) != kind}
    if new and not dry_run:
        with unit(actor=actor, workspace=workspace):
            for name, kind in sorted(new.items()):
                define_kind(
                    name=name,
                    prefix=kind.prefix,
                    schema=kind.schema,
                    actor=actor,
                    workspace=workspace,
                )
    return tuple(sorted(new))


def waiting(rationale: str, workspace: UUID, actor: Actor) -> Proposal | None:
    found = Proposal.objects.visible_to(actor).open().filter(workspace_id=workspace)
    return found.filter(proposer_id=actor.actor_id, rationale=rationale).first()


def _tell(wanted: Library, source: Source, workspace: UUID, actor: Actor) -> None:
    with unit(actor=actor, workspace=workspace):
        record(
            GraphImported(
                revision=Graph.objects.get(workspace_id=workspace).revision,
                nodes=len(wanted.leaves),
                links=sum(len(leaf.links) for leaf in wanted.leaves),
                digest=source.digest,
            )
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
