"""Walks the chains against themselves, their counters and the checkpoints outside.

Rows are streamed in order and memory does not grow with them. What is known of a chain from
elsewhere (its counter, each epoch's last checkpoint) is a pin: at that number stood that hash.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, QuerySet, When

from apps.ledger.checkpoints import Checkpoint, CheckpointLog, Keys, Testimony
from apps.ledger.models import Chain, Epoch, Event
from apps.ledger.rules import BEGINNING, Position, canonical, linked

Advance = Callable[[], object]


class Link(Protocol):
    """An event as its chain sees it."""

    @property
    def seq(self) -> int: ...
    @property
    def previous_hash(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...

    def recomputed(self) -> bytes: ...


@dataclass(slots=True)
class Row:
    id: UUID
    workspace_id: UUID
    seq: int
    type: str
    actor_id: UUID
    actor_kind: str
    payload: Any
    request_id: str
    trace_id: str
    via: str
    previous_hash: bytes
    hash: bytes
    at: datetime | None
    """Nothing where somebody wrote a moment that no calendar of ours has."""

    def __post_init__(self) -> None:
        self.previous_hash, self.hash = bytes(self.previous_hash), bytes(self.hash)

    def recomputed(self) -> bytes:
        """Its hash as it should be, or nothing where somebody wrote what we cannot have."""
        try:
            return linked(self.previous_hash, canonical(self, self.seq))
        except (TypeError, AttributeError, orjson.JSONEncodeError):
            return b""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong first: with a chain, at the row it names, or with the checkpoints."""

    kind: str
    """altered, missing, reordered, rehashed, truncated, counter, checkpoint or epoch."""
    text: str
    workspace: UUID | None = None
    seq: int | None = None

    def __str__(self) -> str:
        place = f"Workspace {self.workspace}, event {self.seq}: " if self.workspace else ""
        return f"{place}{self.text}"


class Seen(NamedTuple):
    """Which checkpoint was the last one."""

    number: int
    at: datetime


@dataclass(kw_only=True)
class Verdict:
    epoch: UUID
    events: int = 0
    chains: int = 0
    findings: list[Finding] = field(default_factory=list)
    checkpoints: int = 0
    last_checkpoint: Seen | None = None
    uncovered: int = 0
    uncovered_since: datetime | None = None
    given_up: int = 0
    lost_checkpoints: int = 0

    @property
    def is_sound(self) -> bool:
        return not self.findings

    def leaves_open(self, at: datetime | None) -> None:
        self.uncovered += 1
        if at:
            self.uncovered_since = min(at, self.uncovered_since or at)

    def facts(self) -> dict[str, Any]:
        last = self.last_checkpoint
        return {
            "ok": self.is_sound,
            "epoch": self.epoch,
            "events": self.events,
            "chains": self.chains,
            "findings": [
                {
                    "kind": found.kind,
                    "workspace": found.workspace,
                    "seq": found.seq,
                    "message": found.text,
                }
                for found in self.findings
            ],
            "checkpoints": self.checkpoints,
            "last_checkpoint": last._asdict() if last else None,
            "residual": {"events": self.uncovered, "since": self.uncovered_since},
            "given_up": self.given_up,
            "lost_checkpoints": self.lost_checkpoints,
        }

    def facts_of_one_chain(self) -> dict[str, Any]:
        """For who may read that chain. Of the checkpoints, which are everybody's, no more than that
        something is wrong."""
        facts = self.facts()
        facts["findings"] = [
            finding
            if finding["workspace"]
            else finding | {"message": "The checkpoints are not as they were written."}
            for finding in facts["findings"]
        ]
        return facts


