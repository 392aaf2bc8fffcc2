"""A house with people, history, secrets and checkpoints in it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.models import Membership, User, Workspace
from apps.common.actors import SYSTEM
from apps.common.events import Event
from apps.common.ids import uuid7
from apps.common.runtime import dumps
from apps.ledger.checkpoints import CheckpointLog
from apps.ledger.services import record, unit

KEY = "a key nobody guesses, for tests"
SECRETS = {
    name: token_urlsafe(32) for name in ("secret_key", "jwt_secret", "master_key", "checkpoint_key")
}


@dataclass(frozen=True, kw_only=True)
class LampLit(Event):
    type = "tests.lamp.lit"
    lamp: UUID


@dataclass
class Answer:
    code: int
    text: str

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.text)
        return facts


@dataclass
class House:
    database: str
    data_dir: Path

    @property
    def name(self) -> str:
        return str(conninfo_to_dict(self.database)["dbname"])

    @property
    def checkpoints(self) -> Path:
        return self.data_dir / "checkpoints"

    @property
    def secrets(self) -> Path:
        return self.data_dir / "secrets.json"

    def contents(self) -> dict[str, dumps.TableContent]:
        with dumps.snapshot(self.database) as moment:
            return moment.contents()

    def contents_besides_the_epoch(self) -> dict[str, dumps.TableContent]:
        """A restore adds one epoch and one event that tells of it, and nothing else."""
        added = {"public.ledger_epoch", "public.ledger_event", "public.ledger_chain"}
        return {name: table for name, table in self.contents().items() if name not in added}

    def checkpoint_lines(self) -> list[bytes]:
        return [line for _, line in CheckpointLog(self.checkpoints).lines()]

    def live(self, lamps: int = 3) -> None:
        """Somebody moves in, and something happens."""
        person = User.objects.create(email=f"{uuid4().hex}@example.com", name="Ada Ängström")
        workspace = Workspace.objects.create(name="Bakery 🥐\n\\.", kind=WorkspaceKind.ORGANIZATION)
        with unit(actor=person, workspace=workspace.id):
            Membership.objects.create(workspace=workspace, user=person, role=Role.OWNER)
            for _ in range(lamps):
                record(LampLit(lamp=uuid7()))
        with unit(actor=SYSTEM):
            record(LampLit(lamp=uuid7()))

    def call(self, command: str, *arguments: object) -> Answer:
        out = StringIO()
        try:
            call_command(command, *map(str, arguments), stdout=out)
        except CommandError as error:
            return Answer(error.returncode, out.getvalue() or str(error))
        return Answer(0, out.getvalue())

    def spawn(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """The command as an operator starts it: a process of its own."""
        connections["default"].close()
        connections["default"].close_pool()  # type: ignore[attr-defined]
        return subprocess.Popen(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=django_settings.BASE_DIR,
            env=os.environ
            | {
                "DATABASE_URL": self.database,
                "LATTICE_DATA_DIR": str(self.data_dir),
                "LATTICE_BACKUP_KEY": KEY,
            }
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def fill(database: str, megabytes: int) -> None:
    """With what no compression makes smaller."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE ballast (id int, noise bytea)")
        noise = "SELECT string_agg(sha256(random()::text::bytea), '') FROM generate_series(1, 1024)"
        for number in range(megabytes * 32):
            connection.execute(f"INSERT INTO ballast VALUES ({number}, ({noise}))")


def wipe(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def databases_beside(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_')"
        )
        return [name for (name,) in found]


def assert_unchanged(house, before):
    assert house.contents() == before
    assert databases_beside(house.database) == []
    assert list(house.data_dir.glob(".*")) == []
