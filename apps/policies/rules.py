"""What of a payload is judged: all its texts, and the paths it names. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PATH_NAMES = frozenset(
    name + ending
    for name in (
        *("path", "file", "filename", "file_name", "file_path", "filepath", "dir", "directory"),
        *("folder", "source_path", "source_file", "target_path", "target_file", "destination"),
    )
    for ending in ("", "s")
)
"""Under these names a payload's texts are paths, however deep they stand."""
_ODD = re.compile(r"[^A-Za-z0-9_-]")


def texts_in(value: Any, name: str) -> dict[str, str]:
    """Every text in a payload, names included, by where it stands: `payload.files.0`."""
    return dict(_texts(value, name))


def paths_in(value: Any, *, named: bool = False) -> Iterator[str]:
    match value:
        case str() if named:
            yield value
        case Mapping():
            for name, inner in value.items():
                yield from paths_in(inner, named=named or name.lower() in PATH_NAMES)
        case list() | tuple():
            for inner in value:
                yield from paths_in(inner, named=named)


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield place, value
        case Mapping():
            for number, (name, inner) in enumerate(value.items()):
                here = f"{place}.{_ODD.sub('_', name)[:40] or number}"
                # Two names may read alike here, and none may hide what stands under the other.
                yield f"{here}#{number}", name
                yield from _texts(inner, f"{here}~{number}" if _ODD.search(name) else here)
        case _ if isinstance(value, Sequence):
            for number, inner in enumerate(value):
                yield from _texts(inner, f"{place}.{number}")