def verify(
    *,
    workspace: UUID | None = None,
    since_checkpoint: bool = False,
    recent_checkpoints: bool = False,
    advance: Advance = lambda: None,
) -> Verdict:
    """The checkpoints are read first and the counters second: whatever they name was committed by
    then, so a verifier never takes a write that is under way for a forgery.

    The newest checkpoints vouch for all events before them: older ones (`recent_checkpoints`
    leaves them out) tell whether the folder is whole, and when something was rewritten.
    """
    testimony = read_checkpoints(only_recent=since_checkpoint or recent_checkpoints)
    last = testimony.last
    epoch = Epoch.objects.latest()
    verdict = Verdict(
        epoch=epoch.id,
        checkpoints=testimony.taken,
        last_checkpoint=Seen(last.number, last.at) if last else None,
        given_up=testimony.given_up,
        lost_checkpoints=testimony.lost,
        findings=[*_checkpoint_findings(testimony, epoch)],
    )
    counters = _counters(workspace)
    pins = _pins(testimony, counters, workspace)
    verdict.chains = len(pins)
    known = testimony.positions
    with rows(workspace, after=known if since_checkpoint else {}) as chains:
        for id_, events in chains:
            walk = Walk(id_, pins.pop(id_, []), known.get(id_) if since_checkpoint else None)
            covered = known.get(id_, Position(0, BEGINNING)).seq
            for event in events:
                verdict.events += 1
                walk.step(event)
                if event.seq > covered:
                    verdict.leaves_open(event.at)
                advance()
            if walk.reached.seq > counters.get(id_, Position(0, BEGINNING)).seq:
                walk.compare_counter(_counters(id_).get(id_))
            verdict.findings += walk.end()
    for id_, left in pins.items():  # of chains that have no rows to walk
        verdict.findings += Walk(id_, left, known.get(id_) if since_checkpoint else None).end()
    verdict.findings = [_narrowed(found) for found in verdict.findings]
    return verdict


def read_checkpoints(*, only_recent: bool = False) -> Testimony:
    """What the checkpoints say: all of them, or those that tell the present."""
    checkpoints = CheckpointLog(settings.CHECKPOINT_DIR)
    lines = checkpoints.recent_lines() if only_recent else checkpoints.lines()
    return Testimony(Keys.of_this_instance().believed).take_all(lines)


@contextmanager
def rows(
    workspace: UUID | None, *, after: Mapping[UUID, Position]
) -> Iterator[Iterable[tuple[UUID, Iterator[Row]]]]:
    """Each chain with its events in order, through a cursor on the server."""
    found = as_they_stand(Event.objects.order_by("workspace_id", "seq"))
    if workspace:
        found = found.filter(workspace_id=workspace)

    def streamed() -> Iterator[Row]:
        if not after:
            yield from (Row(*values) for values in found.iterator(chunk_size=2000))
            return
        moved = Chain.objects.order_by("workspace_id").values_list("workspace_id", flat=True)
        for id_ in moved.filter(workspace_id=workspace) if workspace else moved:
            seen = after.get(id_, Position(0, BEGINNING)).seq
            rest = found.filter(workspace_id=id_, seq__gt=seen)
            yield from (Row(*values) for values in rest.iterator(chunk_size=2000))

    with transaction.atomic():  # the cursor lives as long as this
        yield groupby(streamed(), key=lambda row: row.workspace_id)


def as_they_stand(events: QuerySet[Event]) -> QuerySet[Event, tuple[Any, ...]]:
    """The columns of a `Row`, whatever somebody may have written into them."""
    calendar = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    in_range = When(at__range=calendar, then=F("at"))
    columns = [name for name in Row.__slots__ if name != "at"]
    return events.values_list(*columns, Case(in_range))


def _checkpoint_findings(testimony: Testimony, epoch: Epoch) -> Iterator[Finding]:
    for flaw in testimony.flaws:
        yield Finding(kind="checkpoint", text=flaw[0].upper() + flaw[1:])
    last = testimony.last
    if epoch.checkpoint_number > (last.number if last else 0):
        yield Finding(
            kind="checkpoint",
            text=f"Checkpoints up to {epoch.checkpoint_number} were written, "
            f"the folder ends at {last.number if last else 0}.",
        )
    elif (
        last
        and last.number == epoch.checkpoint_number
        and last.digest != bytes(epoch.checkpoint_digest)
    ):
        yield Finding(kind="checkpoint", text=f"Checkpoint {last.number} is not the one written.")
    if last and last.epoch != epoch.id:
        yield Finding(
            kind="epoch", text=f"The epoch {epoch.id} was never announced by an operator."
        )


def _counters(workspace: UUID | None) -> dict[UUID, Position]:
    found = Chain.objects.filter(seq__gt=0).values_list("workspace_id", "seq", "head")
    if workspace:
        found = found.filter(workspace_id=workspace)
    return {id_: Position(seq, bytes(head)) for id_, seq, head in found}


