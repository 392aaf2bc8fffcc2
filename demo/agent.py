"""An agent that proposes a change plan, waits for its approval, and saves the patch.

    LATTICE_URL=http://127.0.0.1:8000 LATTICE_KEY=lat_... python agent.py plan.json

plan.json holds what POST /api/v1/plans takes. What the agent must not forget stands in the state
file before it goes on: killed at any moment and started again, it proposes nothing twice and waits
on. It needs Python and nothing else. Exit codes: see OUTCOMES; 1 is for whatever went wrong.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

OUTCOMES = {
    "allowed": 0,
    "denied": 2,
    "changes_requested": 3,
    "expired": 4,  # nobody said no: ask again, or ask somebody else
    "cancelled": 5,
    "superseded": 6,
}
ASKED = "changes_requested"
AGAIN = 2.0
"""Seconds until a server that is away is asked again."""


class Refused(Exception):
    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.status = status


def call(method: str, path: str, body: Any = None, *, key: str = "") -> Any:
    """Asked again for as long as nobody answers. A key makes that safe for what creates."""
    headers = {"Authorization": f"Bearer {os.environ['LATTICE_KEY']}"}
    headers |= {"Content-Type": "application/json"} if body is not None else {}
    headers |= {"Idempotency-Key": key} if key else {}
    request = urllib.request.Request(  # noqa: S310
        os.environ["LATTICE_URL"].rstrip("/") + path,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
        method=method,
    )
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            wait = refusal.headers.get("Retry-After")
            if refusal.code < 500 and wait is None:
                raise Refused(refusal.code, json.load(refusal).get("error", {})) from None
            time.sleep(float(wait or AGAIN))
        except OSError:
            time.sleep(AGAIN)


def keep(path: Path, state: dict[str, Any]) -> None:
    """The whole of it or nothing."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def proposed(plan: Path, path: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if "key" not in state:
        state["key"] = str(uuid.uuid4())
        keep(path, state)
    if "plan" not in state:
        made = call("POST", "/api/v1/plans", json.loads(plan.read_text()), key=state["key"])
        state |= {"plan": made["id"], "request": (made["approval"] or {}).get("id")}
        keep(path, state)
    return state


def awaited(request: str) -> dict[str, Any]:
    while True:
        ending: dict[str, Any] = call("GET", f"/api/v1/approvals/{request}/wait?timeout=30")
        if ending["outcome"]:
            return ending


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    asked = argparse.ArgumentParser(description="Propose a plan, and wait for its approval.")
    asked.add_argument("plan", type=Path)
    asked.add_argument("--state", type=Path, default=Path("agent.json"))
    asked.add_argument("--patch", type=Path, default=Path("plan.patch"))
    asked.add_argument("--variant", default="v_bold")
    given = asked.parse_args()
    state = proposed(given.plan, given.state)
    outcome = "allowed"
    if state["request"]:
        say(f"waiting for {state['request']}")
        ending = awaited(state["request"])
        outcome = ending["outcome"]
        say(f"{outcome}: {ending['explanation']}")
        if ending["comment"]:
            who = ending["decided_by"]["name"]
            say(f"{who} asks for: {ending['comment']}" if outcome == ASKED else ending["comment"])
        if outcome == ASKED:
            say(f'To take it up, propose another plan with "follows": "{state["request"]}".')
    if outcome == "allowed":
        wanted = {"variant_id": given.variant}
        pull = call("POST", f"/api/v1/plans/{state['plan']}/pr", wanted)
        given.patch.write_text(pull["patch"])
        say(f"saved {given.patch}")
    return OUTCOMES[outcome]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as refusal:
        say(str(refusal))
        sys.exit(1)
