"""Agents propose, people decide, a worker applies, and all the while processes are killed. What was
answered is kept here, outside the system, and compared with what stands in the database.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from django.db import connections

from apps.accounts.choices import Role, Scope
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.ledger.models import Delivery, Event
from apps.ledger.verification import verify
from apps.policies.services.versions import apply_policy
from apps.specs.choices import Op, ProposalState
from apps.specs.models.graph import Node, Revision, Version
from apps.specs.models.proposals import Proposal
from config.env import ROOT
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.serving import Server
from tests.specs.graphs import node, plant
from tests.waiting import eventually

POLICY = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: what is free is free
    when: {labels: [free]}
    then: {allow: true}
default: {then: {require: [{name: review, roles: [reviewer]}]}}
"""
SHARED = 40
"""Nodes that everybody changes, each proposal an attribute of its own."""
AGAIN = (409, 429, 500, 502, 503)
"""409: the same key is in flight, in a process that may be dead."""
APPLIED_WITHIN = 60.0
WAITED = 600.0
"""For that, before it counts as lost."""


@dataclass
class Told:
    """What was answered to whom."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Proposals by what was meant with them: "approve", "reject" or "free"."""
    decided: list[dict[str, Any]] = field(default_factory=list)


class Storm:
    def __init__(
        self, *, web: Server, worker, relay, seed: int, deciders: int, proposers: int, pace: float
    ):
        """`pace`: so many proposals a second, all agents together, if the house can."""
        self.web, self.start_worker, self.start_relay = web, worker, relay
        self.chance = random.Random(seed)
        self.deciders, self.proposers, self.pace = deciders, proposers, pace
        self.told, self.lock = Told(), threading.Lock()
        self.over = threading.Event()
        self.kills: Counter[str] = Counter()
        self.meant: dict[str, str] = {}

    def settle(self) -> None:
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=self.owner)
        agents = [agent_of(self.owner, self.workspace) for _ in range(self.proposers)]
        people = [member(self.workspace, Role.REVIEWER) for _ in range(self.deciders)]
        self.agent_keys = [issue(one, self.workspace, Scope.READ, Scope.WRITE) for one in agents]
        self.keys = [issue(one, self.workspace, *Scope) for one in people]
        self.planted = plant(self.workspace, [node(f"REQ-{n + 1}") for n in range(SHARED)])
        connections.close_all()

    def rage(self, proposals: int) -> float:
        """Until everybody has proposed and decided; then how long it took until all was applied."""
        self.worker, self.relay = self.start_worker(), self.start_relay()
        deciders = [self._decider(key) for key in self.keys]
        nemesis = threading.Thread(target=self._nemesis)
        nemesis.start()
        self.began = time.monotonic()
        numbers = iter(range(proposals))
        threads = [
            threading.Thread(target=self._propose, args=(key, numbers, deciders))
            for key in self.agent_keys
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for process, reader in deciders:
            process.stdin.close()
            reader.join()
            process.wait()
        self.over.set()
        nemesis.join()
        ended = time.monotonic()
        eventually(self._is_quiet, within=WAITED, what="all that was accepted is applied")
        return time.monotonic() - ended

    # --- those who propose

    def _propose(self, key, numbers, deciders) -> None:
        with httpx.Client(base_url=self.web.url, timeout=60) as http:
            while (number := self._next(numbers)) is not None:
                with self.lock:
                    kind = self.chance.choice(["create", "set", "set", "free"])
                    shared = self.chance.randrange(SHARED) + 1
                    decision = self.chance.choice(["approve", "approve", "approve", "reject"])
                    first = self.chance.randrange(len(deciders))
                title = f"Number {number}"
                operation = {"op": "create", "kind": "task", "title": title, "labels": ["free"]}
                if kind == "set":
                    operation = {"op": "set", "target": f"REQ-{shared}", "value": number}
                    operation["attribute"] = f"a{number}"
                elif kind == "create":
                    operation["labels"] = []
                meant = "free" if kind == "free" else decision
                answer = self._post(http, key, [operation], meant)
                approval = answer.get("approval")
                if approval is None:
                    continue
                line = {"request": approval["id"], "digest": answer["digest"], "decision": decision}
                for process, _ in (deciders[first], deciders[(first + 1) % len(deciders)]):
                    with self.lock:
                        process.stdin.write(json.dumps(line) + "\n")
                        process.stdin.flush()

    def _next(self, numbers):
        """Once it is its turn."""
        with self.lock:
            number = next(numbers, None)
        if number is not None:
            time.sleep(max(0.0, self.began + number / self.pace - time.monotonic()))
        return number

    def _post(self, http, key, operations, meant):
        body = {"title": "Change", "rationale": "It is time.", "operations": operations}
        headers = {"X-API-Key": key, "Idempotency-Key": str(uuid4())}
        while True:
            try:
                answer = http.post("/api/v1/mutations", json=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code not in AGAIN:
                break
            time.sleep(0.1)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        with self.lock:
            self.told.accepted[told["id"]] = meant
        return told

    # --- those who decide

    def _decider(self, key):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.specs.storm.deciding", self.web.url, key],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

        def read() -> None:
            assert process.stdout
            with process.stdout as answers:
                for line in answers:
                    with self.lock:
                        self.told.decided.append(json.loads(line))

        reader = threading.Thread(target=read)
        reader.start()
        return process, reader

    # --- what kills

    def _nemesis(self) -> None:
        beats = 0
        while not self.over.wait(1.0):
            beats += 1
            self._supervise()
            if beats % 30 == 15:
                self.kills["worker"] += 1
                os.killpg(self.worker.pid, signal.SIGKILL)
            elif beats % 30 == 0:
                self.kills["web"] += 1
                self.web.restart()
            elif children := self._children():
                self.kills["child"] += 1
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(children), signal.SIGKILL)

    def _supervise(self) -> None:
        """As `manage.py up` does: Celery ends itself when a child dies while it starts."""
        if self.worker.poll() is not None:
            self.worker = self.start_worker()

    def _children(self) -> list[int]:
        pid = self.worker.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(child) for child in children.split()]

    # --- what stands in the end

    def _is_quiet(self) -> bool:
        self._supervise()
        open_ = Proposal.objects.filter(workspace=self.workspace).open().count()
        return open_ == 0 and not Delivery.objects.open().exists()

    def figures(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in self.kills.items())
        return (
            f"{len(self.told.accepted):,} proposals by {self.proposers} agents, "
            f"{len(self.told.decided):,} answers to {self.deciders} deciding processes, "
            f"killed by SIGKILL: {kills}"
        )

    def require_whole(self) -> None:
        told = self.told
        before = self.planted.revision
        here = Proposal.objects.filter(workspace=self.workspace).exclude(id=before.proposal_id)
        states = dict(here.values_list("id", "state"))
        kept = {str(proposal): state for proposal, state in states.items()}
        assert set(kept) == set(told.accepted), "none is lost, and none is there twice"
        applied = {one for one, state in kept.items() if state == ProposalState.APPLIED}
        wanted = {one for one, meant in told.accepted.items() if meant != "reject"}
        assert applied == wanted, Counter(kept.values())

        revisions = Revision.objects.filter(workspace=self.workspace)
        numbers = list(revisions.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(before.number, before.number + len(applied) + 1)), (
            "each applied once, numbered in a row"
        )
        nodes = Node.objects.filter(workspace=self.workspace)
        made = sum(
            operation["op"] == Op.CREATE
            for operations in here.filter(state=ProposalState.APPLIED).values_list(
                "operations", flat=True
            )
            for operation in operations
        )
        assert nodes.count() == made + SHARED
        versions = Version.objects.filter(workspace=self.workspace).count()
        assert versions == len(applied) + SHARED
        assert sum(nodes.values_list("version", flat=True)) == versions, "nothing overwritten"
        attributes = sum(len(each) for each in nodes.values_list("attributes", flat=True))
        assert attributes == len(applied) - made, "no change swallowed another"

        won = Counter(
            each["request"] for each in told.decided if each["status"] in (200, 201)
        )  # who votes again after a lost answer is told the same again
        requests = ApprovalRequest.objects.filter(workspace=self.workspace)
        assert {str(request.id) for request in requests} == set(won)
        settled = self._per_request("approvals.request.allowed", "approvals.request.denied")
        assert settled == dict.fromkeys(won, 1), "one outcome each"
        votes = Vote.objects.filter(workspace=self.workspace).count()
        cast = Event.objects.filter(
            workspace_id=self.workspace.id, type="approvals.vote.cast"
        ).count()
        assert votes == cast, "no decision without an event"
        assert verify(workspace=self.workspace.id).is_sound, "the chain holds"

    def _per_request(self, *types: str) -> dict[str, int]:
        events = Event.objects.filter(workspace_id=self.workspace.id, type__in=types)
        return dict(
            Counter(payload["request"] for payload in events.values_list("payload", flat=True))
        )
