"""A document is one file: which one, where files are moved over others or change places. And what
stands in it stands in no other one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from apps.common.rows import update
from apps.mirror.choices import FileState
from apps.mirror.holding import read
from apps.mirror.models import MirroredFile
from apps.mirror.services.sheets import Sheet, load_what_was_said
from apps.specs.selectors.exporting import Chart


def stand_elsewhere(
    sheets: Mapping[str, Sheet],
    rows: Iterable[MirroredFile],
    owners: Mapping[str, MirroredFile],
    chart: Chart,
) -> Iterator[tuple[Sheet, str]]:
    """Files that say what another one had before, and still says: that would be taken from it.
    `rows`: of the files that are there."""
    rows = list(rows)
    load_what_was_said(row for row in rows if _is_unlike(row) and row.path not in sheets)
    stands = {id_: row.path for row in rows for id_ in _still_in(row, sheets) if chart.live(id_)}
    for path, sheet in sorted(sheets.items()):
        copied = owner_of(sheet, owners)
        mine = {str(id_) for id_, *_ in sheet.row.nodes}
        home = str(sheet.row.document or (sheet.disk and sheet.disk[0].id))
        others = (
            (held.leaf.key, stands[held.name])
            for held in sheet.disk
            if stands.get(held.name, path) != path
            and held.id not in mine
            and not (chart.live(held.id) and chart.root(held.id) == home)
        )
        key, other = (sheet.disk[0].leaf.key, copied.path) if copied else next(others, ("", ""))
        if key:
            yield sheet, f"{key} stands already in {other}."
        else:
            stands.update(dict.fromkeys((held.name for held in sheet.disk), path))


def _still_in(row: MirroredFile, sheets: Mapping[str, Sheet]) -> Collection[str]:
    """What was agreed to stand in it, so far as it does, or may."""
    agreed = {str(id_) for id_, *_ in row.nodes}
    if row.path in sheets:
        return agreed & {held.id for held in sheets[row.path].disk}
    if _is_unlike(row) and row.offered is not None:
        return agreed & {held.id for held in read(row.offered)}
    return agreed


def _is_unlike(row: MirroredFile) -> bool:
    """What was agreed on: where it can be read, it says what it offers."""
    return row.state != FileState.AGREED and FileState(row.state).may_be_taken


def owner_of(sheet: Sheet, owners: Mapping[str, MirroredFile]) -> MirroredFile | None:
    """The other file that is the document which this one says that it is."""
    named = sheet.disk[0].id if sheet.content is not None and sheet.disk else ""
    owner = owners.get(named)
    return None if owner is sheet.row else owner


def hand_over(
    sheets: dict[str, Sheet], owners: Mapping[str, MirroredFile], *, dry_run: bool
) -> None:
    """Files that are gone, or are other ones now, are where their documents are. What stood there
    is gone by that."""
    takes: dict[str, MirroredFile] = {}
    for path, sheet in sorted(sheets.items()):
        owner = owner_of(sheet, owners)
        if owner and owner not in takes.values():
            takes[path] = owner
    while still := [path for path, row in takes.items() if not _is_left(row, sheets, takes)]:
        for path in still:
            del takes[path]
    moved = list(takes.values())
    left = [sheets.pop(row.path).row.path for row in moved if row.path not in takes]
    over = [sheets[path].row for path in takes if sheets[path].row not in moved]
    for path, row in takes.items():
        sheets[path] = replace(sheets[path], row=row)
        row.path = path
    for row in over:
        if row.document:
            row.path = left.pop()
            sheets[row.path] = Sheet(row=row, content=None)
            moved.append(row)
        elif not (dry_run or row._state.adding):
            row.delete()
    if not dry_run:
        update(moved, ["path"])


def _is_left(
    row: MirroredFile, sheets: Mapping[str, Sheet], takes: Mapping[str, MirroredFile]
) -> bool:
    return row.path in takes or (row.path in sheets and sheets[row.path].content is None)
