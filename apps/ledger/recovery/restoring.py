"""A backup comes back. Everything is tried out beside the present instance: its rows in a database
of their own, its checkpoints and secrets in a folder. Only what proved good takes their place.

What the ledger adds to common/runtime: a restored history is another epoch, and has to verify.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
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
from django.db.migrations.loader import MigrationLoader

from apps.common.actors import SYSTEM
from apps.common.runtime import dumps
from apps.common.runtime.backups import (
    CHECKPOINTS,
    SECRETS,
    Advance,
    Manifest,
    read_backup,
    rehearsal,
)
from apps.common.runtime.dumps import client_program
from apps.common.runtime.errors import (
    BackupIsNewer,
    DatabaseInUse,
    DatabaseNotEmpty,
    SecretsDiffer,
)
from apps.common.version import VERSION
from apps.ledger.checkpoints import CheckpointLog
from apps.ledger.models import Epoch
from apps.ledger.recovery.instance import (
    compare,
    connected_to,
    database_in_use,
    name_of,
    refuse_while_in_use,
    secrets_file,
    secrets_from_the_environment,
)
from apps.ledger.services import begin_epoch
from apps.ledger.verification import Verdict, verify

SecretsChoice = Literal["restore", "keep"]
SecretsFate = Literal["absent", "same", "restored", "kept"]


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
                f"The database {name_of(database)} is not empty. "
                "Say `--replace` to put the backup in its place."
            )
        if not dry_run:
            refuse_while_in_use(database)
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
            compare(manifest.tables, fresh)
            key = _checkpoint_key(staged / SECRETS, fate)
            with connected_to(fresh):
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
                f"This role may not create databases, so {name_of(database)} cannot be replaced: "
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
    loader = MigrationLoader(None)
    squashed = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    known = loader.disk_migrations.keys() | squashed
    unknown = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if unknown:
        raise BackupIsNewer(
            f"This backup was made by Lattice {manifest.product}, and this is {VERSION}, which "
            f"does not know {', '.join(unknown)}: install the newer version, then restore."
        )
    return sorted(f"{app}.{name}" for app, name in loader.graph.nodes.keys() - manifest.migrations)


def _fate_of_secrets(
    brought: Path, *, was_empty: bool, choice: SecretsChoice | None
) -> SecretsFate:
    present = secrets_file()
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
    present = secrets_file()
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


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
