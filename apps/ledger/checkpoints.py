"""Signed checkpoints, in files outside the database: where every chain stood, minute by minute.

One JSON Lines file a day. A day's first line names every chain, the others only what moved. Each
line is signed and links to the one before. docs/audit.md describes the format. Nothing here knows
the database: what is written, and when, services.py decides.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.ledger.rules import BEGINNING, Position, canonical_json, merkle_root

Chains = Mapping[UUID, Position]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    number: int
    at: datetime
    epoch: UUID
    reason: str = ""
    """Why its epoch began, in the first checkpoint of one."""
    whole: bool
    """Whether `moved` names every chain there is, or only those that moved since the last one."""
    previous: bytes
    chains: int
    root: bytes
    refused: tuple[UUID, ...] = ()
    """Chains that were no continuation of what had been signed: they stay as they were."""
    moved: Chains
    key: str
    signature: bytes = b""

    @cached_property
    def signed(self) -> bytes:
        """The bytes under the signature. `moved` is bound by its digest, so that a checkpoint can
        be shown to somebody who may not know of all chains."""
        return canonical_json(self.statement)

    @cached_property
    def statement(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at,
            "epoch": self.epoch,
            "reason": self.reason,
            "whole": self.whole,
            "previous": self.previous.hex(),
            "chains": self.chains,
            "root": self.root.hex(),
            "refused": list(self.refused),
            "moved": hashlib.sha256(canonical_json(_written(self.moved))).hexdigest(),
            "key": self.key,
        }

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.signed).digest()

    def line(self) -> bytes:
        shown = {
            "checkpoint": self.statement,
            "moved": _written(self.moved),
            "signature": self.signature.hex(),
        }
        return canonical_json(shown) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Raises ValueError (KeyError and TypeError among them, turned) for what is none."""
        try:
            shown = orjson.loads(line)
            said = shown["checkpoint"]
            found = cls(
                number=said["number"],
                at=datetime.fromisoformat(said["at"]),
                epoch=UUID(said["epoch"]),
                reason=said["reason"],
                whole=said["whole"],
                previous=bytes.fromhex(said["previous"]),
                chains=said["chains"],
                root=bytes.fromhex(said["root"]),
                refused=tuple(UUID(id_) for id_ in said["refused"]),
                moved={
                    UUID(id_): Position(seq, bytes.fromhex(head))
                    for id_, (seq, head) in shown["moved"].items()
                },
                key=said["key"],
                signature=bytes.fromhex(shown["signature"]),
            )
            if found.line().strip() != line.strip():
                raise ValueError("not in its canonical form")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"It cannot be read ({error}).") from error
        return found


def _written(chains: Chains) -> dict[str, Any]:
    return {str(id_): [position.seq, position.head.hex()] for id_, position in chains.items()}


# --- keys


@dataclass(frozen=True)
class Keys:
    """The key that signs, and all that are believed: it and its forerunners."""

    private: Ed25519PrivateKey
    believed: Mapping[str, Ed25519PublicKey]

    @classmethod
    def of_this_instance(cls) -> Self:
        return cls.of(settings.CHECKPOINT_KEY)

    @classmethod
    def of(cls, private_key: str) -> Self:
        private = Ed25519PrivateKey.from_private_bytes(_bytes(private_key))
        former = [public_key(text) for text in settings.CHECKPOINT_FORMER_KEYS]
        return cls(private, believed([private.public_key(), *former]))

    def sign(self, checkpoint: Checkpoint) -> Checkpoint:
        mine = replace(checkpoint, key=key_id(self.private.public_key()))
        return replace(mine, signature=self.private.sign(mine.signed))


def believed(keys: Iterable[Ed25519PublicKey]) -> dict[str, Ed25519PublicKey]:
    return {key_id(key): key for key in keys}


def is_signed(checkpoint: Checkpoint, by: Mapping[str, Ed25519PublicKey]) -> bool:
    return is_signature(checkpoint.signature, checkpoint.signed, checkpoint.key, by)


def is_signature(
    signature: bytes, signed: bytes, key: str, by: Mapping[str, Ed25519PublicKey]
) -> bool:
    if key not in by:
        return False
    try:
        by[key].verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_bytes(text))


def public_text(key: Ed25519PublicKey) -> str:
    return base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=")


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- the files


