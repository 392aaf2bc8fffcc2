"""A patch as text, as `git apply` takes it."""

from collections.abc import Iterable, Iterator

from apps.common.diffs.unified import written_hunk
from apps.plans.choices import Action
from apps.plans.patches.files import FilePatch

NOWHERE = "/dev/null"
_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}


def patch_text(files: Iterable[FilePatch]) -> str:
    return "".join(f"{line}\n" for file in files for line in _lines(file))


def written(name: str) -> str:
    """A path as it stands in a header: bare, or in quotes where it would be misread."""
    if any(letter < " " or letter in '"\\\x7f' for letter in name):
        return '"' + "".join(_escaped(letter) for letter in name) + '"'
    return name


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\{ord(letter):03o}" if letter < " " or letter == "\x7f" else letter


def _lines(file: FilePatch) -> Iterator[str]:
    old, new = file.path, file.to or file.path
    yield f"diff --git {written(f'a/{old}')} {written(f'b/{new}')}"
    match file.action:
        case Action.CREATE:
            yield "new file mode 100644"
        case Action.DELETE:
            yield "deleted file mode 100644"
        case Action.RENAME:
            yield from ("similarity index 100%",) if not file.hunks else ()
            yield f"rename from {written(old)}"
            yield f"rename to {written(new)}"
        case Action.EDIT:
            pass
    if file.hunks:
        yield "--- " + (NOWHERE if file.action == Action.CREATE else _side(f"a/{old}"))
        yield "+++ " + (NOWHERE if file.action == Action.DELETE else _side(f"b/{new}"))
    for hunk in file.hunks:
        yield from written_hunk(hunk)


def _side(name: str) -> str:
    """A tab ends a name with a space in it, for readers that look for a date after it."""
    text = written(name)
    return f"{text}\t" if " " in name and text == name else text
