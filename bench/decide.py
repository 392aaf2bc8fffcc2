"""How many decisions a second pass through HTTP, and whether each is made once.

    .venv/bin/python -m bench.decide [--requests 400] [--races 30] [--rounds 3]

One run, one machine: a uvicorn, a PostgreSQL and a Redis of its own, 16 reviewers who each ask one
after the other over a connection that stays open. They decide on different requests; they insert
one row in one transaction through an endpoint of the same process and the same door (credential,
membership, limits); and all 16 race on one request, again and again. Rounds alternate. Goal:
decisions at least 0.4 of the rate of the insert, none lost, none double.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.fanout import free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
REVIEWERS = 16
GOAL = 0.4
POLICY = """\
version: "1"
allowed_dirs: [api, docs, plans]
default: {then: {require: [{name: review, roles: [reviewer]}]}}
"""


class Reviewer:
    """One who asks over a connection that stays open."""

    def __init__(self, port, key):
        self.door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self.took = []

    def post(self, path, body):
        began = time.perf_counter()
        self.door.request("POST", path, json.dumps(body), self.headers)
        answer = self.door.getresponse()
        text = answer.read()
        self.took.append(time.perf_counter() - began)
        return answer.status, text


class Bench:
    def __init__(self, port):
        self.port = port

    def settle(self):
        import django

        django.setup()
        from django.db import connection

        from apps.accounts.choices import Role, Scope
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, agent_of, issue, member

        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bench_row (id bigserial PRIMARY KEY, voter uuid, decision text)"
            )
        self.workspace = WorkspaceFactory.create()
        owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=owner)
        self.agent = agent_of(owner, self.workspace)
        people = [member(self.workspace, Role.REVIEWER) for _ in range(REVIEWERS)]
        self.keys = [issue(person, self.workspace, *Scope) for person in people]

    def ask(self, how_many):
        """Requests that wait, each about a plan of an agent."""
        from apps.approvals.models.requests import ApprovalRequest
        from apps.plans.choices import RiskBudget
        from apps.plans.schemas import PlanIn
        from apps.plans.services.proposing import create_plan, sketch

        before = set(ApprovalRequest.objects.values_list("id", flat=True))
        for number in range(how_many):
            sent = PlanIn(intent=f"Write down what was said, {number}", target_paths=["docs/a.md"])
            create_plan(
                drawing=sketch(sent),
                budget=RiskBudget.HIGH,
                actor=self.agent,
                workspace=self.workspace.id,
            )
        made = ApprovalRequest.objects.exclude(id__in=before).values_list("id", "view_digest")
        return [(str(request), digest) for request, digest in made]

    def all_at_once(self, work):
        """How long it took until each reviewer had done their part, and what was answered."""
        reviewers = [Reviewer(self.port, key) for key in self.keys]
        together = threading.Barrier(REVIEWERS + 1)

        def run(number):
            reviewers[number].post("/bench/row", {"decision": "approve"})  # a warm connection
            reviewers[number].took.clear()
            together.wait()
            return list(work(number, reviewers[number]))

        with ThreadPoolExecutor(REVIEWERS) as pool:
            parts = [pool.submit(run, number) for number in range(REVIEWERS)]
            together.wait()
            began = time.perf_counter()
            answers = [answer for part in parts for answer in part.result()]
            seconds = time.perf_counter() - began
        took = sorted(span for reviewer in reviewers for span in reviewer.took)
        return seconds, answers, took

    def inserts(self, how_many):
        def work(_, reviewer):
            for _ in range(how_many // REVIEWERS):
                yield reviewer.post("/bench/row", {"decision": "approve"})[0]

        return self.all_at_once(work)

    def decisions(self, requests):
        def work(number, reviewer):
            for request, digest in requests[number::REVIEWERS]:
                yield reviewer.post(*self.approval(request, digest))[0]

        return self.all_at_once(work)

    def races(self, requests):
        def work(_, reviewer):
            for request, digest in requests:
                status, text = reviewer.post(*self.approval(request, digest))
                yield status, json.loads(text).get("error", {}).get("code", "")

        return self.all_at_once(work)

    def approval(self, request, digest):
        return f"/api/v1/approvals/{request}/votes", {"decision": "approve", "digest": digest}

    def require_each_once(self, requests):
        """What stands in the database, whatever was answered."""
        from apps.approvals.models.requests import ApprovalRequest, Vote
        from apps.ledger.models import Event

        ids = [request for request, _ in requests]
        states = Counter(ApprovalRequest.objects.filter(id__in=ids).values_list("state", flat=True))
        votes = Vote.objects.filter(request__in=ids).count()
        effective = Event.objects.filter(
            type="approvals.request.effective", payload__request__in=ids
        ).count()
        assert votes == len(ids), f"{len(ids)} requests, {votes} votes"
        assert effective == len(ids), f"{len(ids)} requests, {effective} took effect"
        assert not set(states) - {"effective", "consumed"}, states


def told(name, count, seconds, took):
    p50, p99 = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    print(
        f"{name:34}{count / seconds:10.0f} a second{p50:9.1f} ms p50{p99:9.1f} ms p99", flush=True
    )
    return count / seconds


def measure(bench, options):
    ratios = []
    for _ in range(options.rounds):
        inserted = told(
            "inserts", options.requests, *take(bench.inserts(options.requests), {201: None})
        )
        requests = bench.ask(options.requests)
        decided = told("decisions", len(requests), *take(bench.decisions(requests), {201: None}))
        bench.require_each_once(requests)
        ratios.append(decided / inserted)
        raced = bench.ask(options.races)
        seconds, answers, took = bench.races(raced)
        counted = Counter(answers)
        assert counted[201, ""] == len(raced), counted
        lost = counted[409, "approval_already_decided"]
        assert lost == len(answers) - len(raced), counted
        told("16 racing on one, losers answered", len(answers), seconds, took)
        bench.require_each_once(raced)
    ratio = median(ratios)
    print(
        f"\ndecisions at {ratio:.2f} of the rate of inserts, goal {GOAL}: "
        f"{'met' if ratio >= GOAL else 'MISSED'}; none lost, none double"
    )


def take(measured, allowed):
    seconds, answers, took = measured
    assert set(answers) <= set(allowed), Counter(answers)
    return seconds, took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--races", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from apps.common.runtime import addresses
    from apps.common.runtime.services import Services

    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lattice-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(Services(folder).running())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LATTICE_ENV": "development",
            "LATTICE_DATA_DIR": str(folder),
            "DATABASE_URL": addresses.database_url(folder),
            "REDIS_URL": addresses.redis_url(folder),
            "LOG_LEVEL": "WARNING",
            "RATE_LIMIT_SCALE": "100000",
            "DATABASE_POOL": str(REVIEWERS),
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=ROOT)
        bench = Bench(free_port())
        bench.settle()
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
                *("--port", str(bench.port), "--lifespan", "off"),
                *("--no-access-log", "--log-level", "warning"),
            ],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "bench.decisions.settings"},
        )
        stack.callback(server.wait)
        stack.callback(server.terminate)
        wait_for_port(bench.port, server)
        measure(bench, options)


if __name__ == "__main__":
    main()
