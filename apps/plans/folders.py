"""Writing an exported plan into somebody's folder: below its `plans/`, never over a file, and
through no link."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from apps.plans.drawing import FOLDER
from apps.plans.errors import PlanFileExists, PlanFileUnwritten, PlanFolderUnsafe

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def new_files(directory: Path, files: Mapping[str, bytes]) -> Iterator[list[Path]]:
    """All of them, or none: should what is done with them fail, they are taken away again. Names
    are relative to `plans/` and have no slash."""
    folder = _opened(directory)
    written: list[str] = []
    try:
        for name, content in files.items():
            _write_new(folder, name, content)
            written.append(name)
        yield [directory / FOLDER / name for name in files]
    except BaseException:
        for name in written:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(folder)


def require_new(directory: Path, names: Iterable[str]) -> list[Path]:
    """The files that `new_files` would write, if none of them is there."""
    folder = directory / FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise PlanFolderUnsafe
    paths = [folder / name for name in names]
    for path in paths:
        if os.path.lexists(path):
            raise PlanFileExists(f"{PlanFileExists.message} It is {path.name}.")
    return paths


def _opened(directory: Path) -> int:
    with _told_if_not(directory):
        root = os.open(directory, _OPEN_FOLDER)
    try:
        with _told_if_not(directory / FOLDER), suppress(FileExistsError):
            os.mkdir(FOLDER, dir_fd=root)
        try:
            return os.open(FOLDER, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=root)
        except OSError as error:
            raise PlanFolderUnsafe from error
    finally:
        os.close(root)


@contextmanager
def _told_if_not(written: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = f"It is {written}: {error.strerror}."
        raise PlanFileUnwritten(f"{PlanFileUnwritten.message} {why}") from error


def _write_new(folder: int, name: str, content: bytes) -> None:
    if "/" in name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name of a file.")
    with _told_if_not(name):
        try:
            opened = os.open(name, _NEW_FILE, 0o644, dir_fd=folder)
        except FileExistsError as error:
            raise PlanFileExists(f"{PlanFileExists.message} It is {name}.") from error
    try:
        with _told_if_not(name), os.fdopen(opened, "wb") as file:
            file.write(content)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
