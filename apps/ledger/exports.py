"""The audit as a file that proves itself: JSON Lines, verified without a database.

    {"lattice_audit": 1, "epoch", "workspace", "exported_at"}
    {"event": {…}, "previous": "<hex>", "hash": "<hex>"}        each event, in order of its chain
    {"events", "chains": {…}, "checkpoint", "signature", "public_key", "proofs": {…}}

docs/audit.md says how anybody verifies one without us.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import SEEK_END
from itertools import groupby
from typing import IO, Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from apps.ledger.checkpoints import Keys, is_signature, public_text
from apps.ledger.errors import ExportUnreadable, HistoryUnsound
from apps.ledger.rules import (
    Position,
    canonical,
    canonical_json,
    climbed,
    leaf,
    linked,
    merkle_paths,
)
from apps.ledger.selectors import current_epoch
from apps.ledger.verification import (
    Advance,
    Finding,
    Pin,
    Row,
    Seen,
    Verdict,
    Walk,
    read_checkpoints,
    rows,
)

FORMAT = 1


def export_lines(*, workspace: UUID | None = None) -> Iterator[bytes]:
    testimony = read_checkpoints()
    yield _line(
        {
            "lattice_audit": FORMAT,
            "epoch": current_epoch(),
            "workspace": workspace,
            "exported_at": datetime.now(UTC),
        }
    )
    reached: dict[str, Any] = {}
    events = 0
    with rows(workspace, after={}) as chains:
        for id_, found in chains:
            for row in found:
                text = _text(row).decode()
                yield (
                    f'{{"event":{text},"hash":"{row.hash.hex()}",'
                    f'"previous":"{row.previous_hash.hex()}"}}\n'
                ).encode()
                reached[str(id_)] = [row.seq, row.hash.hex()]
                events += 1
    footer: dict[str, Any] = {"events": events, "chains": reached, "checkpoint": None}
    last = testimony.last
    if last and not testimony.flaws:
        footer |= {
            "checkpoint": last.statement,
            "signature": last.signature.hex(),
            "public_key": public_text(Keys.of_this_instance().believed[last.key]),
            "proofs": _proofs(testimony.positions, workspace),
        }
    yield _line(footer)


def _line(value: Any) -> bytes:
    return canonical_json(value) + b"\n"


def _text(row: Row) -> bytes:
    try:
        return canonical(row, row.seq)
    except orjson.JSONEncodeError as error:
        raise HistoryUnsound from error


def _proofs(chains: Mapping[UUID, Position], workspace: UUID | None) -> dict[str, Any]:
    wanted = [id_ for id_ in chains if workspace in (None, id_)]
    return {
        str(id_): {"seq": chains[id_].seq, "path": [[side, beside.hex()] for side, beside in path]}
        for id_, path in merkle_paths(chains, wanted).items()
    }


# --- verifying


@dataclass(slots=True)
class Exported:
    """An event as a line of an export tells it."""

    event: dict[str, Any]
    previous_hash: bytes
    hash: bytes

    @property
    def seq(self) -> int:
        return int(self.event["seq"])

    @property
    def workspace_id(self) -> UUID:
        return UUID(self.event["workspace"])

    def recomputed(self) -> bytes:
        return linked(self.previous_hash, canonical_json(self.event))


def verify_file(
    file: IO[bytes],
    trusted: Mapping[str, Ed25519PublicKey],
    *,
    advance: Advance = lambda: None,
) -> Verdict:
    """What `verify` does, from a file: its chains against themselves and its signed checkpoint."""
    try:
        footer = orjson.loads(_last_line(file))
        counters = {
            UUID(id_): Position(seq, bytes.fromhex(head))
            for id_, (seq, head) in footer["chains"].items()
        }
        file.seek(0)
        verdict = Verdict(epoch=UUID(orjson.loads(file.readline())["epoch"]))
        pins = {id_: [Pin(counter, True)] for id_, counter in counters.items()}
        roots = _Roots(footer, trusted, verdict)
        verdict.chains = len(counters)
        events = _events(file, footer["events"])
        for id_, found in groupby(events, key=lambda row: row.workspace_id):
            walk = Walk(id_, pins.pop(id_, []))
            covered = roots.proven_seq(id_)
            for row in found:
                verdict.events += 1
                walk.step(row)
                if row.seq == covered:
                    roots.compare(id_, row)
                elif row.seq > covered:
                    verdict.leaves_open(datetime.fromisoformat(row.event["at"]))
                advance()
            walk.compare_counter(counters.get(id_))
            verdict.findings += walk.end()
        for id_, left in pins.items():
            verdict.findings += Walk(id_, left).end()
        verdict.findings += roots.missing()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ExportUnreadable from error
    return verdict


def _events(file: IO[bytes], count: int) -> Iterator[Exported]:
    for _ in range(count):
        line = orjson.loads(file.readline())
        yield Exported(line["event"], bytes.fromhex(line["previous"]), bytes.fromhex(line["hash"]))
    if "events" not in orjson.loads(file.readline()):
        raise ValueError("There are more events than the last line says.")


def _last_line(file: IO[bytes]) -> bytes:
    end = file.seek(0, SEEK_END)
    tail = b""
    while end and tail.rstrip().count(b"\n") == 0:
        start = max(0, end - 65536)
        file.seek(start)
        tail = file.read(end - start) + tail
        end = start
    return tail.rstrip().rpartition(b"\n")[2]


class _Roots:
    """Holds each chain of the file against the root that the checkpoint signed."""

    def __init__(
        self, footer: Any, trusted: Mapping[str, Ed25519PublicKey], verdict: Verdict
    ) -> None:
        self.verdict = verdict
        self.proofs: dict[UUID, Any] = {}
        said = footer["checkpoint"]
        if said is None:
            return
        signature = bytes.fromhex(footer["signature"])
        if not is_signature(signature, canonical_json(said), said["key"], trusted):
            self._found("The checkpoint is forged, or signed with a key that is not believed.")
            return
        self.root = bytes.fromhex(said["root"])
        verdict.checkpoints = 1
        verdict.last_checkpoint = Seen(said["number"], datetime.fromisoformat(said["at"]))
        self.proofs = {UUID(id_): proof for id_, proof in footer["proofs"].items()}

    def proven_seq(self, id_: UUID) -> int:
        return int(self.proofs[id_]["seq"]) if id_ in self.proofs else 0

    def compare(self, id_: UUID, row: Exported) -> None:
        proof = self.proofs.pop(id_)
        path = [(side, bytes.fromhex(beside)) for side, beside in proof["path"]]
        if climbed(leaf(id_, Position(row.seq, row.hash)), path) != self.root:
            self._found(
                "the checkpoint saw another hash here, or its proof is false.", id_, row.seq
            )

    def missing(self) -> list[Finding]:
        return [
            Finding(
                kind="truncated",
                workspace=id_,
                seq=int(proof["seq"]),
                text="the checkpoint saw it, the file ends before it.",
            )
            for id_, proof in self.proofs.items()
        ]

    def _found(self, text: str, workspace: UUID | None = None, seq: int | None = None) -> None:
        self.verdict.findings.append(
            Finding(kind="checkpoint", text=text, workspace=workspace, seq=seq)
        )
