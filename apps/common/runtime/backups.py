"""A backup: one sealed file with everything it takes to come back.

Inside is a tar: the manifest, the data folder's secrets, the audit's checkpoints, and the database
as pg_dump tells it, in parts. Nothing is written or read except as a stream.
"""

import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import BaseModel

from apps.common.runtime.dumps import (
    Snapshot,
    TableContent,
    client_program,
    dump,
    rehearse,
    snapshot,
)
from apps.common.runtime.errors import Damaged, FileIsThere, NothingToBackUp, UnknownFormat
from apps.common.runtime.postgres import program_major
from apps.common.runtime.sealed import CHUNK, Sealer, Unsealer
from apps.common.version import VERSION

FORMAT = 1
PART = 4 << 20
MANIFEST, SECRETS, CHECKPOINTS, DUMP = "manifest.json", "secrets.json", "checkpoints", "dump"

Advance = Callable[[], object]


class Manifest(BaseModel):
    """What a backup holds, to be compared with what comes out of it."""

    created_at: datetime
    product: str
    server_major: int
    dump_major: int
    """The version of the pg_dump that wrote it: no older pg_restore reads it."""
    migrations: list[tuple[str, str]]
    tables: dict[str, TableContent]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def moment(self) -> str:
        return f"the backup of {self.created_at:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def schema_fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(sorted(self.migrations)).encode()).hexdigest()


def write_backup(
    target: Path,
    *,
    database: str,
    secret: str,
    secrets_file: Path | None,
    checkpoint_dir: Path,
    dry_run: bool = False,
    advance: Advance = lambda: None,
) -> Manifest:
    """The file stands under its name only when it is whole, and was read back."""
    checkpoints = _sizes(checkpoint_dir)  # before the snapshot: none may know more than the rows do
    if dry_run:
        _refuse_existing(target)
        with snapshot(database) as moment:
            return describe(moment, advance)
    with snapshot(database) as moment, _appearing(target) as (file, draft):
        manifest = describe(moment, advance)
        label = {
            "format": FORMAT,
            "product": manifest.product,
            "created_at": manifest.created_at.isoformat(),
            "schema": manifest.schema_fingerprint,
        }
        sealer = Sealer(file, secret, label)
        with tarfile.open(fileobj=sealer, mode="w|") as tar:
            _add(tar, MANIFEST, manifest.model_dump_json().encode())
            if secrets_file is not None and secrets_file.exists():
                _add(tar, SECRETS, secrets_file.read_bytes())
            for path, size in checkpoints:
                name = f"{CHECKPOINTS}/{path.relative_to(checkpoint_dir).as_posix()}"
                with path.open("rb") as checkpoint:
                    tar.addfile(_member(name, size), checkpoint)
            with dump(moment) as stream:
                for number, part in enumerate(iter(lambda: stream.read(PART), b"")):
                    _add(tar, f"{DUMP}/{number:06}", part)
                    advance()
        sealer.finish()
        file.flush()
        verify_backup(draft, secret=secret, advance=advance)
    return manifest


def verify_backup(path: Path, *, secret: str, advance: Advance = lambda: None) -> Manifest:
    """Reads every byte: each chunk is authenticated, pg_restore reads the whole dump."""
    return read_backup(path, secret=secret, dump_to=rehearsal, advance=advance)


def rehearsal(manifest: Manifest) -> AbstractContextManager[IO[bytes]]:
    return rehearse(client_program("pg_restore", manifest.dump_major))


def read_backup(
    path: Path,
    *,
    secret: str,
    dump_to: Callable[[Manifest], AbstractContextManager[IO[bytes]]],
    files_to: Path | None = None,
    advance: Advance = lambda: None,
) -> Manifest:
    with path.open("rb") as file:
        unsealer = Unsealer(file, secret)
        if unsealer.label.get("format") != FORMAT:
            raise UnknownFormat
        with tarfile.open(fileobj=unsealer, mode="r|") as tar:
            members = iter(tar)
            manifest = Manifest.model_validate_json(_content(tar, next(members)).read())
            with dump_to(manifest) as dump_stream:
                for member in members:
                    if member.name.startswith(f"{DUMP}/"):
                        shutil.copyfileobj(_content(tar, member), dump_stream, CHUNK)
                        advance()
                    elif files_to is not None:
                        _unpack(_content(tar, member), files_to, member.name)
                while unsealer.read(CHUNK):
                    pass  # to the seal of the last chunk
    return manifest


def describe(moment: Snapshot, advance: Advance = lambda: None) -> Manifest:
    tables = moment.contents(advance)
    if "public.django_migrations" not in tables:
        raise NothingToBackUp
    applied = moment.connection.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
    return Manifest(
        created_at=datetime.now(UTC),
        product=VERSION,
        server_major=moment.server_major,
        dump_major=program_major(client_program("pg_dump", moment.server_major)),
        migrations=applied.fetchall(),
        tables=tables,
    )


@contextmanager
def _appearing(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file, readable by its owner alone, that gets its name when the block ends well.

    Drafts are locked while somebody writes them: what is not locked was left by a kill."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(".*.unfinished"):
        with leftover.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            leftover.unlink()
    _refuse_existing(target)
    draft = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file, draft
            file.flush()
            os.fsync(file.fileno())
            _refuse_existing(target)
            draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise FileIsThere(f"{target} exists: choose another name, or move it away.")


def _sizes(folder: Path) -> list[tuple[Path, int]]:
    return [(path, path.stat().st_size) for path in sorted(folder.rglob("*")) if path.is_file()]


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_member(name, len(content)), io.BytesIO(content))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise Damaged(f"Damaged: {member.name} is not a file.")
    return content


def _unpack(content: IO[bytes], folder: Path, name: str) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise Damaged(f"Damaged: {name} would lie outside its folder.")
    target = folder / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
