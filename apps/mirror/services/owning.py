"""A document is one file: which one, where files are moved over others or change places."""

from collections.abc import Mapping
from dataclasses import replace

from apps.common.rows import update
from apps.mirror.models import MirroredFile
from apps.mirror.services.sheets import Sheet


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
