"""How many proposals a second pass through HTTP, and how soon what needs no approval is applied.

    .venv/bin/python -m bench.propose_apply [--requests 800] [--rounds 3] [--seconds 10] [--profile]

One run, one machine: two uvicorns, a worker, a relay, a PostgreSQL and a Redis of their own, and 16
people who each ask over a connection that stays open. They insert one row in one transaction
through an endpoint of the same processes and the same door (credential, membership, limits); and
they propose edits of requirements, each of them judged by the policy, checked, kept, and put before
reviewers by a request. Rounds alternate. Then edits of tasks, which the policy lets pass, come at
50 a second: how long it takes from the first byte sent until anybody can see them applied. Goals:
250 proposals a second, and applied within 250 ms at the 99th percentile.

`--profile`: the same proposals in this process alone, and what its processor time goes into.
"""

import argparse
import cProfile
import json
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.decide import ROOT, Reviewer, told
from bench.fanout import cpu_seconds, free_port, wait_for_port

PEOPLE = 16
PACE = 50
GOAL_RATE, GOAL_MS = 250, 250
POLICY = """\
version: "1"
allowed_dirs: [docs]
default: {then: {require: [{name: review, roles: [reviewer]}]}}
rules:
  - name: tasks pass
    when: {act: [spec.change], node_kind: [task]}
    then: {allow: true}
risk: {factors: {outside_hours: 0, many: 0, large: 0}}
"""
BODY = """\
The shop SHALL pay a refund back within 14 days after the parcel came back.

It is paid the way the order was paid. Where that way is closed, the customer is asked for another
one, once, by mail. Nothing is paid to an address that was changed within the last seven days.
"""


