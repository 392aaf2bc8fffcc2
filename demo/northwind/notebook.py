"""What the agent must not forget: written down before it does something, and after.

Killed in between and started again, it sends the same under the same key, and the server answers
as it did the first time.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class Entry:
    """One proposal, from the thought to its end."""

    idea: str
    path: str
    """Where it is sent: as a new one, or in the place of another."""
    sent: dict[str, Any]
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    begun: float = field(default_factory=time.time)
    proposal: str = ""
    """Its id. Empty: the server has not answered yet."""
    request: str = ""
    """Where people decide on it, if they are asked."""
    state: str = ""
    round: int = 1
    """Of votes there: they begin anew where it became something else."""
    threads: int = 0
    """How many were open when it last read what people say."""
    done: bool = False
    """Nothing is left to do about it."""

    @property
    def is_open(self) -> bool:
        return bool(self.proposal) and not self.done


class Notebook:
    def __init__(self, path: Path) -> None:
        self._path = path
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.entries = [Entry(**entry) for entry in kept.get("entries", ())]
        self.thought: int = kept.get("thought", 0)
        """How many ideas it has had."""

    def begin(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.keep()

    def open(self) -> Iterator[Entry]:
        yield from [entry for entry in self.entries if entry.is_open]

    def unsent(self) -> Iterator[Entry]:
        yield from [entry for entry in self.entries if not entry.proposal and not entry.done]

    def about(self, proposal: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.proposal == proposal), None)

    def keep(self, most: int = 500) -> None:
        """The whole of it or nothing. Of what is done, the latest."""
        old = [entry for entry in self.entries if entry.done][:-most]
        self.entries = [entry for entry in self.entries if entry not in old]
        beside = self._path.with_suffix(".new")
        with beside.open("w") as file:
            kept = [asdict(entry) for entry in self.entries]
            json.dump({"thought": self.thought, "entries": kept}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
