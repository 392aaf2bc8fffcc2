"""What the workspace says, into its files: whole ones that are new, and of the others what has
changed.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from apps.common.diffs.hunks import hunks_between
from apps.common.diffs.unified import written_hunk
from apps.mirror.choices import FileState, Outwards
from apps.mirror.deciding import Decision
from apps.mirror.disk import Moved, content_of, patch_of, patches_in, put, remove
from apps.mirror.holding import Held, on_chart
from apps.mirror.models import MirroredFile
from apps.mirror.services.sheets import Desk, Sheet, keep, note, save
from apps.mirror.texts import read_page, rewritten
from apps.specs.paper.files import path_of
from apps.specs.paper.leaves import Leaf, Library
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.writing import write_document
from apps.specs.selectors.exporting import leaves_at


def write_new(desk: Desk, documents: Sequence[str], taken: set[str]) -> list[Sheet]:
    """`documents`: that have no file yet. `taken`: paths that are."""
    ids = {document: desk.documents[document] for document in documents}
    leaves = leaves_at(desk.chart, {id_ for some in ids.values() for id_ in some})
    written = []
    for some in ids.values():
        here = [leaves[id_] for id_ in some]
        path = path_of(here[0])
        if path in taken:
            desk.told.faults[path] = f"{here[0].key} would stand here, and another file does."
            continue
        text = write_document(here[0], Library(leaves=tuple(here)).below(), known=desk.known)
        row = MirroredFile(
            mirror=desk.mirror, workspace_id=desk.workspace, path=path, document=UUID(here[0].id)
        )
        sheet = Sheet(row=row, content=None)
        if _put(desk, sheet, text) and not desk.manner.dry_run:
            said = read_page(text, path=path, key=here[0].key, known=desk.known)
            keep(sheet, on_chart(said, desk.chart, of_graph=True), FileState.AGREED)
            save(sheet)
            written.append(sheet)
    return written


def write_out(desk: Desk, sheet: Sheet, decision: Decision) -> bool:
    """Whether the file says now what it should, or as much of it as it may."""
    if not decision.writes:
        return True
    if not decision.wanted:
        return _take_away(desk, sheet)
    had = [one.leaf for one in sheet.disk]
    try:
        text = rewritten(sheet.text, had, decision.wanted, known=desk.known, ways=desk.ways)
    except Unreadable as error:
        note(sheet, FileState.CONFLICTS, error.faults[0].message)
        return False
    if not _put(desk, sheet, text):
        return False
    ids = {one.leaf.key.casefold(): one.id for one in (*sheet.disk, *sheet.graph)}
    said = _called(read_page(text, path=sheet.path, key=had[0].key, known=desk.known), decision)
    sheet.disk = tuple(Held(id=ids.get(leaf.key.casefold(), ""), leaf=leaf) for leaf in said)
    return True


def _called(said: Sequence[Leaf], decision: Decision) -> Sequence[Leaf]:
    """By the keys that its nodes have: it says the same, in the same order."""
    return [
        replace(leaf, id=want.id, key=want.key, parent=want.parent)
        for leaf, want in zip(said, decision.wanted, strict=True)
    ]


def _put(desk: Desk, sheet: Sheet, text: str) -> bool:
    content = text.encode()
    if not _may(desk, sheet, text, desk.told.written):
        return False
    try:
        sheet.seen = put(desk.folder, sheet.path, content, instead_of=sheet.content)
    except (Moved, OSError) as error:
        _failed(desk, sheet.path, desk.told.written, error)
        return False
    sheet.content = content
    return True


def _take_away(desk: Desk, sheet: Sheet) -> bool:
    if sheet.content is None:
        return True
    if not _may(desk, sheet, "", desk.told.removed):
        return False
    try:
        remove(desk.folder, sheet.path, instead_of=sheet.content)
    except (Moved, OSError) as error:
        _failed(desk, sheet.path, desk.told.removed, error)
        return False
    sheet.content, sheet.seen, sheet.disk = None, None, ()
    return True


def _may(desk: Desk, sheet: Sheet, text: str, told: list[str]) -> bool:
    manner = desk.manner
    if desk.is_doubted:
        desk.later = True
        return False
    if not manner.accepts_path(sheet.path):
        if manner.outwards == Outwards.PROPOSE:
            _propose(desk, sheet, text)
        if manner.outwards != Outwards.WRITE:
            return False
    told.append(sheet.path)
    return not manner.dry_run


def _failed(desk: Desk, path: str, told: list[str], error: Exception) -> None:
    """Where somebody was quicker, it is looked at again."""
    told.remove(path)
    desk.later = True
    if isinstance(error, OSError):
        desk.told.faults[path] = f"It cannot be written: {error.strerror}."


def _propose(desk: Desk, sheet: Sheet, text: str) -> None:
    """As a patch beside the files, which `patch -p1` and `git apply` take too."""
    sides = (
        f"--- a/{sheet.path}" if sheet.text else "--- /dev/null",
        f"+++ b/{sheet.path}" if text else "+++ /dev/null",
    )
    hunks = hunks_between(sheet.text, text)
    lines = [*sides, *(line for hunk in hunks for line in written_hunk(hunk))]
    patch = "".join(f"{line}\n" for line in lines).encode()
    path = patch_of(sheet.path)
    desk.patches.add(path)
    there = content_of(desk.folder, path)
    if not (there and there[0] == patch):
        desk.told.patched.append(path)
        if desk.manner.dry_run:
            return
        try:
            put(desk.folder, path, patch, instead_of=there[0] if there else None)
        except (Moved, OSError) as error:
            _failed(desk, path, desk.told.patched, error)
            return
    note(sheet, FileState.WAITS, f"{path} waits to be accepted.")


def drop_patches(desk: Desk, looked_at: Collection[str], files: Collection[str]) -> None:
    """Those that nobody has to accept any more: of files that were looked at and need none, and of
    what is no file."""
    if desk.is_doubted or desk.manner.dry_run:
        return
    still = {patch_of(path) for path in files} - {patch_of(path) for path in looked_at}
    for patch in patches_in(desk.folder):
        there = content_of(desk.folder, patch)
        if there and patch not in still | desk.patches:
            try:
                remove(desk.folder, patch, instead_of=there[0])
            except (Moved, OSError):
                desk.told.faults[patch] = "It cannot be removed."
