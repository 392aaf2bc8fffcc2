"""The API over HTTP, asked again for as long as nobody answers."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
PATIENCE = 60.0
"""Seconds until an answer is given up. Nothing that is asked here takes long."""


class Refused(Exception):
    """The server understood, and does not want it. Asking again would not help."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code', status)}: {error.get('message', '')}")
        self.status = status


@dataclass(frozen=True)
class Door:
    """Where the server is, and the key that opens it."""

    url: str
    key: str


class Client:
    def __init__(self, door: Callable[[], Door | None], say: Callable[[str], None]) -> None:
        """`door` is asked each time, since the server may come back elsewhere, with another key.
        None: it is not known yet."""
        self._door, self._say = door, say

    def get(self, path: str) -> Any:
        return self._asked("GET", path)

    def post(self, path: str, body: Any, *, key: str) -> Any:
        """The `Idempotency-Key` makes it safe to send again what may have arrived."""
        return self._asked("POST", path, body, key)

    def _asked(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        wait = FIRST_WAIT
        while True:
            door = self._door()
            try:
                if door:
                    return _answer(door, method, path, body, key)
                why, pause = "Nobody has said yet where the server is", wait
            except urllib.error.HTTPError as refusal:
                said = refusal.headers.get("Retry-After")
                if not said and refusal.code != 401 and refusal.code < 500:
                    raise Refused(refusal.code, _error_in(refusal)) from None
                why, pause = f"{method} {path}: {refusal.code}", float(said or wait)
            except OSError as nobody:  # which a timeout is, too
                why, pause = f"{door.url if door else ''} does not answer: {nobody}", wait
            self._say(f"{why}; asking again in {pause:.0f} s.")
            time.sleep(pause)
            wait = min(LONGEST_WAIT, wait * 2)


def _answer(door: Door, method: str, path: str, body: Any, key: str) -> Any:
    headers = {"Authorization": f"Bearer {door.key}"}
    headers |= {"Content-Type": "application/json"} if body is not None else {}
    headers |= {"Idempotency-Key": key} if key else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310
        door.url.rstrip("/") + path, data=data, headers=headers, method=method
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return json.load(answer)


def _error_in(refusal: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.load(refusal)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found