@dataclass(frozen=True)
class CheckpointLog:
    folder: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("????-??-??.jsonl"))

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Every line there is, and where it stands."""
        for path in self.files:
            yield from _lines(path)

    def recent_lines(self) -> list[tuple[str, bytes]]:
        """Enough to know the present: from the last line that names every chain."""
        found: list[tuple[str, bytes]] = []
        for path in reversed(self.files):
            found = [*_lines(path), *found]
            for at in range(len(found) - 1, -1, -1):
                if b'"whole":true' in found[at][1]:
                    return found[at:]
        return found

    def latest_at(self) -> datetime | None:
        """When the newest file was written to: cheap, for showing. Verifying tells the truth."""
        files = self.files
        return datetime.fromtimestamp(files[-1].stat().st_mtime, UTC) if files else None

    def epochs(self) -> Iterator[UUID]:
        """Of each line that can be read, in order."""
        for _, line in self.lines():
            with suppress(ValueError):
                yield Checkpoint.read(line).epoch

    def append(self, checkpoint: Checkpoint) -> None:
        """On the disk when this returns. After a line that a crash cut short, a new one begins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        names = [f"{checkpoint.at:%Y-%m-%d}.jsonl", *(path.name for path in self.files)]
        path = self.folder / max(names)  # a clock that was set back does not reorder the files
        is_new = not path.exists()
        torn = not is_new and not path.read_bytes().endswith(b"\n")
        target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _write_all(target, (b"\n" if torn else b"") + checkpoint.line())
            os.fsync(target)
        finally:
            os.close(target)
        if is_new:
            _sync_folder(self.folder)


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield f"{path.name}:{number}", line


def _write_all(target: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(target, view) :]


def _sync_folder(folder: Path) -> None:
    target = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(target)
    finally:
        os.close(target)


# --- what they say together


@dataclass
class Testimony:
    """What a run of checkpoints says, taken one after the other, and what is wrong with them."""

    keys: Mapping[str, Ed25519PublicKey]
    last: Checkpoint | None = None
    positions: dict[UUID, Position] = field(default_factory=dict)
    """Where each chain stood last."""
    former: dict[UUID, list[Position]] = field(default_factory=dict)
    """Where it stood at the end of former epochs, as far as the next epoch kept it."""
    given_up: int = 0
    """Events that former epochs had and the next one, announced by the operator, did not."""
    lost: int = 0
    """Checkpoints that were gone when an operator began the next epoch."""
    taken: int = 0
    flaws: list[str] = field(default_factory=list)

    def take_all(self, lines: Iterable[tuple[str, bytes]]) -> Self:
        for place, line in lines:
            try:
                checkpoint = Checkpoint.read(line)
            except ValueError:
                continue  # cut short by a crash; if it was more, the next link tells
            self.flaws += [f"{place}: {flaw}" for flaw in self._take(checkpoint)]
        if self.last and merkle_root(self.positions) != self.last.root:
            self.flaws.append(f"Checkpoint {self.last.number}: its root is not that of its chains.")
        return self

    def _take(self, checkpoint: Checkpoint) -> Iterator[str]:
        before, name = self.last, f"checkpoint {checkpoint.number}"
        if not is_signed(checkpoint, self.keys):
            yield f"{name} is forged: its signature is not that of key {checkpoint.key}."
            return
        if before is None:
            if checkpoint.number == 1 and checkpoint.previous != BEGINNING:
                yield f"{name} is said to be the first, and links to another."
            if not checkpoint.whole:
                yield f"{name} names only what moved, and what came before it is missing."
        if before and checkpoint.epoch != before.epoch:
            self.lost += max(0, checkpoint.number - before.number - 1)
            if not checkpoint.whole:
                yield f"{name} begins an epoch without naming every chain."
            self._turn(checkpoint.moved)
        elif before:
            if checkpoint.previous != before.digest or checkpoint.number != before.number + 1:
                yield f"{name} does not link to {before.number}: some in between are missing."
            for id_, position in checkpoint.moved.items():
                if position.seq < self.positions.get(id_, position).seq:
                    yield f"{name} goes back on workspace {id_}."
            if checkpoint.whole and not self.positions.keys() <= checkpoint.moved.keys():
                yield f"{name} leaves out chains."
        self.positions |= checkpoint.moved
        self.last = checkpoint
        self.taken += 1

    def _turn(self, begun_with: Chains) -> None:
        for id_, position in self.positions.items():
            kept = begun_with.get(id_, Position(0, BEGINNING)).seq
            if position.seq <= kept:
                self.former.setdefault(id_, []).append(position)
            self.given_up += max(0, position.seq - kept)
        self.positions = {}


def next_checkpoint(
    *,
    after: Testimony,
    number: int,
    previous: bytes,
    epoch: UUID,
    moved: Chains,
    whole: bool,
    refused: Iterable[UUID] = (),
    reason: str = "",
    keys: Keys,
) -> Checkpoint:
    chains = moved if whole else {**after.positions, **moved}
    return keys.sign(
        Checkpoint(
            number=number,
            at=datetime.now(UTC),
            epoch=epoch,
            reason=reason,
            whole=whole,
            previous=previous,
            chains=len(chains),
            root=merkle_root(chains),
            refused=tuple(refused),
            moved=dict(moved),
            key="",
        )
    )
