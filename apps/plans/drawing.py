"""From what somebody sent to a plan that can be judged: its changes as patches of files, its note,
and the whole of it as an act. Pure; what does not add up is refused before anything is judged.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.common.diffs.hunks import hunks_between
from apps.plans.choices import Action
from apps.plans.errors import PlanInvalid
from apps.plans.patches.files import FilePatch
from apps.plans.patches.reading import read_patch
from apps.plans.schemas import ChangeIn, PlanIn
from apps.policies.choices import ActKind, Verb
from apps.policies.engine.paths import PathRefused, resolve
from apps.policies.ports import Act, Operation

FOLDER = "plans"
_VERBS = {
    Action.CREATE: Verb.CREATE,
    Action.EDIT: Verb.EDIT,
    Action.DELETE: Verb.DELETE,
    Action.RENAME: Verb.RENAME,
}
_LONG = 64


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change of a plan, with what was said of it."""

    file: FilePatch
    texts: tuple[tuple[str, str], ...] = ()
    """By the name of its field: what the gate searches."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    name: str
    """Of the artifact, without folder and ending."""
    intent: str
    context: str
    targets: tuple[str, ...]
    """Resolved where they can be."""
    steps: tuple[Step, ...]
    note: FilePatch
    sent: PlanIn

    @property
    def files(self) -> tuple[FilePatch, ...]:
        return tuple(step.file for step in self.steps)

    @property
    def added(self) -> int:
        return sum(file.added for file in self.kept)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.kept)

    @property
    def kept(self) -> tuple[FilePatch, ...]:
        """What the whole plan touches. One without changes is its note."""
        return self.files or (self.note,)


def draw_plan(sent: PlanIn, *, name: str) -> Drawing:
    steps = _from_patch(sent.patch) if sent.patch is not None else _from_changes(sent.changes)
    targets = tuple(dict.fromkeys(map(settled, sent.target_paths)))
    paths = targets or tuple(dict.fromkeys(path for step in steps for path in step.file.paths))
    note = FilePatch(
        action=Action.CREATE,
        path=f"{FOLDER}/{name}.md",
        hunks=hunks_between("", note_text(name, sent.intent, sent.context, paths, steps)),
    )
    _touch_once([step.file for step in steps])
    return Drawing(
        name=name,
        intent=sent.intent,
        context=sent.context,
        targets=targets,
        steps=tuple(steps),
        note=note,
        sent=sent,
    )


def settled(path: str) -> str:
    """As it is written in patches: resolved. One that is refused stays, and is denied later."""
    try:
        return resolve(path).path or path
    except PathRefused:
        return path


def act_of(drawing: Drawing) -> Act:
    """All of it: every path as it was written, every text, old and new."""
    sent = drawing.sent
    touched = {path for file in drawing.kept for path in file.paths}
    operations = [operation_of(file) for file in _as_written(drawing)]
    operations += [
        Operation(verb=Verb.EDIT, paths=(path,))
        for path in dict.fromkeys(sent.target_paths)
        if settled(path) not in touched
    ]
    texts = {"intent": sent.intent, "context": sent.context}
    if sent.patch is not None:
        texts["patch"] = sent.patch
    else:
        texts |= dict(text for step in drawing.steps for text in step.texts)
    return Act(
        kind=ActKind.PLAN,
        operations=tuple(operations),
        texts={name: text for name, text in texts.items() if text},
        diff_lines=drawing.added + drawing.removed,
    )


def act_of_cut(
    steps: Iterable[Step],
    files: Iterable[FilePatch] = (),
    texts: Mapping[str, str] | None = None,
) -> Act:
    """A part of a plan, as if it were proposed by itself."""
    taken = list(steps)
    touched = [*(step.file for step in taken), *files]
    return Act(
        kind=ActKind.PLAN,
        operations=tuple(map(operation_of, touched)),
        texts={
            name: text
            for name, text in [*(texts or {}).items(), *(t for step in taken for t in step.texts)]
            if text
        },
        diff_lines=sum(file.added + file.removed for file in touched),
    )


def operation_of(file: FilePatch) -> Operation:
    return Operation(verb=_VERBS[file.action], paths=file.paths)


def note_text(
    name: str, intent: str, context: str, paths: Sequence[str], steps: Sequence[Step]
) -> str:
    """The plan for people who review it. What others wrote stands in fences, so that it is shown
    and does nothing: no link, no mention, no heading of its own."""
    parts = [f"# Plan {name}", "## Intent", fenced(intent)]
    if context.strip():
        parts += ["## Context and constraints", fenced(context)]
    if paths:
        parts += ["## Targets", "\n".join(f"- {code(path)}" for path in paths)]
    if steps:
        parts += ["## Changes", "\n".join(f"- {told(step.file)}" for step in steps)]
    todo = [f"Look at {code(path)}" for path in paths] or ["Say which files this touches"]
    todo += ["Write the change and its tests", "Run the checks", "Ask for review"]
    parts += ["## Checklist", "\n".join(f"- [ ] {each}" for each in todo)]
    return "\n\n".join(parts) + "\n"


def told(file: FilePatch) -> str:
    """One change in a line of Markdown."""
    to = f" to {code(file.to)}" if file.to else ""
    return f"{file.action.label} {code(file.path)}{to} (+{file.added} -{file.removed})"


def fenced(text: str) -> str:
    fence = "`" * max(3, _longest_run(text) + 1)
    body = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return f"{fence}text\n{body}\n{fence}"


def code(text: str) -> str:
    """In a line: between as many backticks as it takes, and on one line whatever it holds."""
    flat = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    ticks = "`" * (_longest_run(flat) + 1)
    pad = " " if "`" in flat or flat != flat.strip() else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONG].rstrip("-")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _from_patch(patch: str) -> list[Step]:
    files = read_patch(patch)
    found = []
    for number, file in enumerate(files):
        kept = FilePatch(
            action=file.action,
            path=settled(file.path),
            to=settled(file.to) if file.to else "",
            hunks=file.hunks,
        )
        text = "\n".join(line.text for hunk in file.hunks for line in hunk.lines)
        found.append(Step(file=kept, texts=((f"patch[{number}]", text),)))
    return found


def _from_changes(changes: Sequence[ChangeIn]) -> list[Step]:
    found = []
    for number, change in enumerate(changes):
        old, new = change.old or "", change.new or ""
        file = FilePatch(
            action=change.action,
            path=settled(change.path),
            to=settled(change.to) if change.to else "",
            hunks=hunks_between(old, new),
        )
        texts = ((f"changes[{number}].old", old), (f"changes[{number}].new", new))
        found.append(Step(file=file, texts=texts))
    return found


def _as_written(drawing: Drawing) -> list[FilePatch]:
    sent = drawing.sent
    if sent.patch is not None:
        return list(read_patch(sent.patch))
    if not sent.changes:
        return [drawing.note]
    return [
        FilePatch(action=change.action, path=change.path, to=change.to or "")
        for change in sent.changes
    ]


def _touch_once(files: Sequence[FilePatch]) -> None:
    """Git applies a patch as a whole: no path is touched twice, and none is file and folder."""
    seen: dict[str, int] = {}
    results: dict[str, int] = {}
    faults = []
    for number, file in enumerate(files):
        for path in file.paths:
            if path in seen:
                faults.append((number, f"{path!r} is touched by an earlier change already."))
            seen[path] = number
        if file.action != Action.DELETE:
            results[file.to or file.path] = number
    ordered = sorted(results, key=lambda path: path.split("/"))  # a folder, then what is in it
    faults += [
        (results[path], f"{path!r} lies in what is a file by this plan.")
        for above, path in pairwise(ordered)
        if path.startswith(f"{above}/")
    ]
    if faults:
        raise PlanInvalid(
            details=[
                {"field": f"changes[{number}]", "message": message} for number, message in faults
            ]
        )
