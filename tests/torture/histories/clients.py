"""People who decide on one request at the same time, each on a wire of their own to one of several
web processes, and what they were told.
"""

import random
import threading
import time
from collections.abc import Hashable
from datetime import timedelta
from math import inf
from typing import Any

import httpx
from django.db import connections
from django.utils import timezone

from apps.approvals.choices import State
from apps.approvals.services.settling import expire_if_late, sit, take_effect
from apps.common.actors import SYSTEM
from apps.ledger.services import unit
from tests.torture.histories.model import ABSTAIN, APPROVE, CHANGES, MOVED, REJECT, VETO, Act
from tests.torture.histories.search import Call

DECISIONS = [APPROVE] * 6 + [REJECT] * 3 + [ABSTAIN, CHANGES, VETO]


class Client(threading.Thread):
    def __init__(self, url: str, key: str, who: str, chance: random.Random) -> None:
        super().__init__()
        self.http = httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30)
        self.who, self.chance = who, chance
        self.history: list[Call[Act]] = []

    def about(self, request: Any, acts: int) -> "Client":
        self.place, self.digest, self.acts = f"/api/v1/approvals/{request.id}", "", acts
        self.digest = request.view_digest
        return self

    def run(self) -> None:
        with self.http:
            for number in range(self.acts):
                act = self.choose(number)
                asked = time.monotonic()
                answer = self.carry_out(act)
                told = inf if answer is None else time.monotonic()
                self.history.append(Call(act=act, asked=asked, told=told, answer=answer))

    def choose(self, number: int) -> Act:
        raise NotImplementedError

    def carry_out(self, act: Act) -> Hashable:
        """What was answered, as the model says it. None: nothing, or that it may have failed."""
        try:
            answer = self.send(act)
        except httpx.TransportError:
            return None
        found = answer.json()
        if answer.status_code in (500, 502, 503):
            return None
        if answer.is_success:
            self.digest = found["view_digest"]
            is_whole = act.what in ("vote", "read")  # others tell how it stood a moment later
            said = (answer.status_code, found["state"], self.digest)
            return said if is_whole else answer.status_code
        error = found["error"]
        if error["code"] == MOVED:
            self.digest = error["details"][0]["view_digest"]
        states = [detail["state"] for detail in error["details"] if "state" in detail]
        return (error["code"], states[0]) if states else error["code"]

    def send(self, act: Act) -> httpx.Response:
        if act.what == "read":
            return self.http.get(self.place)
        if act.what != "vote":
            return self.http.post(f"{self.place}/{act.what}")
        body = {"decision": act.decision, "digest": act.digest, "comment": "So it is."}
        edits = {"edits": {"spread": act.spread}} if act.spread else {}
        return self.http.post(f"{self.place}/votes", json=body | edits)


class Reviewer(Client):
    """Votes on what was last seen, which may be long ago; reads and undoes in between."""

    def __init__(self, *given: Any, edits: bool) -> None:
        super().__init__(*given)
        self.edits = edits

    def choose(self, number: int) -> Act:
        what = self.chance.choice(["read", "vote", "vote", "vote", "undo"])
        if what != "vote":
            return Act(what=what, who=self.who)
        decision, spread = self.chance.choice(DECISIONS), ""
        if self.edits and self.chance.random() < 0.2:
            decision, spread = APPROVE, f"{self.who} {number}"
        return Act(what="vote", who=self.who, decision=decision, digest=self.digest, spread=spread)


class Proposer(Client):
    """Looks, and seldom takes it back."""

    def choose(self, number: int) -> Act:
        return Act(what="withdraw" if self.chance.random() < 0.08 else "read", who=self.who)


class Clock(Client):
    """As time does, which is another process that holds the request meanwhile."""

    def about(self, request: Any, acts: int) -> "Client":
        self.request = request
        return super().about(request, acts)

    def run(self) -> None:
        super().run()
        connections.close_all()

    def choose(self, number: int) -> Act:
        time.sleep(self.chance.uniform(0, 0.2))
        return Act(what=self.chance.choice(["effect", "effect", "effect", "expire"]))

    def carry_out(self, act: Act) -> Hashable:
        with unit(actor=SYSTEM, workspace=self.request.workspace_id):
            sitting = sit(self.request.id)
            request, before = sitting.request, sitting.request.state
            if act.what == "effect" and before == State.ALLOWED:
                take_effect(request)
            elif act.what == "expire" and before == State.PENDING:
                assert sitting.stage is not None
                sitting.stage.expires_at = timezone.now() - timedelta(seconds=1)
                expire_if_late(sitting)
            return request.state != before
