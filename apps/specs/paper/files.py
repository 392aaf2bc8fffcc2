"""A library as files of Markdown, one for each node that is part of no other, and back. What is
wrong is told of all files at once.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from apps.specs.changes.naming import slug_of
from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.paper.headings import KEY_LENGTH, knowing
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.reading import MayTake, Unreadable, read_document
from apps.specs.paper.referring import with_links
from apps.specs.paper.whole import read_kinds
from apps.specs.paper.writing import write_document

KINDS_FILE = "kinds.json"
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
"""What Windows takes for a device, whatever stands behind the dot."""


def files_of(library: Library) -> dict[str, str]:
    """Their texts by their paths. No two differ only in case."""
    below = library.below()
    known = knowing(
        prefixes(library.kinds.items()), {leaf.key: leaf.kind for leaf in library.leaves}
    )
    files = {
        path_of(leaf): write_document(leaf, below, known=known) for leaf in below.get(None, ())
    }
    if library.kinds:
        kinds = {name: _shown(kind) for name, kind in sorted(library.kinds.items())}
        files[KINDS_FILE] = json.dumps(kinds, ensure_ascii=False, indent=2) + "\n"
    return files


def path_of(document: Leaf) -> str:
    """Where it stands if nobody says otherwise."""
    return f"{_safe(document.kind)}/{_safe(document.key)}.md"


def library_in(
    files: Mapping[str, str],
    *,
    kinds: Mapping[str, Kind],
    keys: Mapping[str, str],
    may_take: MayTake = lambda _: True,
) -> Library:
    """`kinds` and `keys` (with their kinds): that there are already. `may_take`: as in
    `read_document`. Raises Unreadable."""
    faults: list[PaperFault] = []
    own: Mapping[str, Kind] = {}
    if KINDS_FILE in files:
        try:
            own = read_kinds(files[KINDS_FILE], KINDS_FILE)
        except Unreadable as error:
            faults += error.faults
    known = knowing(prefixes([*kinds.items(), *own.items()]), keys)
    leaves: list[Leaf] = []
    for path in sorted(files):
        if path == KINDS_FILE:
            continue
        name = PurePosixPath(path).with_suffix("")
        try:
            leaves += read_document(
                files[path],
                path=path,
                key=f"{BUILT_IN['spec']}.{slug_of(' '.join(name.parts))}"[:KEY_LENGTH],
                title=name.name,
                known=known,
                may_take=may_take,
            )
        except Unreadable as error:
            faults += error.faults
    if faults:
        raise Unreadable(*faults)
    linked, nowhere = with_links(leaves, elsewhere={key.casefold(): key for key in keys})
    notes = [PaperFault(f"{leaf.path}:1", said) for leaf in linked for said in leaf.notes]
    notes += (PaperFault(each.leaf.place, each.said) for each in nowhere)
    return Library(kinds=own, leaves=linked, notes=tuple(notes))


def prefixes(kinds: Iterable[tuple[str, Kind]]) -> dict[str, str]:
    return {**BUILT_IN, **{name: kind.prefix for name, kind in kinds}}


def _safe(name: str) -> str:
    return f"_{name}" if _RESERVED.match(name) else name


def _shown(kind: Kind) -> dict[str, Any]:
    return {"prefix": kind.prefix, "schema": kind.schema}
