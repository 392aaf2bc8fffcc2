"""A plan as people decide on it: what it does in words, operation by operation, and which of them
do not stand alone. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.approvals.ports import Operation
from apps.common.texts.hidden import spelled_out
from apps.plans.artifacts import Artifact
from apps.plans.choices import Action
from apps.plans.patches.files import FilePatch
from apps.plans.selectors.plans import Touched

TOLD = 2
"""How many files a sentence names."""
_VERBS = {
    Action.CREATE: "creates",
    Action.EDIT: "edits",
    Action.DELETE: "deletes",
    Action.RENAME: "renames",
}
_DONE = {
    Action.CREATE: "created",
    Action.EDIT: "edited",
    Action.DELETE: "deleted",
    Action.RENAME: "renamed",
}


def in_words(files: Sequence[FilePatch]) -> str:
    named = [
        f"{_VERBS[file.action]} {file.path}" + (f" to {file.to}" if file.to else "")
        for file in files[:TOLD]
    ]
    left = len(files) - len(named)
    if left:
        named.append(f"touches {left} more " + ("file" if left == 1 else "files"))
    *first, last = named
    return spelled_out(f"{', '.join(first)} and {last}" if first else last)


def size_in_words(files: int, lines: int) -> str:
    """A plan without changes is one file, its note."""
    files = files or 1
    return f"{files:,} {'file' if files == 1 else 'files'}, {lines:,} " + (
        "line" if lines == 1 else "lines"
    )


def shared_paths(
    artifact: Artifact, others: Mapping[UUID, Touched]
) -> dict[str, tuple[str, tuple[UUID, ...]]]:
    """By each path that others touch as well: what becomes of it here, and which others."""
    verbs = {
        path: _DONE[Action(operation["action"])]
        for operation in artifact.document["operations"]
        for path in (operation["path"], operation["to"])
        if path
    }
    alike = {
        path: tuple(plan for plan, touched in others.items() if path in touched.paths)
        for path in verbs
    }
    return {path: (verbs[path], plans) for path, plans in alike.items() if plans}


def needs_of(files: Sequence[FilePatch]) -> list[tuple[int, ...]]:
    """For each, the others without which it cannot be done: nothing comes to lie beneath a file, or
    in the place of a folder, that another one has not taken away."""
    gone = {
        file.path: number
        for number, file in enumerate(files)
        if file.action in (Action.DELETE, Action.RENAME)
    }
    return [tuple(sorted(set(_cleared_for(file, gone)) - {at})) for at, file in enumerate(files)]


def shown(text: str) -> str:
    """A line that differs in its end alone looks different."""
    return spelled_out(text).replace("\r", "⟨U+000D⟩")


def target_of(operation: dict[str, Any]) -> str:
    to = f" to {operation['to']}" if operation["to"] else ""
    return spelled_out(f"{operation['path']}{to}")


def operations_of(artifact: Artifact, needs: Sequence[tuple[int, ...]]) -> tuple[Operation, ...]:
    """Of a plan without changes its note is the only one."""
    kept = artifact.document["operations"] or [artifact.document["note"]]
    return tuple(
        Operation(
            number=number,
            verb=operation["action"],
            target=target_of(operation),
            diff=shown(operation["patch"]),
            needs=needs[number] if needs else (),
        )
        for number, operation in enumerate(kept)
    )


def checks_of(artifact: Artifact) -> tuple[dict[str, Any], ...]:
    """What the policy said of each variant by itself, when the plan was made."""
    return tuple(
        {
            "name": f"{variant['label']} by itself",
            "passed": variant["effect"] != "deny",
            "text": spelled_out(f"{variant['summary']} {variant['explanation']}"),
        }
        for variant in artifact.variants
    )


def _cleared_for(file: FilePatch, gone: dict[str, int]) -> Iterator[int]:
    if file.action in (Action.DELETE, Action.EDIT):
        return
    result = file.to or file.path
    for path, number in gone.items():
        if result.startswith(f"{path}/") or path.startswith(f"{result}/"):
            yield number
