"""Waiting for what comes of a request: on the hub, with no thread and no connection for each who
waits. Whoever waits for the same looks at it together.
"""

import asyncio
from uuid import UUID
from weakref import WeakKeyDictionary

from apps.activity import hub
from apps.activity.choices import CloseCode
from apps.activity.feeds import Reader, Subscription
from apps.activity.frames import Frame
from apps.activity.outbox import Closed, Outbox
from apps.activity.ports import EventRow, Topic, Viewer
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.endings import Ending, endings_of
from apps.approvals.together import read_together
from apps.common.errors import NotFound


class NotAllowedAnyMore(Exception):
    """Whoever waits has lost what they waited with."""


async def ending_of(
    request: ApprovalRequest, *, viewer: Viewer, seconds: float, questions: int | None = None
) -> Ending:
    """As soon as it has ended, or more is asked than the `questions` that are known; else how it
    stands after so many seconds."""
    loop, here = asyncio.get_running_loop(), hub.here()
    deadline = loop.time() + seconds
    outbox: Outbox[Frame] = Outbox()
    reader = Reader(viewer, outbox, outbox.close, waits=True)

    def shows(event: EventRow) -> bool:
        return event.payload.get("request") == str(request.id)

    def deliver(_: Subscription, frame: Frame) -> None:
        outbox.put(frame, frame.size)

    await here.join(reader)
    try:
        await here.subscribe(
            reader,
            "ending",
            Topic(request.workspace_id, shows),
            deliver=deliver,
            answer=lambda *_: None,
        )
        while True:  # what happened since it was subscribed to is in the outbox, or seen here
            found = await _lookout().look(request.id)
            left = deadline - loop.time()
            is_asked = questions is not None and found.open_questions > questions
            if found.request.outcome or is_asked or left <= 0:
                return found
            await outbox.take(left)
    except Closed as closed:
        if closed.code == CloseCode.NOT_ALLOWED:
            raise NotAllowedAnyMore from closed
        return await _lookout().look(request.id)  # the hub begins anew: so does who waits
    finally:
        here.leave(reader)


class Lookout:
    """Reads for everybody who asks meanwhile, once."""

    def __init__(self) -> None:
        self._asked: dict[UUID, asyncio.Future[Ending]] = {}
        self._task: asyncio.Task[None] | None = None

    async def look(self, request_id: UUID) -> Ending:
        """As it is now, or later: a reading that has begun does not count."""
        asked = self._asked.get(request_id)
        if asked is None:
            asked = self._asked[request_id] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._read(), name="approvals: lookout")
        return await asyncio.shield(asked)

    async def _read(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await read_together(endings_of, list(asked))
            except Exception as failure:  # noqa: BLE001 (each who asked is told)
                for future in asked.values():
                    future.set_exception(failure)
                    future.exception()  # seen, also where nobody waits any more
                continue
            for request_id, future in asked.items():
                ending = found.get(request_id, NotFound())
                if isinstance(ending, Ending):
                    future.set_result(ending)
                else:
                    future.set_exception(ending)
                    future.exception()


_lookouts: WeakKeyDictionary[asyncio.AbstractEventLoop, Lookout] = WeakKeyDictionary()


def _lookout() -> Lookout:
    return _lookouts.setdefault(asyncio.get_running_loop(), Lookout())
