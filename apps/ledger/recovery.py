"""How a database comes back, or comes to another place: back up, restore, move.

The operator's commands are the doors to this. The mechanics are in common/runtime; here is what
the ledger adds to them: a restored history is another epoch, and its chain is verified.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from apps.common.actors import SYSTEM
from apps.common.runtime import dumps
from apps.common.runtime.backups import (
    CHECKPOINTS,
    SECRETS,
    Manifest,
    read_backup,
    rehearsal,
    write_backup,
)
from apps.common.runtime.dumps import TableContent, client_program
from apps.common.runtime.errors import (
    BackupIsNewer,
    CopyDiffers,
    DatabaseInUse,
    DatabaseNotEmpty,
    SecretsDiffer,
    TargetUnfit,
)
from apps.common.runtime.postgres import program_major
from apps.common.runtime.seat import supervisor_of
from apps.common.version import VERSION
from apps.ledger.checkpoints import CheckpointLog
from apps.ledger.models import Epoch
from apps.ledger.services import begin_epoch
from apps.ledger.verification import Verdict, verify

Advance = Callable[[], object]
SecretsChoice = Literal["restore", "keep"]
SecretsFate = Literal["absent", "same", "restored", "kept"]


# --- backing up


def back_up(
    target: Path,
    *,
    secret: str,
    with_secrets: bool = True,
    dry_run: bool = False,
    advance: Advance = lambda: None,
) -> Manifest:
    return write_backup(
        target,
        database=database_in_use(),
        secret=secret,
        secrets_file=_secrets_file() if with_secrets else None,
        checkpoint_dir=settings.CHECKPOINT_DIR,
        dry_run=dry_run,
        advance=advance,
    )


def secrets_from_the_environment() -> list[str]:
    """Those that no backup holds: whoever gave them has to keep them."""
    path = _secrets_file()
    generated = json.loads(path.read_text()) if path.exists() else {}
    given = []
    if generated.get("master_key") not in settings.MASTER_KEYS:
        given.append("LATTICE_MASTER_KEYS")
    if generated.get("checkpoint_key") != settings.CHECKPOINT_KEY:
        given.append("LATTICE_CHECKPOINT_KEY")
    return given


# --- restoring


@dataclass(frozen=True, kw_only=True)
class Restored:
    manifest: Manifest
    was_empty: bool
    secrets: SecretsFate
    migrated: list[str]
    epoch: UUID | None = None
    verdict: Verdict | None = None


def restore(
    backup: Path,
    *,
    secret: str,
    replace: bool = False,
    secrets: SecretsChoice | None = None,
    dry_run: bool = False,
    advance: Advance = lambda: None,
) -> Restored:
    """Into a new database beside the present one, which takes its name at the very end."""
    database = database_in_use()
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=settings.DATA_DIR) as folder:
        staged = Path(folder)
        manifest = read_backup(
            backup, secret=secret, dump_to=rehearsal, files_to=staged, advance=advance
        )
        migrations = _migrations_to_come(manifest)
        was_empty = dumps.is_empty(database)
        if not was_empty and not replace:
            raise DatabaseNotEmpty(
                f"The database {_name(database)} is not empty. "
                "Say `--replace` to put the backup in its place."
            )
        if not dry_run:
            _refuse_while_in_use(database)
        fate = _fate_of_secrets(staged / SECRETS, was_empty=was_empty, choice=secrets)
        restored = Restored(
            manifest=manifest, was_empty=was_empty, secrets=fate, migrated=migrations
        )
        if dry_run:
            return restored
        checkpoints = staged / CHECKPOINTS
        program = client_program("pg_restore", manifest.dump_major)
        with _replacement(database, was_empty=was_empty) as fresh:
            read_backup(
                backup, secret=secret, dump_to=lambda _: dumps.load(fresh, program), advance=advance
            )
            _compare(manifest.tables, fresh)
            key = _checkpoint_key(staged / SECRETS, fate)
            with _connected_to(fresh):
                call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
                continued = _gather_checkpoints(checkpoints)
                with _set(CHECKPOINT_DIR=checkpoints, CHECKPOINT_KEY=key):
                    epoch = begin_epoch(reason=f"restored {manifest.moment}", actor=SYSTEM)
                    verdict = verify(advance=advance)
        if fate == "restored":
            _put_secrets(staged / SECRETS)
        _put_checkpoints(checkpoints, continued=continued)
    return replace_fields(restored, epoch=epoch.id, verdict=verdict)


@contextmanager
def _replacement(database: str, *, was_empty: bool) -> Iterator[str]:
    """A database to fill. It takes the present one's place when the block ends well; until then,
    and when anything fails, the present one is as it was."""
    if not dumps.may_swap(database):
        if not was_empty:
            raise DatabaseNotEmpty(
                f"This role may not create databases, so {_name(database)} cannot be replaced: "
                "set DATABASE_URL to an empty database, and restore into that."
            )
        yield database
        return
    try:
        fresh = dumps.create_beside(database)
    except psycopg.errors.ObjectInUse as error:
        raise DatabaseInUse("Another restore of this database is under way.") from error
    try:
        yield fresh
        dumps.swap_in(fresh, place_of=database)
    except psycopg.errors.ObjectInUse as error:
        raise DatabaseInUse from error
    finally:
        dumps.drop(fresh)


def _migrations_to_come(manifest: Manifest) -> list[str]:
    known = MigrationLoader(None).graph.nodes.keys()
    unknown = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if unknown:
        raise BackupIsNewer(
            f"This backup was made by Lattice {manifest.product}, and this is {VERSION}, which "
            f"does not know {', '.join(unknown)}: install the newer version, then restore."
        )
    return sorted(f"{app}.{name}" for app, name in known - set(manifest.migrations))


def _fate_of_secrets(
    brought: Path, *, was_empty: bool, choice: SecretsChoice | None
) -> SecretsFate:
    present = _secrets_file()
    if not brought.exists():
        return "absent"
    if not present.exists():
        return "restored"
    if json.loads(present.read_text()) == json.loads(brought.read_text()):
        return "same"
    if choice:
        return "restored" if choice == "restore" else "kept"
    if was_empty and settings.EMBEDDED_POSTGRES:
        return "restored"  # made for this empty database, they guard nothing
    raise SecretsDiffer


def _put_secrets(brought: Path) -> None:
    present = _secrets_file()
    if present.exists():
        os.link(present, present.with_name(f"{present.name}.before-{_now()}"))
    brought.replace(present)


def _checkpoint_key(brought: Path, fate: SecretsFate) -> str:
    """The one this instance will have once it is restored. A given one stays."""
    known: str = settings.CHECKPOINT_KEY
    if fate == "restored" and "LATTICE_CHECKPOINT_KEY" not in secrets_from_the_environment():
        known = json.loads(brought.read_text())["checkpoint_key"]
    return known


def _gather_checkpoints(brought: Path) -> bool:
    """Adds what lies outside to what the backup brought, where both tell of the same history: then
    the longer testimony counts. Whether they do."""
    outside = CheckpointLog(settings.CHECKPOINT_DIR)
    ours = set(Epoch.objects.values_list("id", flat=True))
    continued = any(epoch in ours for epoch in outside.epochs())
    brought.mkdir(exist_ok=True)
    for path in outside.files if continued else []:
        target = brought / path.name
        if not target.exists() or target.stat().st_size < path.stat().st_size:
            shutil.copy(path, target)
    return continued


def _put_checkpoints(gathered: Path, *, continued: bool) -> None:
    """Files outside only grow. Those of another history are put aside."""
    outside = CheckpointLog(settings.CHECKPOINT_DIR)
    if not continued and outside.files:
        aside = outside.folder / f"before-{_now()}"
        aside.mkdir()
        for path in outside.files:
            path.rename(aside / path.name)
    outside.folder.mkdir(parents=True, exist_ok=True)
    for path in CheckpointLog(gathered).files:
        with path.open("rb") as source, (outside.folder / path.name).open("ab") as target:
            source.seek(target.tell())
            shutil.copyfileobj(source, target)


# --- moving


@dataclass(frozen=True, kw_only=True)
class Moved:
    tables: dict[str, TableContent]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def move(target: str, *, dry_run: bool = False, advance: Advance = lambda: None) -> Moved:
    """Copies everything. The source stays as it is, and in use until somebody says otherwise."""
    source = database_in_use()
    _refuse_while_in_use(source)
    with dumps.snapshot(source) as moment:
        _refuse_unfit(target, moment)
        tables = moment.contents(advance)
        if not dry_run:
            reader = program_major(client_program("pg_dump", moment.server_major))
            with (
                dumps.load(target, client_program("pg_restore", reader)) as sink,
                dumps.dump(moment) as stream,
            ):
                for block in iter(lambda: stream.read(dumps.BLOCK), b""):
                    sink.write(block)
                    advance()
            _compare(tables, target)
    return Moved(tables=tables)


def _refuse_unfit(target: str, moment: dumps.Snapshot) -> None:
    with dumps.connect(target) as connection:
        major = connection.info.server_version // 10_000
        if major < moment.server_major:
            raise TargetUnfit(
                f"The target is PostgreSQL {major}; the data comes from {moment.server_major}. "
                f"It takes {moment.server_major} or newer."
            )
        for (extension,) in moment.connection.execute(
            "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
        ):
            _try_extension(connection, extension)
    if not dumps.is_empty(target):
        raise DatabaseNotEmpty(f"The target, {_name(target)}, is not empty.")


def _try_extension(connection: psycopg.Connection, extension: str) -> None:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
            )
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
        raise TargetUnfit(f"The target's server lacks the extension {extension}.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise TargetUnfit(
            f"This role may not create the extension {extension}: have an administrator run "
            f"`CREATE EXTENSION {extension}` in the target."
        ) from error


# --- both


def database_in_use() -> str:
    """The address Django's default connection has, as the PostgreSQL tools read it."""
    known = connections["default"].settings_dict
    options = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    extra = {name: value for name, value in known["OPTIONS"].items() if name in options}
    return make_conninfo(
        "",
        dbname=known["NAME"],
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        **extra,
    )


