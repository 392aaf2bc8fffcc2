"""The socket at /ws/{user_id}/{client_type}: shows what waits on somebody, and takes what they
decide. It shows the present state: whoever comes back is shown what still waits.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from apps.accounts.models import User
from apps.activity.admission import OpenDoor
from apps.activity.errors import AlreadyKnown, InvalidCommand, UnknownCommand
from apps.activity.feeds import Reader, Subscription
from apps.activity.frames import Frame
from apps.activity.ports import EventRow, Topic, Viewer
from apps.activity.sockets import HEARTBEAT, ID_IS, Socket, id_of, is_id, outcome_of, parsed
from apps.activity.threads import in_database
from apps.approvals import looking
from apps.approvals.commands import respond
from apps.approvals.schemas import Response
from apps.approvals.selectors.briefs import Brief, everything_waiting
from apps.common.errors import DomainError, NotAllowed

SHOWN_AT_ONCE = 200
LOOK_AGAIN_EVERY = 12
"""Heartbeats. Absences begin and end, and what was put off comes back, without any event."""

OF_INTEREST = {
    "approvals.comment.added",
    "approvals.request.claimed",
    "approvals.request.unclaimed",
    "approvals.request.escalated",
    "approvals.request.handed_over",
    "approvals.request.overdue",
    "approvals.request.requirements_changed",
    "approvals.request.rescheduled",
    "approvals.request.reshaped",
    "approvals.request.stuck",
    "approvals.thread.reopened",
    "approvals.thread.resolved",
}
"""What is told of a request that was shown. What became of it is told by `approval_update`."""
ABOUT_PEOPLE = ("accounts.member.", "approvals.absence.")
"""Events after which other people may decide than before."""


@dataclass(frozen=True)
class Shown:
    request: Mapping[str, Any]
    waits: bool


class ApprovalsConsumer(Socket):
    door = OpenDoor
    follows_reach: ClassVar[bool] = True
    _looking: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self._shown: dict[UUID, Shown] = {}
        self._bound: dict[UUID, str] = {}
        """What a response without a digest decides on: what this socket has shown last, and if
        that was another thing before, once the client has read it."""
        self._unread: dict[int, tuple[UUID, str]] = {}
        self._touched: dict[UUID, None] = {}
        self._everything_touched = False
        self._beats = 0
        await super().connect()

    def require_welcome(self, viewer: Viewer) -> None:
        named = self.scope["url_route"]["kwargs"]["user_id"].lower()
        user = viewer.actor
        assert isinstance(user, User)  # noqa: S101
        if named not in (str(user.id), user.email.lower()):
            raise NotAllowed("This address is somebody else's: it takes your own id or e-mail.")

    # --- what is shown

    async def greet(self, reader: Reader) -> None:
        for workspace_id in reader.viewer.workspaces:
            await self.hub.subscribe(
                reader,
                str(workspace_id),
                Topic(workspace_id, self._concerns),
                deliver=self._hear,
                answer=lambda *_: None,
            )
        found, total = await in_database(_waiting, reader.viewer)
        self.say(
            {
                "type": "connected",
                "user_id": reader.viewer.actor.actor_id,
                "client_type": self.scope["url_route"]["kwargs"]["client_type"],
                "heartbeat": HEARTBEAT,
                "waiting": total,
            }
        )
        with self.outbox.replay():
            for brief in found:
                self._show(brief, "waiting")

    @staticmethod
    def _concerns(event: EventRow) -> bool:
        return event.type.startswith(("approvals.", *ABOUT_PEOPLE))

    def _hear(self, _: Subscription, frame: Frame) -> None:
        event = frame.event
        if event.type.startswith(ABOUT_PEOPLE):
            self._everything_touched = True
        elif request := event.payload.get("request"):
            request_id = UUID(request)
            self._touched[request_id] = None
            if event.type in OF_INTEREST and request_id in self._shown:
                self.say_text(f'{{"type":"notification","event":{frame.json}}}')
        self._look()

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())

    async def _look_on(self) -> None:
        while self._touched or self._everything_touched:
            if self._everything_touched:
                self._everything_touched = False
                await self._look_around()
            touched, self._touched = self._touched, {}
            looked = [looking.here().at(request_id) for request_id in touched]
            for brief in await asyncio.gather(*looked):
                if brief is not None:
                    self._show(brief, "new")

    async def _look_around(self) -> None:
        """Other people may decide than before: so ask what waits, and about all that did."""
        if self.reader is None:
            return
        self._touched |= dict.fromkeys(one for one, shown in self._shown.items() if shown.waits)
        found, _ = await in_database(_waiting, self.reader.viewer)
        for brief in found:
            self._show(brief, "new")

    def _show(self, brief: Brief, reason: str) -> None:
        if self.reader is None:
            return
        request_id, waits = brief.request.id, self.reader.viewer.actor.actor_id in brief.waits_on
        before, now = self._shown.get(request_id), Shown(brief.shown, waits)
        if before == now or (before is None and not waits):
            return
        moved = before and before.request["view_digest"] != now.request["view_digest"]
        if waits and (before is None or moved or not before.waits):
            reason = "changed" if moved else "again" if before else reason
            self.say({"type": "approval_request", "reason": reason, "request": now.request})
        else:
            self.say({"type": "approval_update", "waits_on_you": waits, "request": now.request})
        self._shown[request_id] = now
        self._bind(request_id, now.request["view_digest"])

    def _bind(self, request_id: UUID, digest: str) -> None:
        if self._bound.setdefault(request_id, digest) != digest:
            number = self.pace.ping()
            self._unread[number] = (request_id, digest)
            self.say({"type": "ping", "n": number})

    def answers_ping(self, frame: Mapping[str, Any]) -> bool:
        answered = super().answers_ping(frame)
        if answered and frame["n"] in self._unread:
            request_id, digest = self._unread.pop(frame["n"])
            self._bound[request_id] = digest
        return answered

    def beat(self) -> None:
        self._beats += 1
        if self._beats % LOOK_AGAIN_EVERY == 0:
            self._everything_touched = True
            self._look()
        super().beat()

    def gone(self) -> None:
        super().gone()
        if self._looking is not None:
            self._looking.cancel()

    # --- what is decided

    async def obey(self, frame: Mapping[str, Any], reader: Reader) -> None:
        outcome: Any
        match frame.get("type"):
            case _ if not is_id(frame.get("id")):
                outcome = InvalidCommand(details=[{"field": "id", "message": ID_IS}])
            case "approval_response":
                outcome = await outcome_of(self._respond(frame, reader))
            case "ping":
                outcome = {"type": "ok"}
            case "hello":
                outcome = AlreadyKnown()
            case _:
                outcome = UnknownCommand()
        if isinstance(outcome, DomainError):
            self.say_error(frame, outcome)
        else:
            self.say({"id": id_of(frame), **outcome})

    async def _respond(self, frame: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
        asked: Response = parsed(Response, frame)
        seen = self._bound.get(asked.request_id, "")
        return {"type": "approval_result", **await in_database(respond, reader.viewer, asked, seen)}


def _waiting(viewer: Viewer) -> tuple[list[Brief], int]:
    return everything_waiting(viewer.actor, viewer.workspaces, limit=SHOWN_AT_ONCE)
