"""The folder itself: which of its files have moved since they were last read, and writing one of
them so that whoever edits it meanwhile loses nothing. No step is a link.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from secrets import token_hex

from apps.mirror.exchanging import exchanged
from apps.specs.paper.files import KINDS_FILE
from apps.specs.paper.folder import ALL_TOGETHER, MOST_FILES, Found, files_in, read_below
from apps.specs.paper.leaves import PaperFault
from apps.specs.paper.reading import Unreadable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OURS = ".lattice"
PROPOSED = f"{OURS}/proposed"
LONGEST = 255 - len(".patch")
"""Bytes of the name of a file that has a patch beside."""
TOO_MUCH = "More has moved than is read at once: it is read after the others."


class Moved(Exception):
    """The file is not what was read: somebody has edited, made or removed it meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Size and time of change: while both are the same, a file is the same."""

    size: int
    mtime_ns: int


@dataclass(kw_only=True)
class Scan:
    there: dict[str, Seen] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    """Of what has moved."""
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def is_left(self) -> bool:
        """Whether some were not read for the sake of the others."""
        return TOO_MUCH in self.faults.values()

    def hides(self, path: str) -> bool:
        """Whether it may be there, for all that can be told."""
        return any(above.as_posix() in self.faults for above in PurePosixPath(path).parents)


def scan(folder: Path, known: Mapping[str, Seen]) -> Scan:
    """Raises Unreadable where the folder as a whole cannot be read."""
    found, left = Scan(), ALL_TOGETHER
    for path, one in files_in(
        folder,
        is_known=lambda path, at: known.get(path) == Seen(size=at.st_size, mtime_ns=at.st_mtime_ns),
    ):
        if path == KINDS_FILE:
            continue
        if isinstance(one, Found):
            left -= len(one.content or b"")
            if left < 0 and one.content:
                found.faults[path] = TOO_MUCH
                continue
            found.there[path] = Seen(size=one.size, mtime_ns=one.mtime_ns)
            if one.content is not None:
                found.contents[path] = one.content
        else:
            found.faults[path] = one.message
        if len(found.there) > MOST_FILES:
            raise Unreadable(PaperFault(str(folder), "These are more files than are read at once."))
    return found


def content_of(folder: Path, path: str) -> tuple[bytes, Seen] | None:
    """None: it is not there, or cannot be read."""
    with suppress(OSError), _above(folder, path) as (here, name):
        found = read_below(path, name, here)
        if isinstance(found, Found):
            return found.content or b"", Seen(size=found.size, mtime_ns=found.mtime_ns)
    return None


def put(folder: Path, path: str, content: bytes, *, instead_of: bytes | None) -> Seen:
    """All of it or nothing. `instead_of`: what was read; None: there was no such file. Raises
    Moved, or OSError."""
    with _above(folder, path, make=True) as (here, name):
        apart = _name_apart()
        opened = os.open(apart, _NEW, 0o666, dir_fd=here)
        try:
            with os.fdopen(opened, "wb") as file:
                file.write(content)
                file.flush()
                if instead_of is not None:
                    before = os.stat(name, dir_fd=here, follow_symlinks=False)
                    os.fchmod(opened, stat.S_IMODE(before.st_mode))
                os.fsync(opened)
                ours = os.fstat(opened)
            if instead_of is None:
                os.link(apart, name, src_dir_fd=here, dst_dir_fd=here)
            else:
                _require_still(name, here, instead_of)
                _change_places(apart, name, here, content, instead_of)
        except (FileExistsError, FileNotFoundError) as error:
            raise Moved from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(apart, dir_fd=here)
        os.fsync(here)
        return Seen(size=ours.st_size, mtime_ns=ours.st_mtime_ns)


def remove(folder: Path, path: str, *, instead_of: bytes) -> None:
    """Raises Moved, or OSError."""
    with _above(folder, path) as (here, name):
        _require_still(name, here, instead_of)
        apart = _name_apart()
        os.rename(name, apart, src_dir_fd=here, dst_dir_fd=here)
        try:
            _require_still(apart, here, instead_of)
        except Moved:
            with suppress(FileExistsError):  # it was saved once more
                os.link(apart, name, src_dir_fd=here, dst_dir_fd=here)
            raise
        finally:
            os.unlink(apart, dir_fd=here)
            os.fsync(here)


def patch_of(path: str) -> str:
    """Where what a file should say waits to be accepted."""
    *steps, name = PurePosixPath(path).parts
    if len(os.fsencode(name)) > LONGEST:
        name = digest_of(name.encode())
    return "/".join([PROPOSED, *steps, f"{name}.patch"])


def patches_in(folder: Path) -> list[str]:
    """What is no patch of ours is none."""
    found = (folder / PROPOSED).rglob("*.patch")
    return sorted(path.relative_to(folder).as_posix() for path in found if path.is_file())


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def _name_apart() -> str:
    """Which begins with a dot, so it is no file of the folder, and is never too long."""
    return f".lattice.{token_hex(8)}"


def _change_places(apart: str, name: str, here: int, content: bytes, instead_of: bytes) -> None:
    """What is saved after the last look is found apart, and put back: whatever was saved last
    stands there in the end. Where the file system cannot do so, such a save is lost."""
    if not exchanged(apart, name, here=here):
        os.rename(apart, name, src_dir_fd=here, dst_dir_fd=here)
        return
    expected: bytes | None = instead_of
    stands: bytes | None = content
    while (found := _content(apart, here)) != expected:
        exchanged(apart, name, here=here)
        expected, stands = stands, found
    if stands != content:
        raise Moved


def _content(name: str, here: int) -> bytes | None:
    found = read_below(name, name, here)
    return found.content if isinstance(found, Found) else None


def _require_still(name: str, here: int, content: bytes) -> None:
    if _content(name, here) != content:
        raise Moved


@contextmanager
def _above(folder: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The folder that a file stands in, opened step by step, and its name there."""
    *steps, name = PurePosixPath(path).parts
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in steps:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(step, dir_fd=here)
            below = os.open(step, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here, name
    finally:
        os.close(here)
