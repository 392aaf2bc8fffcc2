"""What /proc tells of the processes on this machine: who they are and what they listen on."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    pid: int

    @property
    def words(self) -> list[str]:
        """Its command line. Empty once it has ended, even if nobody has taken note yet."""
        return [word for word in self._read("cmdline").split("\0") if word]

    @property
    def command(self) -> str:
        return " ".join(self.words)

    def has_environment(self, entry: str) -> bool:
        return entry in self._read("environ").split("\0")

    def holds(self, inodes: set[str]) -> bool:
        """Whether one of its open files is one of these sockets."""
        try:
            targets = [os.readlink(link) for link in (PROC / str(self.pid) / "fd").iterdir()]
        except OSError:
            return False
        return any(f"socket:[{inode}]" in targets for inode in inodes)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _read(self, name: str) -> str:
        try:
            return os.fsdecode((PROC / str(self.pid) / name).read_bytes())
        except OSError:
            return ""


def processes() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            yield Process(int(entry.name))


def listener_on(port: int) -> Process | None:
    """Who listens on this port, as far as we may see."""
    inodes = {
        fields[9]
        for table in ("tcp", "tcp6")
        for fields in _rows(PROC / "net" / table)
        if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port
    }
    return next((process for process in processes() if process.holds(inodes)), None)


def _rows(table: Path) -> list[list[str]]:
    try:
        return [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:  # a machine without IPv6 has no tcp6
        return []
