"""A unified diff from outside, read strictly: what would be guessed at is refused, with its line.

Files are created, edited, deleted and renamed. Modes, links, submodules, copies and binary files
are none of a plan's business.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from apps.common.diffs.hunks import Hunk
from apps.common.diffs.matching import lines_of
from apps.common.diffs.unified import HunkInvalid, read_hunks
from apps.plans.choices import Action
from apps.plans.errors import PatchInvalid
from apps.plans.patches.files import FilePatch
from apps.plans.patches.writing import NOWHERE, written

MOST_FILES = 200
_INDEX = re.compile(r"index [0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: ([0-9]{6}))?")
_LIKENESS = re.compile(r"(?:dis)?similarity index [0-9]{1,3}%")
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_PLAIN_MODES = ("100644", "100755")
_MARKS = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
}
_REFUSED = (
    ("old mode ", "A plan does not change modes."),
    ("new mode ", "A plan does not change modes."),
    ("copy from ", "A plan does not copy: create the file instead."),
    ("copy to ", "A plan does not copy: create the file instead."),
    ("GIT binary patch", "A plan changes text alone, no binary files."),
    ("Binary files ", "A plan changes text alone, no binary files."),
)


def read_patch(text: str) -> tuple[FilePatch, ...]:
    """Raises PatchInvalid, with the line that is at fault."""
    return _Reader([line.removesuffix("\n") for line in lines_of(text)]).files()


@dataclass
class _Head:
    """What the headers of one file say so far."""

    line: int
    git: str | None = None
    created: bool = False
    deleted: bool = False
    renamed_from: str | None = None
    renamed_to: str | None = None
    old: str | None = None
    new: str | None = None
    hunks: tuple[Hunk, ...] = ()


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.at = 0

    def files(self) -> tuple[FilePatch, ...]:
        found: list[FilePatch] = []
        while self.at < len(self.lines):
            if not self.lines[self.at].strip():
                self.at += 1
                continue
            if len(found) == MOST_FILES:
                self._refuse(f"A plan touches at most {MOST_FILES} files. Split it.")
            found.append(self._file())
        if not found:
            self._refuse("This patch names no file.", line=1)
        return tuple(found)

    # --- headers

    def _file(self) -> FilePatch:
        head = _Head(self.at)
        line = self.lines[self.at]
        if line.startswith("diff --git "):
            head.git = line.removeprefix("diff --git ")
            self.at += 1
            self._extended(head)
        elif not line.startswith("--- "):
            self._refuse("Expected `diff --git a/... b/...` or `--- a/...` here.")
        if self._next("--- "):
            self._sides(head)
            try:
                head.hunks, self.at = read_hunks(self.lines, self.at)
            except HunkInvalid as fault:
                self._refuse(fault.message, fault.line)
        return self._settled(head)

    def _extended(self, head: _Head) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            for start, why in _REFUSED:
                if line.startswith(start):
                    self._refuse(why)
            if index := _INDEX.fullmatch(line):
                if index[1] and index[1] not in _PLAIN_MODES:
                    self._refuse("A plan changes plain files alone, no links or submodules.")
            elif line.startswith(("new file mode ", "deleted file mode ")):
                self._mode(head, line)
            elif line.startswith("rename from "):
                self._once(head.renamed_from)
                head.renamed_from = self._name(line.removeprefix("rename from "))
            elif line.startswith("rename to "):
                self._once(head.renamed_to)
                head.renamed_to = self._name(line.removeprefix("rename to "))
            elif not _LIKENESS.fullmatch(line):
                return
            self.at += 1

    def _mode(self, head: _Head, line: str) -> None:
        word, mode = line.split(" ", 1)[0], line.rpartition(" ")[2]
        if word == "new" and mode != "100644":
            self._refuse("A plan creates plain files alone: mode 100644.")
        if mode not in _PLAIN_MODES:
            self._refuse("A plan deletes plain files alone, no links or submodules.")
        if head.created or head.deleted:
            self._refuse("A file is created or deleted once.")
        head.created, head.deleted = word == "new", word == "deleted"

    def _sides(self, head: _Head) -> None:
        head.old = self._side("--- ", "a/")
        if not self._next("+++ "):
            self._refuse("Expected `+++ b/...` here, after `---`.")
        head.new = self._side("+++ ", "b/")

    def _side(self, mark: str, prefix: str) -> str:
        text = self.lines[self.at].removeprefix(mark)
        name = self._name(text.partition("\t")[0])  # a date may follow; a name spells its tab
        if name == NOWHERE:
            self.at += 1
            return NOWHERE
        if not name.startswith(prefix) or name == prefix:
            self._refuse(f"Write the path with {prefix} before it, as `git diff` does.")
        self.at += 1
        return name[len(prefix) :]

    def _name(self, text: str) -> str:
        if text.endswith("\r"):
            self._refuse("This header ends in a carriage return: lines of a patch end in LF alone.")
        if not text.startswith('"'):
            if not text:
                self._refuse("A path is missing.")
            return text
        if len(text) < 3 or not text.endswith('"'):
            self._refuse("The quotes of this path do not close.")
        inner = text[1:-1].encode()
        if re.search(rb'["\\]', _ESCAPE.sub(b"", inner)):
            self._refuse("This path is not quoted as Git quotes.")
        try:
            return _ESCAPE.sub(_unescaped, inner).decode()
        except (UnicodeDecodeError, ValueError):
            self._refuse("This path is not UTF-8.")

    # --- what they come to

    def _settled(self, head: _Head) -> FilePatch:
        if (head.renamed_from is None) != (head.renamed_to is None):
            self._refuse("A rename says both `rename from` and `rename to`.", line=head.line + 1)
        renames = head.renamed_from is not None
        creates = head.created or head.old == NOWHERE
        deletes = head.deleted or head.new == NOWHERE
        if renames + creates + deletes > 1:
            self._refuse("A file is created, deleted or renamed, not two of it.", head.line + 1)
        old, new = self._paths(head)
        if creates:
            action = Action.CREATE
        elif deletes:
            action = Action.DELETE
        else:
            action = Action.RENAME if renames else Action.EDIT
        self._agrees(head, action, old, new)
        file = FilePatch(action=action, path=old, to=new if renames else "", hunks=head.hunks)
        if (creates and file.removed) or (deletes and file.added):
            self._refuse("A new file removes no line, and a deleted one adds none.", head.line + 1)
        if (creates or deletes) and any(
            line.kind == " " for hunk in head.hunks for line in hunk.lines
        ):
            self._refuse("All lines of a new or deleted file are + or -.", head.line + 1)
        return file

    def _paths(self, head: _Head) -> tuple[str, str]:
        if head.renamed_from is not None and head.renamed_to is not None:
            if head.renamed_from == head.renamed_to:
                self._refuse("This rename leads where it comes from.", head.line + 1)
            return head.renamed_from, head.renamed_to
        sides = [side for side in (head.old, head.new) if side not in (None, NOWHERE)]
        if head.old is not None and not sides:
            self._refuse("Both sides of this file are /dev/null.", head.line + 1)
        name = sides[0] if sides else self._same_name(head)
        assert name is not None  # noqa: S101
        return name, name

    def _same_name(self, head: _Head) -> str:
        """Of a file without `---` and `+++`, which is empty."""
        if not (head.created or head.deleted):
            self._refuse("This file is named, but nothing is changed in it.", head.line + 1)
        git = head.git or ""
        if git.startswith('"'):
            half = git[: (len(git) - 1) // 2]
            name = self._name(half)
        else:
            name = git[: (len(git) - 1) // 2]
        if not name.startswith("a/") or len(name) == 2:
            self._refuse("Write the paths with a/ and b/ before them.", head.line + 1)
        return name[2:]

    def _agrees(self, head: _Head, action: Action, old: str, new: str) -> None:
        """Every header has to speak of the same two paths."""
        left = NOWHERE if action == Action.CREATE else old
        right = NOWHERE if action == Action.DELETE else new
        if head.old is not None and (head.old, head.new) != (left, right):
            self._refuse("The headers of this file name different paths.", head.line + 1)
        if head.git is None:
            return
        if action == Action.CREATE and not head.created:
            self._refuse("A new file says `new file mode 100644`.", head.line + 1)
        if action == Action.DELETE and not head.deleted:
            self._refuse("A deleted file says `deleted file mode 100644`.", head.line + 1)
        if not self._is_git_line(head.git, f"a/{old}", f"b/{new}"):
            self._refuse("`diff --git` names other paths than what follows.", head.line + 1)

    def _is_git_line(self, text: str, old: str, new: str) -> bool:
        return any(
            text == f"{first} {second}" for first in _spellings(old) for second in _spellings(new)
        )

    def _next(self, start: str) -> bool:
        return self.at < len(self.lines) and self.lines[self.at].startswith(start)

    def _once(self, said: str | None) -> None:
        if said is not None:
            self._refuse("A file is renamed once.")

    def _refuse(self, message: str, line: int | None = None) -> NoReturn:
        raise PatchInvalid(
            details=[
                {
                    "field": "patch",
                    "line": min(self.at + 1, len(self.lines) or 1) if line is None else line,
                    "message": message,
                }
            ]
        )


def _spellings(name: str) -> set[str]:
    """Bare, and in quotes with or without its other letters as octals, as Git may be set to."""
    bare = written(name)
    inner = bare if bare == name else bare[1:-1]
    octal = "".join(
        letter if letter.isascii() else "".join(f"\\{byte:03o}" for byte in letter.encode())
        for letter in inner
    )
    return {name, bare, f'"{octal}"'}


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found[1]
    if len(mark) == 3:
        return bytes([int(mark, 8)])
    return _MARKS.get(mark, mark)
