"""What of a payload is judged: all its texts, and the paths it names; and what a name is. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PATH_WORDS = frozenset(
    word + ending
    for word in (
        *("path", "file", "filename", "filepath", "pathname", "dirname", "dir", "directory"),
        *("folder", "workdir", "basedir", "cwd", "src", "dst", "dest", "destination"),
    )
    for ending in ("", "s")
) | {"directories"}
"""A payload's texts under a name that ends in one of these are paths, however deep they stand."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ODD = re.compile(r"[^A-Za-z0-9_-]")


def texts_in(value: Any, name: str) -> dict[str, str]:
    """Every text in a payload, names included, by where it stands: `payload.files.0`."""
    return dict(_texts(value, name))


def is_name(text: str) -> bool:
    """Of a tool, an agent, a spec: it may stand where nobody erases it. A sentence may not."""
    return _NAME.fullmatch(text) is not None


def names_a_path(name: str) -> bool:
    """`path`, `target_file`, `outputPath`, `File-Name`, but neither `profile` nor `file_id`."""
    words = [word.lower() for word in _WORD.findall(name)]
    return not PATH_WORDS.isdisjoint((name.lower(), "".join(words[-2:]), *words[-1:]))


def paths_in(value: Any, *, named: bool = False) -> Iterator[str]:
    """Under such a name also names that look like paths, as in `{"files": {"a/b.md": "…"}}`."""
    match value:
        case str() if named:
            yield value
        case Mapping():
            for name, inner in value.items():
                is_one = named and any(mark in name for mark in "/\\.")
                if is_one:
                    yield name
                if not (is_one and isinstance(inner, str) and "\n" in inner):  # what is in it
                    yield from paths_in(inner, named=named or names_a_path(name))
        case list() | tuple():
            for inner in value:
                yield from paths_in(inner, named=named)


def count_of(value: Any) -> int:
    """Of everything in it, names included."""
    match value:
        case Mapping():
            return 1 + len(value) + sum(map(count_of, value.values()))
        case list() | tuple():
            return 1 + sum(map(count_of, value))
    return 1


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