class Bench:
    def __init__(self, ports):
        self.ports = ports
        self.used = 0

    def settle(self, requirements, tasks):
        import django

        django.setup()
        from django.db import connection

        from apps.accounts.choices import Role, Scope
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, issue, member
        from tests.specs.graphs import node, plant

        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bench_row (id bigserial PRIMARY KEY, voter uuid, decision text)"
            )
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=self.owner)
        self.people = [member(self.workspace, Role.REVIEWER) for _ in range(PEOPLE)]
        self.keys = [issue(person, self.workspace, *Scope) for person in self.people]
        said = {"title": "Refunds are paid in time", "body": BODY}
        wanted = [node(f"REQ-{number + 1}", **said) for number in range(requirements)]
        wanted += [node(f"TASK-{number + 1}", kind="task", **said) for number in range(tasks)]
        self.planted = plant(self.workspace, wanted).revision.number

    def all_at_once(self, work):
        """How long it took until each had done their part, and how long each answer did."""
        people = [
            Reviewer(self.ports[number % len(self.ports)], key)
            for number, key in enumerate(self.keys)
        ]
        together = threading.Barrier(PEOPLE + 1)

        def run(number):
            people[number].post("/bench/row", {"decision": "approve"})  # a warm connection
            people[number].took.clear()
            together.wait()
            work(number, people[number])

        with ThreadPoolExecutor(PEOPLE) as pool:
            parts = [pool.submit(run, number) for number in range(PEOPLE)]
            together.wait()
            began = time.perf_counter()
            for part in parts:
                part.result()
            seconds = time.perf_counter() - began
        return seconds, sorted(span for person in people for span in person.took)

    def inserts(self, how_many):
        def work(_, person):
            for _ in range(how_many // PEOPLE):
                status, text = person.post("/bench/row", {"decision": "approve"})
                assert status == 201, text

        return self.all_at_once(work)

    def proposals(self, how_many):
        first, self.used = self.used + 1, self.used + how_many

        def work(number, person):
            for each in range(first + number, first + how_many, PEOPLE):
                status, text = person.post("/api/v1/mutations", an_edit(f"REQ-{each}"))
                assert status == 201, text
                assert json.loads(text)["state"] == "in_review", text

        return self.all_at_once(work)

    def applied(self, seconds):
        """Of each, how long from when it was sent until a reader saw the revision."""
        sent, seen, due = {}, {}, PACE * seconds
        ended = threading.Event()

        def work(number, person):
            for each in range(number, due, PEOPLE):
                wait = began + each / PACE - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                at = time.perf_counter()
                status, text = person.post("/api/v1/mutations", an_edit(f"TASK-{each + 1}"))
                assert status == 201, text
                sent[json.loads(text)["id"]] = at

        watcher = threading.Thread(target=self.watch, args=(seen, ended, due))
        watcher.start()
        began = time.perf_counter() + 1
        answered = self.all_at_once(work)
        known = -1
        while watcher.is_alive() and known < len(seen):  # as long as there is progress
            known = len(seen)
            watcher.join(timeout=30)
        ended.set()
        assert seen.keys() == sent.keys(), f"{len(sent)} were sent, {len(seen)} were applied"
        return *answered, sorted(seen[each] - at for each, at in sent.items())

    def watch(self, seen, ended, due):
        from apps.specs.models.graph import Revision

        last = self.planted
        while len(seen) < due and not ended.is_set():
            found = Revision.objects.filter(workspace=self.workspace, number__gt=last)
            for number, proposal in found.order_by("number").values_list("number", "proposal_id"):
                seen[str(proposal)] = time.perf_counter()
                last = number
            time.sleep(0.005)

    def profile(self, how_many):
        from apps.specs.schemas import read_operations
        from apps.specs.services.submitting import submit_mutation

        profile = cProfile.Profile(time.process_time)
        for number in range(how_many):
            sent = an_edit(f"REQ-{number + 1}")
            if number == 20:
                profile.enable()
            submit_mutation(
                title="",
                rationale="",
                operations=read_operations(sent["operations"]),
                actor=self.people[0],
                workspace=self.workspace.id,
            )
        profile.disable()
        stats = pstats.Stats(profile)
        stats.sort_stats("cumulative").print_stats(r"apps/|execute|as_sql|full_clean", 60)
        stats.sort_stats("tottime").print_stats(25)


def an_edit(key):
    old, new = "within the last seven days", "within the last fourteen days"
    return {"operations": [{"op": "edit", "target": key, "old": old, "new": new}]}


def measure(bench, options, processes):
    rates = []
    for _ in range(options.rounds):
        told("inserts", options.requests, *bench.inserts(options.requests))
        before = {name: cpu_seconds_of_all(pid) for name, pid in processes.items()}
        seconds, took = bench.proposals(options.requests)
        rates.append(told("proposals", options.requests, seconds, took))
        spent = {
            name: (cpu_seconds_of_all(pid) - before[name]) * 1000 / options.requests
            for name, pid in processes.items()
        }
        print("  of the processor:", ", ".join(f"{k} {v:.2f} ms each" for k, v in spent.items()))
    seconds, answered, applied = bench.applied(options.seconds)
    count = len(applied)
    told(f"sent at {PACE} a second, answered", count, seconds, answered)
    told("the same, applied and seen", count, seconds, applied)
    rate, late = median(rates), applied[int(count * 0.99)] * 1000
    print(f"\n{rate:.0f} proposals a second, goal {GOAL_RATE}: {met(rate >= GOAL_RATE)}")
    print(f"applied after {late:.0f} ms p99, goal {GOAL_MS}: {met(late <= GOAL_MS)}")


def cpu_seconds_of_all(pid):
    """Of a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(map(cpu_seconds_of_all, children))


def met(is_met):
    return "met" if is_met else "MISSED"


def start(stack, *command, **environment):
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=os.environ | environment
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def start_all(stack, ports):
    from apps.common.runtime.programs import programs

    found = {}
    for number, port in enumerate(ports):
        web, worker, _, relay = programs(server="uvicorn", host="127.0.0.1", port=port)
        settings = {"DJANGO_SETTINGS_MODULE": "bench.decisions.settings"}
        found[f"web {number + 1}"] = start(stack, *web.module, **settings)
    found["worker"] = start(stack, *worker.module)
    found["relay"] = start(stack, *relay.module)
    for number, port in enumerate(ports):
        wait_for_port(port, found[f"web {number + 1}"])
    [postgres] = Path(os.environ["LATTICE_DATA_DIR"]).rglob("postmaster.pid")
    pids = {name: process.pid for name, process in found.items()}
    return pids | {"postgres": int(postgres.read_text().split()[0])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
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
            "DATABASE_POOL": str(PEOPLE),
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=ROOT)
        bench = Bench([free_port(), free_port()])
        bench.settle(options.requests * options.rounds, PACE * options.seconds)
        if options.profile:
            bench.profile(options.requests)
        else:
            measure(bench, options, start_all(stack, bench.ports))


if __name__ == "__main__":
    main()
