"""The text an event's hash covers, how hashes link, and the tree over all chains. Pure.

docs/audit.md describes all of it for whoever verifies an export without us.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson

BEGINNING = bytes(32)
"""What the first event of a chain, and the first checkpoint, link to."""


class Position(NamedTuple):
    """How far a chain has come: its last event's number and hash."""

    seq: int
    head: bytes


class Happening(Protocol):
    """What of an event its hash covers."""

    id: UUID
    workspace_id: UUID
    type: str
    actor_id: UUID
    actor_kind: str
    payload: Any
    request_id: str
    trace_id: str
    via: str

    @property
    def at(self) -> datetime | None: ...


def canonical_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def around_seq(event: Happening) -> tuple[str, str]:
    """The canonical text before and after the one number that is known only at the very end."""
    before = {
        "actor": event.actor_id,
        "actor_kind": event.actor_kind,
        "at": event.at and event.at.astimezone(UTC),
        "id": event.id,
        "payload": event.payload,
        "request": event.request_id,
    }
    after = {
        "trace": event.trace_id,
        "type": event.type,
        "via": event.via,
        "workspace": event.workspace_id,
    }
    return (
        canonical_json(before)[:-1].decode() + ',"seq":',
        "," + canonical_json(after)[1:].decode(),
    )


def canonical(event: Happening, seq: int) -> bytes:
    """Every column but the hashes, as JSON with sorted keys and no spaces."""
    before, after = around_seq(event)
    return f"{before}{seq}{after}".encode()


def linked(previous: bytes, text: bytes) -> bytes:
    return hashlib.sha256(previous + text).digest()


# --- a Merkle tree over where all chains stand (RFC 9162, 2.1), so that one of them can be proven
# without telling of the others


def leaf(workspace_id: UUID, position: Position) -> bytes:
    number = position.seq.to_bytes(8, "big")
    return hashlib.sha256(b"\0" + workspace_id.bytes + number + position.head).digest()


def _levels(leaves: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    level = leaves
    yield level
    while len(level) > 1:
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + list(level[len(level) // 2 * 2 :])  # an odd one out moves up as it is
        yield level


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_root(chains: Mapping[UUID, Position]) -> bytes:
    *_, top = _levels([leaf(id_, chains[id_]) for id_ in sorted(chains)])
    return top[0] if top else hashlib.sha256(b"").digest()


Path = list[tuple[str, bytes]]
"""The neighbours that lead from one chain's leaf to the root, each "left" or "right" of it."""


def merkle_paths(chains: Mapping[UUID, Position], wanted: Iterable[UUID]) -> dict[UUID, Path]:
    ids = sorted(chains)
    levels = list(_levels([leaf(id_, chains[id_]) for id_ in ids]))
    places = {id_: place for place, id_ in enumerate(ids)}
    return {id_: list(_neighbours(levels, places[id_])) for id_ in wanted}


def _neighbours(levels: Sequence[Sequence[bytes]], place: int) -> Iterator[tuple[str, bytes]]:
    for level in levels:
        beside = place ^ 1
        if beside < len(level):
            yield ("left" if beside < place else "right", level[beside])
        place //= 2


def climbed(start: bytes, path: Iterable[tuple[str, bytes]]) -> bytes:
    """The root a path leads to."""
    for side, neighbour in path:
        start = _node(neighbour, start) if side == "left" else _node(start, neighbour)
    return start
