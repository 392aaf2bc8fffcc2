"""How the streams stand in the description of the API: they are plain async views, which its
generator does not see. The examples are written by what writes the streams.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.accounts.access.schemes import CREDENTIALS
from apps.accounts.errors import (
    ExpiredToken,
    InvalidApiKey,
    InvalidToken,
    MissingApiKey,
    NotYourWorkspace,
    ScopeMissing,
)
from apps.activity.errors import TooManySockets
from apps.activity.frames import Frame
from apps.activity.ports import EventRow
from apps.activity.positions import write_position
from apps.activity.streams import NAMED, PLAIN, RECENT, SILENCE, Style
from apps.common.api.openapi import Schema, error_response
from apps.common.errors import TooMany

MEDIA = "text/event-stream"
PREFIXES = {"": "root_", "/api/v1": ""}

_ID = UUID("01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7")
_EXAMPLE = Frame(
    EventRow(
        id=_ID,
        workspace_id=_ID,
        seq=42,
        type="accounts.workspace.renamed",
        actor_id=_ID,
        actor_kind="person",
        payload={"workspace": str(_ID)},
        at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    ),
    "Ada renamed Northwind Shop",
)

_ALL = (
    "They are those of the workspaces the caller belongs to, and those that name the caller. "
    "Browsers resume by themselves. What cannot be resumed in full, after a restore or too long an "
    "absence, begins with a `reset`: load the present state again. docs/realtime.md says more."
)
_DATA = (
    f"Blocks of lines, in UTF-8. After `retry:` come the {RECENT} latest events, or what came "
    "after `Last-Event-ID`, then each event as it happens. Its `id:` is opaque. Every "
    f"{SILENCE:.0f} seconds without one there is a comment. A block with nothing but `id:` moves "
    "the place to resume from past events that are not shown here. Who joins and leaves comes as "
    "a block without `id:`."
)


def describe_streams(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook, before the one that adds what all operations share."""
    schemes = result["components"].setdefault("securitySchemes", {})
    schemes |= {
        "queryToken": _in_query("token", "An access token, where headers cannot be sent."),
        "queryKey": _in_query("key", "An API key, where headers cannot be sent."),
    }
    for prefix, name in PREFIXES.items():
        result["paths"][f"{prefix}/realtime/stream"] = {
            "get": _operation(
                f"{name}realtime_stream",
                "Watch what happens",
                "For `EventSource.onmessage`: events have no name. Each `data:` is an Event, as in "
                "the feed.",
                PLAIN,
            )
        }
        result["paths"][f"{prefix}/events"] = {
            "get": _operation(
                f"{name}events",
                "Watch what happens, with named events",
                "For `EventSource.addEventListener`: each event is named by its type. Each `data:` "
                "is `{ts, kind, data}`, of which `data` is an Event, as in the feed.",
                NAMED,
            )
        }
    return result


def _operation(name: str, summary: str, about: str, style: Style) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "description": f"{about} {_ALL}",
        "tags": ["activity"],
        "parameters": _PARAMETERS,
        "security": [*CREDENTIALS, {"queryToken": []}, {"queryKey": []}],
        "responses": {
            "200": {
                "description": _DATA,
                "headers": {"Cache-Control": {"schema": {"type": "string", "const": "no-cache"}}},
                "content": {MEDIA: {"schema": {"type": "string"}, "example": _example(style)}},
            },
            "401": error_response(MissingApiKey, InvalidToken, InvalidApiKey, ExpiredToken),
            "403": error_response(ScopeMissing, NotYourWorkspace),
            "429": error_response(TooMany, TooManySockets),
        },
    }


def _example(style: Style) -> str:
    position = write_position(str(_ID), _EXAMPLE.seq, {_ID: _EXAMPLE.seq})
    return style.first + style.write(_EXAMPLE, f"id: {position}\n") + style.heartbeat


def _in_query(name: str, description: str) -> Schema:
    return {"type": "apiKey", "in": "query", "name": name, "description": description}


def _parameter(place: str, name: str, schema: Schema, description: str) -> Schema:
    return {
        "in": place,
        "name": name,
        "schema": {"type": "string", **schema},
        "description": description,
    }


_UUID = {"format": "uuid"}
_PARAMETERS: list[Schema] = [
    _parameter(
        "header",
        "Last-Event-ID",
        {"maxLength": 8_000},
        "The last `id:` you have dealt with: you get everything after it. One that is not "
        "understood is one that cannot be resumed.",
    ),
    _parameter(
        "query",
        "kinds",
        {},
        "Types as docs/events.md lists them, separated by commas: only these are shown.",
    ),
    _parameter(
        "header",
        "X-Workspace-Id",
        _UUID,
        "Only this one of your workspaces.",
    ),
    _parameter("query", "workspace_id", _UUID, "The same, where headers cannot be sent."),
]
