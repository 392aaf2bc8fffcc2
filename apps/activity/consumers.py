"""The socket at /ws/v1/: says who you are, carries out commands, and shows what you watch.

Frames in are answered one after the other; what is to be sent goes through an outbox, so that
whatever happens elsewhere never waits for this socket.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from pydantic import BaseModel, ValidationError

from apps.activity import hub, ports
from apps.activity.admission import Door, admit_token
from apps.activity.choices import CloseCode
from apps.activity.eager import Unfinished, begin
from apps.activity.errors import (
    AlreadyKnown,
    InvalidCommand,
    NoHello,
    TooManySockets,
    TooManyTopics,
    UnknownCommand,
    UnknownTopic,
)
from apps.activity.frames import Frame
from apps.activity.hub import Hub, Reader, Subscription, in_database
from apps.activity.outbox import Closed, Outbox
from apps.activity.pace import Pace, TooSlow, server_waits
from apps.activity.ports import Topic, Viewer
from apps.activity.schemas import Hello, Pong, Subscribe, Unsubscribe
from apps.activity.selectors.viewers import refreshed
from apps.common import context
from apps.common.api.errors import envelope, explain
from apps.common.api.parsers import strict_json
from apps.common.errors import DomainError, Internal, Malformed, TooMany, Unauthenticated
from apps.common.ids import uuid7
from apps.common.runtime.programs import LARGEST_MESSAGE
from apps.ledger import switch

log = logging.getLogger(__name__)

HELLO_WITHIN = 5.0
HEARTBEAT = 25
LARGEST_FRAME = LARGEST_MESSAGE // 4
"""In characters, of four bytes at most: the servers let through whatever may be read here."""
TOPICS = 200
COMMANDS_A_SECOND = 20
COMMANDS_AT_ONCE = 100
ID_IS = "A whole number, or a text of at most 64 characters."
STRIKES = 50
"""So many commands are refused for being too many before the socket is closed for it."""


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    hub: Hub
    reader: Reader | None = None
    _closing: CloseCode | None = None
    _unfinished: Unfinished | None = None
    """What the server could not take at once. The writer sees it through before anything else."""

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """As Channels does, but without a visit to the database's thread for every frame."""
        await getattr(self, get_handler_name(message))(message)

    # --- who is it

    async def connect(self) -> None:
        self.hub = hub.here()
        self.pace = Pace(windowed=not server_waits(self.scope))
        self.outbox: Outbox[str] = Outbox(on_close=self.pace.give_up)
        self.budget = Budget()
        door = Door.of(self.scope)
        if door.is_hijacked:
            await self.close()
            return
        await self.accept()
        self._writing = asyncio.create_task(self._write())
        self._expect_hello()
        if door.is_known:
            with context.call(request_id=str(uuid7())):
                await self._admit(in_database(door.admit))

    def _expect_hello(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HELLO_WITHIN, self.outbox.close, CloseCode.NO_HELLO)

    async def _hello(self, frame: Mapping[str, Any]) -> None:
        if frame.get("type") != "hello":
            self._refuse(frame, NoHello())
            return
        try:
            token = _parsed(Hello, frame).token
        except InvalidCommand as error:
            self._refuse(frame, error)
            return
        await self._admit(in_database(admit_token, token), frame)

    async def _admit(self, admission: Any, frame: Mapping[str, Any] | None = None) -> None:
        self._timer.cancel()  # it has said who it is; looking that up is our affair
        outcome = await _outcome(admission)
        if isinstance(outcome, DomainError):
            self._refuse(frame or {}, outcome)
            return
        viewer: Viewer | None = outcome
        if viewer is None:
            self._expect_hello()
            return
        reader = Reader(viewer, self.outbox, self.outbox.close)
        joined = await _outcome(self.hub.join(reader))
        if isinstance(joined, DomainError):
            self._refuse(frame or {}, joined)
            return
        self.reader = reader
        self._put(
            {
                "type": "ready",
                "user": viewer.actor.actor_id,
                "heartbeat": HEARTBEAT,
                "epoch": self.hub.epoch,
            }
        )
        self._beat()

    def _refuse(self, frame: Mapping[str, Any], error: DomainError) -> None:
        """Say why, and close."""
        code = CloseCode.NOT_ALLOWED
        if isinstance(error, TooManySockets):
            code = CloseCode.TOO_MANY
        elif isinstance(error, Unauthenticated | InvalidCommand):
            code = CloseCode.NO_HELLO
        elif error.status >= Internal.status:
            code = CloseCode.RESTART
        self._answer_error(frame, error)
        self._put_last(code)

    async def __call__(self, *opened: Any) -> None:
        """Daphne ends a consumer that is slow to end: then no `disconnect` is heard."""
        try:
            await super().__call__(*opened)
        finally:
            self._gone()

    def _gone(self) -> None:
        if not hasattr(self, "_writing"):
            return
        self._timer.cancel()
        self.outbox.close(CloseCode.RESTART)
        self._writing.cancel()
        if self.reader is not None:
            self.hub.leave(self.reader)

    # --- what goes out

    def _put(self, frame: Mapping[str, Any]) -> None:
        text = orjson.dumps(frame).decode()
        self.outbox.put(text, len(text))

    def _deliver(self, subscription: Subscription, frame: Frame) -> None:
        text = frame.for_topic(subscription.name, self.hub.epoch)
        if self._unfinished is None and self.outbox.is_idle and not self.pace.is_ahead:
            self._send_at_once(text)
        else:
            self.outbox.put(text, len(text))

    def _send_at_once(self, text: str) -> None:
        """Nothing waits before it, so it need not wait for its turn either."""
        try:
            self._unfinished = begin(self.base_send({"type": "websocket.send", "text": text}))
        except OSError:
            return  # the client has gone, which `disconnect` will be told
        self.pace.sent(len(text))
        if self._unfinished is not None:
            self.outbox.put("", 0)
        elif self.pace.wants_ping:
            self._put({"type": "ping", "n": self.pace.ping()})

    def _put_last(self, code: CloseCode) -> None:
        self._closing = code
        self.outbox.put("", 0)

    def _beat(self) -> None:
        for name, subscription in self.reader.subscriptions.items() if self.reader else ():
            if subscription.moved_on():
                place = {"epoch": self.hub.epoch, "seq": subscription.told}
                self._put({"type": "passed", "topic": name, **place})
        self._put({"type": "ping", "n": self.pace.ping()})
        self._timer = asyncio.get_running_loop().call_later(HEARTBEAT, self._beat)

    async def _write(self) -> None:
        code = CloseCode.RESTART
        try:
            while True:
                for text in await self.outbox.take():
                    if self.outbox.code is not None:
                        raise Closed(self.outbox.code)
                    if not text:
                        await self._see_through()
                        if self._closing:
                            raise Closed(self._closing)
                        continue
                    if self.pace.is_ahead:
                        await self.pace.room()
                    await self.base_send({"type": "websocket.send", "text": text})
                    self.pace.sent(len(text))
                    if self.pace.wants_ping:
                        await self.send(text_data=f'{{"type":"ping","n":{self.pace.ping()}}}')
        except Closed as ending:
            code = ending.code
        except TooSlow:
            code = CloseCode.TOO_SLOW
        except OSError:
            return  # the client has gone
        self.outbox.close(code)
        self._timer.cancel()
        with suppress(OSError):
            await self._see_through()
            await self.close(int(code), code.name.lower().replace("_", " "))

    async def _see_through(self) -> None:
        if self._unfinished is not None:
            await self._unfinished.end()
            self._unfinished = None

    # --- what comes in

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        if self.outbox.code is not None or self._closing:
            return
        frame = _readable(text_data)
        if frame is None:
            self._put_last(CloseCode.MALFORMED)
            return
        with context.call(request_id=str(uuid7())):
            is_pong = frame.get("type") == "pong"
            if is_pong and self._answers_ping(frame):
                return  # as often as the server asks
            if not self.budget.spend():
                self._too_often(frame)
            elif is_pong:
                self._pong(frame)
            elif self.reader is None:
                await self._hello(frame)
            else:
                await self._command(frame, self.reader)

    def _answers_ping(self, frame: Mapping[str, Any]) -> bool:
        number = frame.get("n")
        return isinstance(number, int) and self.pace.pong(number)

    def _pong(self, frame: Mapping[str, Any]) -> None:
        """One that answers no ping. That may come of being late, so only nonsense is an error."""
        try:
            _parsed(Pong, frame)
        except InvalidCommand as error:
            self._answer_error(frame, error)

    def _too_often(self, frame: Mapping[str, Any]) -> None:
        self._answer_error(frame, TooMany(retry_after=1))
        if self.budget.strikes > STRIKES:
            self._put_last(CloseCode.TOO_MANY)

    async def _command(self, frame: Mapping[str, Any], reader: Reader) -> None:
        context.amend(via=reader.viewer.credential.via, actor_id=str(reader.viewer.actor.actor_id))
        outcome: Any
        match frame.get("type"):
            case _ if not _is_id(frame.get("id")):
                outcome = InvalidCommand(details=[{"field": "id", "message": ID_IS}])
            case "subscribe":
                outcome = await _outcome(self._subscribe(frame, reader))
            case "unsubscribe":
                outcome = await _outcome(self._unsubscribe(frame, reader))
            case "ping":
                outcome = {}
            case "hello":
                outcome = AlreadyKnown()
            case str(name) if name in ports.commands:
                outcome = await _outcome(self._carry_out(name, frame, reader))
            case _:
                outcome = UnknownCommand()
        if isinstance(outcome, DomainError):
            self._answer_error(frame, outcome)
        elif outcome is not None:
            self._put({"id": _id_of(frame), "type": "ok", **outcome})

    async def _carry_out(
        self, name: str, frame: Mapping[str, Any], reader: Reader
    ) -> dict[str, Any]:
        return {"result": await in_database(_commanded, name, reader.viewer, frame)}

    async def _subscribe(self, frame: Mapping[str, Any], reader: Reader) -> None:
        wanted = _parsed(Subscribe, frame)
        if len(reader.subscriptions) >= TOPICS and wanted.topic not in reader.subscriptions:
            raise TooManyTopics
        topic = await in_database(_resolve, reader, wanted.topic)

        def answer(seq: int, recovered: bool) -> None:
            self._put({"id": _id_of(frame), "type": "ok", "seq": seq, "recovered": recovered})

        await self.hub.subscribe(
            reader,
            wanted.topic,
            topic,
            deliver=self._deliver,
            after=(wanted.after.epoch, wanted.after.seq) if wanted.after else None,
            areas=wanted.areas,
            answer=answer,
        )

    async def _unsubscribe(self, frame: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
        if not self.hub.unsubscribe(reader, _parsed(Unsubscribe, frame).topic):
            raise UnknownTopic("This socket does not watch this topic.")
        return {}

    def _answer_error(self, frame: Mapping[str, Any], error: DomainError) -> None:
        self._put({"id": _id_of(frame), "type": "error", **envelope(error)})


class Nowhere(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A socket at a path that leads nowhere."""

    async def connect(self) -> None:
        await self.close()


class Budget:
    """A bucket of commands that fills again by so many a second."""

    def __init__(self) -> None:
        self.strikes = 0
        self._left = float(COMMANDS_AT_ONCE)
        self._at = time.monotonic()

    def spend(self) -> bool:
        now = time.monotonic()
        refilled = self._left + (now - self._at) * COMMANDS_A_SECOND
        self._left, self._at = min(float(COMMANDS_AT_ONCE), refilled), now
        if self._left < 1:
            self.strikes += 1
            return False
        self._left -= 1
        self.strikes = 0
        return True


def _commanded(name: str, viewer: Viewer, frame: Mapping[str, Any]) -> Mapping[str, Any]:
    command = ports.commands[name]
    with switch.staying_open(getattr(command, "stays_open", False)):
        switch.require_running()
        return command(viewer, frame)


def _resolve(reader: Reader, text: str) -> Topic:
    """Whoever has just joined a workspace may watch it at once."""
    name, _, rest = text.partition(":")
    resolve = ports.topics.get(name)
    if resolve is None:
        raise UnknownTopic
    try:
        return resolve(reader.viewer, rest)
    except UnknownTopic:
        reader.viewer = refreshed(reader.viewer)
        return resolve(reader.viewer, rest)


async def _outcome(work: Any) -> Any:
    """What it answers, or the error that it ended with, in our own words."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    failure = task.exception()
    if failure is None:
        return task.result()
    error = explain(failure)
    if error is None:
        log.error("A command failed", exc_info=failure)
    return error or Internal()


def _readable(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > LARGEST_FRAME:
        return None
    try:
        frame = strict_json(text.encode())
    except Malformed:
        return None
    return frame if isinstance(frame, dict) else None


Parsed = Any


def _parsed(schema: type[BaseModel], frame: Mapping[str, Any]) -> Parsed:
    try:
        return schema.model_validate(frame)
    except ValidationError as error:
        details = [
            {"field": ".".join(str(part) for part in found["loc"]), "message": found["msg"]}
            for found in error.errors()
        ]
        raise InvalidCommand(details=details) from error


def _id_of(frame: Mapping[str, Any]) -> int | str | None:
    found = frame.get("id")
    return found if _is_id(found) else None


def _is_id(found: object) -> bool:
    if isinstance(found, str):
        return len(found) <= 64
    return found is None or (isinstance(found, int) and not isinstance(found, bool))
