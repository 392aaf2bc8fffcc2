"""Writing an exported plan into somebody's folder: below its `plans/`, never over a file, and
through no link."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from apps.plans.drawing import FOLDER
from apps.plans.errors import PlanFileExists, PlanFolderUnsafe

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_new_files(directory: Path, files: Mapping[str, bytes]) -> list[Path]:
    """All of them, or none. Names are relative to `plans/` and have no slash."""
    root = os.open(directory, _OPEN_FOLDER)
    try:
        with suppress(FileExistsError):
            os.mkdir(FOLDER, dir_fd=root)
        try:
            folder = os.open(FOLDER, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=root)
        except OSError as error:
            raise PlanFolderUnsafe from error
    finally:
        os.close(root)
    written: list[str] = []
    try:
        for name, content in files.items():
            _write_new(folder, name, content)
            written.append(name)
    except BaseException:
        for name in written:
            os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(folder)
    return [directory / FOLDER / name for name in files]


def _write_new(folder: int, name: str, content: bytes) -> None:
    if "/" in name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name of a file.")
    try:
        opened = os.open(name, _NEW_FILE, 0o644, dir_fd=folder)
    except FileExistsError as error:
        raise PlanFileExists(f"{PlanFileExists.message} It is {name}.") from error
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