@dataclass(frozen=True)
class Pin:
    position: Position
    of_counter: bool


def _pins(
    testimony: Testimony, counters: Mapping[UUID, Position], workspace: UUID | None
) -> dict[UUID, list[Pin]]:
    pins: dict[UUID, list[Pin]] = defaultdict(list)
    for id_, positions in testimony.former.items():
        pins[id_] += [Pin(position, False) for position in positions]
    for id_, position in testimony.positions.items():
        pins[id_].append(Pin(position, False))
    for id_, position in counters.items():
        pins[id_].append(Pin(position, True))
    return {id_: found for id_, found in pins.items() if workspace in (None, id_)}


class Walk:
    """One chain, row by row. Only what is wrong first is kept: the rest follows from it."""

    def __init__(self, workspace: UUID, pins: list[Pin], start: Position | None = None) -> None:
        self.workspace = workspace
        self.reached = start or Position(0, BEGINNING)
        self.pins = sorted(
            (pin for pin in pins if pin.position.seq >= self.reached.seq),
            key=lambda pin: (pin.position.seq, pin.of_counter),
        )
        self.finding: Finding | None = None

    def step(self, row: Link) -> None:
        expected = self.reached.seq + 1
        if row.seq != expected:
            self._found(
                "missing", expected, f"it is missing; after {expected - 1} comes {row.seq}."
            )
        own, link = row.recomputed() == row.hash, row.previous_hash == self.reached.head
        if not own and not link:
            self._found("reordered", row.seq, "another event stands in its place.")
        elif not own:
            self._found("altered", row.seq, "it was altered after it was written.")
        elif not link:
            self._found(
                "rehashed", row.seq, f"it does not link to {row.seq - 1}: one was written anew."
            )
        self.reached = Position(row.seq, row.hash)
        while self.pins and self.pins[0].position.seq <= row.seq:
            self._compare(self.pins.pop(0))

    def end(self) -> list[Finding]:
        for pin in self.pins:
            if pin.position.seq > self.reached.seq:
                source = "the counter" if pin.of_counter else "a checkpoint"
                self._found(
                    "truncated",
                    self.reached.seq + 1,
                    f"the tail is missing; {source} saw {pin.position.seq} events.",
                )
        return [self.finding] if self.finding else []

    def _compare(self, pin: Pin) -> None:
        if pin.position.seq != self.reached.seq or pin.position.head == self.reached.head:
            return
        if pin.of_counter:
            self._found("counter", pin.position.seq, "the chain's counter has another hash.")
        else:
            self._found("rehashed", pin.position.seq, "a checkpoint saw another hash.")

    def compare_counter(self, now: Position | None) -> None:
        """The chain may have grown since its counter was read: then the counter has, too."""
        seq, head = now or Position(0, BEGINNING)
        if seq < self.reached.seq:
            self._found("counter", seq + 1, f"it exists, but the chain's counter stands at {seq}.")
        elif seq == self.reached.seq and head != self.reached.head:
            self._found("counter", seq, "the chain's counter has another hash.")

    def _found(self, kind: str, seq: int, text: str) -> None:
        if self.finding is None:
            self.finding = Finding(kind=kind, workspace=self.workspace, seq=seq, text=text)


def _narrowed(finding: Finding) -> Finding:
    """A chain that was rehashed to its end fits together: between which checkpoints was it cut?"""
    id_ = finding.workspace
    if id_ is None or finding.kind != "rehashed" or "checkpoint" not in finding.text:
        return finding
    seen = {}
    for _, line in CheckpointLog(settings.CHECKPOINT_DIR).lines():
        try:
            position = Checkpoint.read(line).moved.get(id_)
        except ValueError:
            continue
        if position and position.seq <= (finding.seq or 0):
            seen[position.seq] = position.head
    found = Event.objects.filter(workspace_id=id_, seq__in=seen).values_list("seq", "hash")
    stands = {seq: bytes(head) for seq, head in found}
    first_bad = min((seq for seq in seen if stands.get(seq) != seen[seq]), default=finding.seq)
    first = max((seq for seq in seen if seq < (first_bad or 0)), default=0) + 1
    return Finding(
        kind="rehashed",
        workspace=id_,
        seq=first,
        text=f"from here to {first_bad}, events were written anew with fitting hashes.",
    )
