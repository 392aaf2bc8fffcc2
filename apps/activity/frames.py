"""An event as it goes over the wire: made once, and the same bytes for everybody who may see it.

Every field stands at a place of its own: what a payload holds cannot pose as `seq` or
`received_at`.
"""

from typing import Any, ClassVar

import orjson

from apps.activity.ports import EventRow
from apps.activity.rules import area_of, short_name

NAMES_KEPT = 16
"""One may call a topic by many names, and would have the server keep the frame under each."""


def shape(event: EventRow, text: str) -> dict[str, Any]:
    """What the feed, the streams and the socket all show of an event."""
    return {
        "seq": event.seq,
        "received_at": event.at,
        "area": area_of(event.type),
        "event_type": short_name(event.type),
        "workspace_id": event.workspace_id,
        "payload": event.payload,
        "id": event.id,
        "timestamp": event.at,
        "type": event.type,
        "actor": {"id": event.actor_id, "kind": event.actor_kind},
        "text": text,
    }


class Frame:
    __slots__ = ("_for_topics", "area", "event", "json", "seq", "size")
    recorded: ClassVar[bool] = True

    def __init__(self, event: EventRow, text: str) -> None:
        self.event = event
        self.seq = event.seq
        self.area = area_of(event.type)
        self.json = orjson.dumps(self._shape(event, text)).decode()
        self.size = len(self.json)
        self._for_topics: dict[str, str] = {}

    def for_topic(self, topic: str, epoch: str) -> str:
        """The socket's frame."""
        made = self._for_topics.get(topic)
        if made is None:
            if len(self._for_topics) >= NAMES_KEPT:
                self._for_topics.clear()
            head = orjson.dumps(self._head(topic, epoch)).decode()
            made = self._for_topics[topic] = f'{head[:-1]},"event":{self.json}}}'
        return made

    def _shape(self, event: EventRow, text: str) -> dict[str, Any]:
        return shape(event, text)

    def _head(self, topic: str, epoch: str) -> dict[str, Any]:
        return {"type": "event", "topic": topic, "epoch": epoch, "seq": self.seq}


class Passing(Frame):
    """Seen by whoever watches just now, and told to nobody later: it has no number, so that it is
    in nobody's way when they resume."""

    __slots__ = ()
    recorded = False

    def _shape(self, event: EventRow, text: str) -> dict[str, Any]:
        return shape(event, text) | {"seq": None}

    def _head(self, topic: str, epoch: str) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "presence", "topic": topic}
