"""Agents that propose whatever the weather, and ask again under the same key until they are
answered. What was answered is kept here, outside the system.
"""

import os
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx

from apps.ledger.models import Delivery, Event
from apps.ledger.verification import verify
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Node, Revision
from apps.specs.models.proposals import Proposal

PACE = 0.1


class Proposer(threading.Thread):
    """Creates one task after the other, each under a key of its own: `most` of them, if not told to
    stop."""

    def __init__(self, url: str, key: str, most: int = 1_000_000) -> None:
        super().__init__()
        self.ended, self.most = threading.Event(), most
        self.http = httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=60)
        self.answers: list[tuple[float, float, int]] = []
        """When it was asked, how long it took, and the status. 0: none came."""
        self.replayed = 0
        self.accepted: list[str] = []

    def run(self) -> None:
        for number in range(self.most):
            if self.ended.is_set():
                break
            title = f"{self.name} {number}"
            self._propose(title)
            self.accepted.append(title)
        self.http.close()

    def _propose(self, title: str) -> None:
        body = {
            "title": title,
            "rationale": "It is time.",
            "operations": [{"op": "create", "kind": "task", "title": title, "labels": ["free"]}],
        }
        headers, status = {"Idempotency-Key": str(uuid4())}, 0
        while status != 201:
            began, status, said = time.monotonic(), 0, ""
            with suppress(httpx.TransportError):
                answer = self.http.post("/api/v1/mutations", json=body, headers=headers)
                status, said = answer.status_code, answer.text
                self.replayed += "Idempotent-Replayed" in answer.headers
            self.answers.append((began, time.monotonic() - began, status))
            assert status in (0, 201, 409, 503), said
            time.sleep(PACE)

    def stop(self) -> None:
        self.ended.set()
        self.join()

    def while_away(self, since: float, until: float) -> list[tuple[float, int]]:
        """What was answered to whoever asked then: how soon, and the status."""
        return [
            (seconds, status)
            for began, seconds, status in self.answers
            if since <= began and began + seconds <= until
        ]

    def first_served(self, since: float) -> float:
        """How long after that moment the first one was carried out."""
        return next(
            began + seconds - since
            for began, seconds, status in self.answers
            if status == 201 and began + seconds >= since
        )


def all_is_done() -> bool:
    return not Proposal.objects.open().exists() and not Delivery.objects.open().exists()


def require_whole(workspace, accepted: list[str]) -> None:
    """Each was carried out once, whole, with its events and its effect."""
    here = {"workspace": workspace}
    nodes = Counter(Node.objects.filter(**here).values_list("title", flat=True))
    assert nodes == Counter(accepted), "nothing is lost, nothing is there twice"
    states = Counter(Proposal.objects.filter(**here).values_list("state", flat=True))
    assert states == {ProposalState.APPLIED: len(accepted)}
    numbers = Revision.objects.filter(**here).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(accepted) + 1))
    for kind in ("submitted", "queued", "applied"):
        told = Event.objects.filter(workspace_id=workspace.id, type=f"specs.proposal.{kind}")
        assert told.count() == len(accepted), kind
    assert verify(workspace=workspace.id).is_sound, "the chain holds"


def files_of(pid: int) -> int:
    """How many files and sockets a process and its children hold."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return len(os.listdir(f"/proc/{pid}/fd")) + sum(files_of(int(child)) for child in children)
