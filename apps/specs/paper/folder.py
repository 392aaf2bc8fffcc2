"""Files of a folder, read and written. Nothing outside it is opened, and no step is a link."""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from apps.specs.paper.files import KINDS_FILE
from apps.specs.paper.leaves import PaperFault
from apps.specs.paper.reading import Unreadable

MOST_FILES = 20_000
LARGEST = 8 * 1024 * 1024
ALL_TOGETHER = 256 * 1024 * 1024
"""Bytes. One JSON holds as much as all files of a folder."""
DEEPEST = 16
_STEP = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True)
class Found:
    """A file, as it was when it was opened."""

    size: int
    mtime_ns: int
    content: bytes | None
    """None: it is known already, and was not read."""


IsKnown = Callable[[str, os.stat_result], bool]


def read_folder(folder: Path) -> dict[str, str]:
    """Each file of Markdown below it by its path, and what says which kinds there are. Whatever
    begins with a dot is left out. Raises Unreadable."""
    texts: dict[str, str] = {}
    faults: list[PaperFault] = []
    left = ALL_TOGETHER
    for path, found in files_in(folder):
        text = text_of(path, found.content or b"") if isinstance(found, Found) else found
        if isinstance(text, PaperFault):
            faults.append(text)
            continue
        texts[path] = text
        left -= len(text)
        if left < 0 or len(texts) > MOST_FILES:
            faults.append(PaperFault(str(folder), "These are more files than are read at once."))
            break
    if faults:
        raise Unreadable(*faults)
    return texts


def read_file(file: Path) -> str:
    """Raises Unreadable."""
    text = text_of(str(file), read_bytes(file))
    if isinstance(text, PaperFault):
        raise Unreadable(text)
    return text


def read_bytes(file: Path) -> bytes:
    """Raises Unreadable."""
    found = _read(str(file), str(file), None, ALL_TOGETHER)
    if isinstance(found, PaperFault):
        raise Unreadable(found)
    return found.content or b""


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """All of them, or none. The folder is new, or empty."""
    apart = folder.with_name(f".{folder.name}.{token_hex(4)}")
    try:
        apart.mkdir()
        for path, text in files.items():
            file = apart / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text.encode())
        apart.rename(folder)
    except OSError as error:
        raise _unwritten(folder, error) from error
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def write_file(file: Path, text: str) -> None:
    """Never over another one."""
    apart = file.with_name(f".{file.name}.{token_hex(4)}")
    try:
        apart.write_bytes(text.encode())
        os.link(apart, file)
    except OSError as error:
        raise _unwritten(file, error) from error
    finally:
        with suppress(OSError):
            apart.unlink()


def require_vacant(path: Path) -> None:
    """Raises Unreadable where neither a file nor a folder could be written now."""
    vacant = not os.path.lexists(path) or (
        path.suffix != ".json" and path.is_dir() and not any(path.iterdir())
    )
    if not vacant:
        raise _unwritten(path, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)))
    if not os.access(path.parent, os.W_OK | os.X_OK):
        why = errno.EACCES if path.parent.exists() else errno.ENOENT
        raise _unwritten(path, OSError(why, os.strerror(why)))


def _unwritten(path: Path, error: OSError) -> Unreadable:
    return Unreadable(PaperFault(str(path), f"It cannot be written: {error.strerror}."))


def files_in(
    folder: Path, *, is_known: IsKnown = lambda *_: False
) -> Iterator[tuple[str, Found | PaperFault]]:
    """In order, so that what is told of them is always the same. What cannot be read is told, and
    the others go on; a folder that is told of hides all below it. Raises Unreadable where the
    folder itself cannot be read."""
    try:
        yield from _files_in(folder, is_known)
    except OSError as error:
        said = f"It cannot be read: {error.strerror}."
        raise Unreadable(PaperFault(str(folder), said)) from error


def _files_in(folder: Path, is_known: IsKnown) -> Iterator[tuple[str, Found | PaperFault]]:
    for above, folders, names, here in os.fwalk(folder, onerror=_raise, follow_symlinks=False):
        near = Path(above).relative_to(folder)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted({*folders, *(name for name in names if not name.startswith("."))}):
            found = (near / name).as_posix()
            path = _printable(found)
            misnamed = PaperFault(path, "Its name is not UTF-8.") if path != found else None
            try:
                seen = os.stat(name, dir_fd=here, follow_symlinks=False)
            except FileNotFoundError:  # meanwhile
                continue
            if stat.S_ISLNK(seen.st_mode):
                yield path, PaperFault(path, "It is a link, and links are not followed.")
            elif name in folders:
                if fault := _closed(path, name, here, deep=len(near.parts) + 1) or misnamed:
                    yield path, fault
                    folders.remove(name)
            elif name.endswith(".md") or path == KINDS_FILE:
                if misnamed:
                    yield path, misnamed
                elif is_known(path, seen):
                    yield path, Found(seen.st_size, seen.st_mtime_ns, None)
                else:
                    yield path, _read(path, name, here, LARGEST)


def _printable(path: str) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")


def _closed(path: str, name: str, above: int, *, deep: int) -> PaperFault | None:
    if deep >= DEEPEST:
        return PaperFault(path, f"Folders lie at most {DEEPEST} deep.")
    try:
        os.close(os.open(name, _STEP | os.O_DIRECTORY, dir_fd=above))
    except OSError as error:
        return PaperFault(path, f"It cannot be read: {error.strerror}.")
    return None


def _raise(error: OSError) -> None:
    raise error


def _read(path: str, name: str, above: int | None, most: int) -> Found | PaperFault:
    try:
        opened = os.open(name, _STEP, dir_fd=above)
    except OSError as error:
        return PaperFault(path, f"It cannot be read: {error.strerror}.")
    seen = os.fstat(opened)
    if not stat.S_ISREG(seen.st_mode):
        os.close(opened)
        return PaperFault(path, "It is no file.")
    with os.fdopen(opened, "rb") as file:
        try:
            content = file.read(most + 1)
        except OSError as error:
            return PaperFault(path, f"It cannot be read: {error.strerror}.")
    if len(content) > most:
        return PaperFault(path, f"It has more than {most // 1024**2} MiB.")
    return Found(seen.st_size, seen.st_mtime_ns, content)


def read_below(path: str, name: str, above: int) -> Found | PaperFault:
    """In the folder that is open as `above`."""
    return _read(path, name, above, LARGEST)


def text_of(path: str, content: bytes) -> str | PaperFault:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return PaperFault(f"{path}:{line}", "It is not UTF-8.")
    if "\0" in text:
        return PaperFault(path, "It is no text: there is a NUL character in it.")
    return text