def _compare(expected: dict[str, TableContent], copy: str) -> None:
    with dumps.snapshot(copy) as moment:
        found = moment.contents()
    different = sorted(
        name for name in expected.keys() | found if expected.get(name) != found.get(name)
    )
    if different:
        raise CopyDiffers(f"These tables did not arrive as they were: {', '.join(different)}.")


def _refuse_while_in_use(database: str) -> None:
    _disconnect()
    if supervising := supervisor_of(settings.DATA_DIR / "run"):
        raise DatabaseInUse(
            f"Lattice runs here (pid {supervising.pid}): stop it first (`make stop`)."
        )
    if clients := dumps.other_clients(database):
        raise DatabaseInUse(
            f"{len(clients)} connections to {_name(database)} are open ({', '.join(clients)}): "
            "stop Lattice first (`make stop`)."
        )


@contextmanager
def _connected_to(database: str) -> Iterator[None]:
    """Django's default connection, elsewhere for a while."""
    known = connections["default"].settings_dict
    before = known["NAME"]
    _disconnect()
    known["NAME"] = _name(database)
    try:
        yield
    finally:
        _disconnect()
        known["NAME"] = before


@contextmanager
def _set(**values: object) -> Iterator[None]:
    """Settings as they will be once the backup's files are in their places."""
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


def _disconnect() -> None:
    connection = connections["default"]
    if isinstance(connection, DatabaseWrapper):
        connection.close()
        connection.close_pool()


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _secrets_file() -> Path:
    path: Path = settings.DATA_DIR / "secrets.json"
    return path


def _name(database: str) -> str:
    return str(conninfo_to_dict(database)["dbname"])
