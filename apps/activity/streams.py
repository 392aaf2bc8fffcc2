"""A stream of events (SSE): the same rows, in the same order, to the same viewers as the socket.

A stream holds no thread and no connection to the database. How its events are written down is the
affair of a `Style`; there are two, one for each door.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import orjson

from apps.activity import hub
from apps.activity.choices import CloseCode
from apps.activity.errors import TooManySockets
from apps.activity.feeds import Reader, Subscription
from apps.activity.frames import Frame
from apps.activity.hub import Hub
from apps.activity.outbox import Closed, Outbox
from apps.activity.pace import server_waits
from apps.activity.ports import EventRow, Topic, Viewer
from apps.activity.positions import read_position, write_position
from apps.common.asgi import let_go_of_thread

RECENT = 10
SILENCE = 15.0
CHUNK = 32_000
UNSEEN = 1_000_000
"""So many characters are sent on a server that does not wait for its readers, until the stream
ends and the client resumes. It bounds what one who never reads can make the server keep."""
GRACE = 3.0


@dataclass(frozen=True)
class Style:
    write: Callable[[Frame, str], str]
    """An event and its position (a line, or nothing), as a block of lines."""
    first: str
    heartbeat: str
    reset: str
    """Says that what was missed cannot be told in full: load everything again."""


def _reset_event() -> str:
    empty: dict[str, Any] = {"seq": None, "received_at": None, "workspace_id": None, "payload": {}}
    return orjson.dumps({**empty, "area": "stream", "event_type": "reset"}).decode()


PLAIN = Style(
    write=lambda frame, position: f"{position}data: {frame.json}\n\n",
    first="retry: 2000\n\n",
    heartbeat=": heartbeat\n\n",
    reset=f"data: {_reset_event()}\n\n",
)
"""For `onmessage`, which hears only what has no name."""


def _named(frame: Frame, position: str) -> str:
    kind = frame.event.type
    data = f'{{"ts":{frame.event.at.timestamp():.3f},"kind":"{kind}","data":{frame.json}}}'
    return f"{position}event: {kind}\ndata: {data}\n\n"


NAMED = Style(
    write=_named,
    first="retry: 5000\n\nevent: ready\ndata: {}\n\n",
    heartbeat=":keepalive\n\n",
    reset="event: reset\ndata: {}\n\n",
)


class Stream:
    def __init__(
        self,
        viewer: Viewer,
        style: Style,
        *,
        scope: Mapping[str, Any],
        last_event_id: str = "",
        kinds: Collection[str] = (),
    ) -> None:
        self.style = style
        self.last_event_id = last_event_id
        self.kinds = frozenset(kinds)
        self.outbox: Outbox[Frame] = Outbox()
        self.reader = Reader(viewer, self.outbox, self.end, follows_reach=True)
        self.epoch = ""
        self.seqs: dict[UUID, int] = {}
        self._has_told = False
        self._held: dict[UUID, list[Frame]] | None = {}
        self._budget = None if server_waits(scope) else UNSEEN
        self._task: asyncio.Task[Any] | None = None

    def end(self, code: CloseCode) -> None:
        """A client that does not read keeps the server in `send`: after a while it is cut off."""
        self.outbox.close(code)
        if self._task is not None:
            asyncio.get_running_loop().call_later(GRACE, self._task.cancel)

    async def lines(self) -> AsyncIterator[bytes]:
        self._task = asyncio.current_task()
        await let_go_of_thread()
        here = hub.here()
        yield self.style.first.encode()
        try:
            await here.join(self.reader)
            if await self._follow(here):
                yield self.style.reset.encode()
            async for block in self._blocks():
                yield block
        except (Closed, TooManySockets):
            return
        finally:
            self._task = None
            here.leave(self.reader)

    async def _follow(self, here: Hub) -> bool:
        """Begins to watch everything. Whether what was missed could not be told in full."""
        followed = sorted(self.reader.viewer.workspaces)
        resumes = bool(self.last_event_id)
        place = read_position(self.last_event_id, followed) if resumes else None
        starts: dict[UUID, tuple[int, bool]] = {}
        for workspace_id in followed:
            after = None
            if place and workspace_id in place[1]:
                after = (place[0], place[1][workspace_id])

            def answer(seq: int, recovered: bool, workspace_id: UUID = workspace_id) -> None:
                starts[workspace_id] = seq, recovered

            await here.subscribe(
                self.reader,
                str(workspace_id),
                Topic(workspace_id, self._shows),
                deliver=self._deliver,
                after=after,
                last=0 if resumes else RECENT,
                answer=answer,
            )
        self.epoch = here.epoch
        told = bool(place) and all(recovered for _, recovered in starts.values())
        self._release({w: seq for w, (seq, _) in starts.items()}, None if resumes else RECENT)
        return resumes and not told

    def _release(self, heads: Mapping[UUID, int], recent: int | None) -> None:
        """What came while the workspaces were joined one after the other, in the order of time."""
        held, self._held = self._held or {}, None
        frames = list(heapq.merge(*held.values(), key=lambda frame: frame.event.at))
        if recent is not None:
            old = [f for f in frames if f.seq <= heads[f.event.workspace_id]]
            dropped = set(map(id, old[:-recent]))
            frames = [frame for frame in frames if id(frame) not in dropped]
        self.seqs = dict(heads)
        for frame in reversed(frames):
            self.seqs[frame.event.workspace_id] = frame.seq - 1
        with self.outbox.replay():
            for frame in frames:
                self.outbox.put(frame, frame.size)

    def _deliver(self, _: Subscription, frame: Frame) -> None:
        if self._held is None or not frame.recorded:
            self.outbox.put(frame, frame.size)
        else:
            self._held.setdefault(frame.event.workspace_id, []).append(frame)

    def _shows(self, event: EventRow) -> bool:
        return not self.kinds or event.type in self.kinds

    async def _blocks(self) -> AsyncIterator[bytes]:
        while True:
            taken = await self.outbox.take(SILENCE)
            # Nothing waits in the outbox now, so what the feeds have handed out is in `taken`.
            watched = self.reader.subscriptions.values()
            reached = {one.topic.workspace_id: one.feed.seq for one in watched}
            told = map(self._write, taken) if taken else [self.style.heartbeat]
            for block in _chunks(chain(told, self._moved_on(reached))):
                if self.outbox.code is not None:
                    return
                yield block.encode()
                if self._is_spent(len(block)):
                    return

    def _write(self, frame: Frame) -> str:
        if not frame.recorded:
            return self.style.write(frame, "")
        self.seqs[frame.event.workspace_id] = frame.seq
        self._has_told = True
        position = write_position(self.epoch, frame.seq, self.seqs)
        return self.style.write(frame, f"id: {position}\n")

    def _moved_on(self, reached: dict[UUID, int]) -> Iterator[str]:
        """Only a position, past events that this stream does not show: to resume from before them
        would be to resume from ever further back."""
        if reached and (reached != self.seqs or not self._has_told):
            self.seqs, self._has_told = reached, True
            position = write_position(self.epoch, max(reached.values()), reached)
            yield f"id: {position}\n\n"

    def _is_spent(self, size: int) -> bool:
        if self._budget is None:
            return False
        self._budget -= size
        return self._budget <= 0


def _chunks(blocks: Iterable[str]) -> Iterable[str]:
    waiting: list[str] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)
