"""What every socket is made of: who it is, frames in, frames out, and when it has to go.

Frames in are answered one after the other; what is to be sent goes through an outbox, so that
whatever happens elsewhere never waits for this socket.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import orjson
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from pydantic import BaseModel, ValidationError

from apps.activity import hub
from apps.activity.admission import Door, admit_token
from apps.activity.choices import CloseCode
from apps.activity.eager import Unfinished, begin
from apps.activity.errors import InvalidCommand, NoHello, TooManySockets
from apps.activity.feeds import Reader
from apps.activity.hub import Hub
from apps.activity.outbox import Closed, Outbox
from apps.activity.pace import Pace, TooSlow, server_waits
from apps.activity.ports import Viewer
from apps.activity.schemas import Hello, Pong
from apps.activity.threads import in_database
from apps.common import context
from apps.common.api.errors import envelope, explain
from apps.common.api.parsers import strict_json
from apps.common.bodies import details_of
from apps.common.errors import DomainError, Internal, Malformed, TooMany, Unauthenticated
from apps.common.ids import uuid7
from apps.common.runtime.programs import LARGEST_MESSAGE

log = logging.getLogger(__name__)

HELLO_WITHIN = 5.0
HEARTBEAT = 25
LARGEST_FRAME = LARGEST_MESSAGE // 4
"""In characters, of four bytes at most: the servers let through whatever may be read here."""
COMMANDS_A_SECOND = 20
COMMANDS_AT_ONCE = 100
ID_IS = "A whole number, or a text of at most 64 characters."
STRIKES = 50
"""So many commands are refused for being too many before the socket is closed for it."""


class Socket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """What it says and does once it knows who is there is for those that are made of it."""

    door: ClassVar[type[Door]] = Door
    follows_reach: ClassVar[bool] = False
    """Whether it begins anew when its viewer may see more or less."""
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
        door = self.door.of(self.scope)
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
            token = parsed(Hello, frame).token
        except InvalidCommand as error:
            self._refuse(frame, error)
            return
        await self._admit(in_database(admit_token, token), frame)

    async def _admit(self, admission: Any, frame: Mapping[str, Any] | None = None) -> None:
        self._timer.cancel()  # it has said who it is; looking that up is our affair
        outcome = await outcome_of(admission)
        if isinstance(outcome, DomainError):
            self._refuse(frame or {}, outcome)
            return
        viewer: Viewer | None = outcome
        if viewer is None:
            self._expect_hello()
            return
        reader = Reader(viewer, self.outbox, self.outbox.close, follows_reach=self.follows_reach)
        greeted = await outcome_of(self._join(reader))
        if isinstance(greeted, DomainError):
            self._refuse(frame or {}, greeted)
            return
        self.beat()

    async def _join(self, reader: Reader) -> None:
        self.require_welcome(reader.viewer)
        await self.hub.join(reader)
        self.reader = reader
        await self.greet(reader)

    def require_welcome(self, viewer: Viewer) -> None:
        """Raises NotAllowed where somebody known has no business here."""

    async def greet(self, reader: Reader) -> None:
        """Says the first words."""
        raise NotImplementedError

    async def obey(self, frame: Mapping[str, Any], reader: Reader) -> None:
        """Carries out a command, and answers it."""
        raise NotImplementedError

    def _refuse(self, frame: Mapping[str, Any], error: DomainError) -> None:
        """Say why, and close."""
        code = CloseCode.NOT_ALLOWED
        if isinstance(error, TooManySockets):
            code = CloseCode.TOO_MANY
        elif isinstance(error, Unauthenticated | InvalidCommand):
            code = CloseCode.NO_HELLO
        elif error.status >= Internal.status:
            code = CloseCode.RESTART
        self.say_error(frame, error)
        self._put_last(code)

    async def __call__(self, *opened: Any) -> None:
        """Daphne ends a consumer that is slow to end: then no `disconnect` is heard."""
        try:
            await super().__call__(*opened)
        finally:
            self.gone()

    def gone(self) -> None:
        if not hasattr(self, "_writing"):
            return
        self._timer.cancel()
        self.outbox.close(CloseCode.RESTART)
        self._writing.cancel()
        if self.reader is not None:
            self.hub.leave(self.reader)

    # --- what goes out

    def say(self, frame: Mapping[str, Any]) -> None:
        self.say_text(orjson.dumps(frame).decode())

    def say_text(self, text: str) -> None:
        self.outbox.put(text, len(text))

    def say_error(self, frame: Mapping[str, Any], error: DomainError) -> None:
        self.say({"id": id_of(frame), "type": "error", **envelope(error)})

    def say_at_once(self, text: str) -> None:
        """Where nothing waits before it, it need not wait for its turn either."""
        if self._unfinished is None and self.outbox.is_idle and not self.pace.is_ahead:
            self._send_at_once(text)
        else:
            self.say_text(text)

    def _send_at_once(self, text: str) -> None:
        try:
            self._unfinished = begin(self.base_send({"type": "websocket.send", "text": text}))
        except OSError:
            return  # the client has gone, which `disconnect` will be told
        self.pace.sent(len(text))
        if self._unfinished is not None:
            self.outbox.put("", 0)
        elif self.pace.wants_ping:
            self.say({"type": "ping", "n": self.pace.ping()})

    def _put_last(self, code: CloseCode) -> None:
        self._closing = code
        self.outbox.put("", 0)

    def beat(self) -> None:
        self.say({"type": "ping", "n": self.pace.ping()})
        self._timer = asyncio.get_running_loop().call_later(HEARTBEAT, self.beat)

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
            if is_pong and self.answers_ping(frame):
                return  # as often as the server asks
            if not self.budget.spend():
                self._too_often(frame)
            elif is_pong:
                self._pong(frame)
            elif self.reader is None:
                await self._hello(frame)
            else:
                reader = self.reader
                context.amend(
                    via=reader.viewer.credential.via, actor_id=str(reader.viewer.actor.actor_id)
                )
                await self.obey(frame, reader)

    def answers_ping(self, frame: Mapping[str, Any]) -> bool:
        number = frame.get("n")
        return isinstance(number, int) and self.pace.pong(number)

    def _pong(self, frame: Mapping[str, Any]) -> None:
        """One that answers no ping. That may come of being late, so only nonsense is an error."""
        try:
            parsed(Pong, frame)
        except InvalidCommand as error:
            self.say_error(frame, error)

    def _too_often(self, frame: Mapping[str, Any]) -> None:
        self.say_error(frame, TooMany(retry_after=1))
        if self.budget.strikes > STRIKES:
            self._put_last(CloseCode.TOO_MANY)


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


async def outcome_of(work: Any) -> Any:
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


def parsed(schema: type[BaseModel], frame: Mapping[str, Any]) -> Parsed:
    try:
        return schema.model_validate(frame)
    except ValidationError as error:
        raise InvalidCommand(details=details_of(error)) from error


def id_of(frame: Mapping[str, Any]) -> int | str | None:
    found = frame.get("id")
    return found if is_id(found) else None


def is_id(found: object) -> bool:
    if isinstance(found, str):
        return len(found) <= 64
    return found is None or (isinstance(found, int) and not isinstance(found, bool))
