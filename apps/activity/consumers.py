"""The socket at /ws/v1/: carries out commands, and shows what you watch."""

from collections.abc import Mapping
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from apps.activity import ports
from apps.activity.errors import (
    AlreadyKnown,
    InvalidCommand,
    TooManyTopics,
    UnknownCommand,
    UnknownTopic,
)
from apps.activity.feeds import Reader, Subscription
from apps.activity.frames import Frame
from apps.activity.ports import Topic, Viewer
from apps.activity.schemas import Subscribe, Unsubscribe
from apps.activity.selectors.viewers import refreshed
from apps.activity.sockets import HEARTBEAT, ID_IS, Socket, id_of, is_id, outcome_of, parsed
from apps.activity.threads import in_database
from apps.common.errors import DomainError
from apps.ledger import switch

TOPICS = 200


class LiveConsumer(Socket):
    async def greet(self, reader: Reader) -> None:
        self.say(
            {
                "type": "ready",
                "user": reader.viewer.actor.actor_id,
                "heartbeat": HEARTBEAT,
                "epoch": self.hub.epoch,
            }
        )

    def beat(self) -> None:
        for name, subscription in self.reader.subscriptions.items() if self.reader else ():
            if subscription.moved_on():
                place = {"epoch": self.hub.epoch, "seq": subscription.told}
                self.say({"type": "passed", "topic": name, **place})
        super().beat()

    def _deliver(self, subscription: Subscription, frame: Frame) -> None:
        self.say_at_once(frame.for_topic(subscription.name, self.hub.epoch))

    async def obey(self, frame: Mapping[str, Any], reader: Reader) -> None:
        outcome: Any
        match frame.get("type"):
            case _ if not is_id(frame.get("id")):
                outcome = InvalidCommand(details=[{"field": "id", "message": ID_IS}])
            case "subscribe":
                outcome = await outcome_of(self._subscribe(frame, reader))
            case "unsubscribe":
                outcome = await outcome_of(self._unsubscribe(frame, reader))
            case "ping":
                outcome = {}
            case "hello":
                outcome = AlreadyKnown()
            case str(name) if name in ports.commands:
                outcome = await outcome_of(self._carry_out(name, frame, reader))
            case _:
                outcome = UnknownCommand()
        if isinstance(outcome, DomainError):
            self.say_error(frame, outcome)
        elif outcome is not None:
            self.say({"id": id_of(frame), "type": "ok", **outcome})

    async def _carry_out(
        self, name: str, frame: Mapping[str, Any], reader: Reader
    ) -> dict[str, Any]:
        return {"result": await in_database(_commanded, name, reader.viewer, frame)}

    async def _subscribe(self, frame: Mapping[str, Any], reader: Reader) -> None:
        wanted = parsed(Subscribe, frame)
        if len(reader.subscriptions) >= TOPICS and wanted.topic not in reader.subscriptions:
            raise TooManyTopics
        topic = await in_database(_resolve, reader, wanted.topic)

        def answer(seq: int, recovered: bool) -> None:
            self.say({"id": id_of(frame), "type": "ok", "seq": seq, "recovered": recovered})

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
        if not self.hub.unsubscribe(reader, parsed(Unsubscribe, frame).topic):
            raise UnknownTopic("This socket does not watch this topic.")
        return {}


class Nowhere(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A socket at a path that leads nowhere."""

    async def connect(self) -> None:
        await self.close()


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
