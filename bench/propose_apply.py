"""How many proposals a second pass through HTTP, and how soon what needs no approval is applied.

    .venv/bin/python -m bench.propose_apply [--requests 800] [--rounds 3] [--seconds 10] [--profile]

One run, one machine: two uvicorns, a worker, a relay, a PostgreSQL and a Redis of their own, and 16
people who each ask over a connection that stays open. They insert one row in one transaction
through an endpoint of the same processes and the same door (credential, membership, limits); and
they propose edits of requirements, each of them judged by the policy, checked, kept, and put before
reviewers by a request. Rounds alternate. Then edits of tasks, which the policy lets pass, come at
20 and at 50 a second: how long it takes from the first byte sent until anybody can see them
applied. Goals: 250 proposals a second, and applied within 250 ms at the 99th percentile.

`--profile`: the same proposals in this process alone, and what its processor time goes into.
"""

import threading
import time

from apps.common.runtime.programs import programs
from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import cpu_seconds_of_all, house
from bench.ground.people import SETTINGS, People, Person, make_room_for_rows
from bench.ground.timing import profiled, within

PEOPLE = 16
PACES = (20, 50)
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
    def __init__(self, requirements, tasks):
        from apps.accounts.choices import Role, Scope
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, issue, member
        from tests.specs.graphs import node, plant

        self.used = self.edited = 0
        make_room_for_rows()
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=self.owner)
        self.members = [member(self.workspace, Role.REVIEWER) for _ in range(PEOPLE)]
        self.keys = [issue(person, self.workspace, *Scope) for person in self.members]
        said = {"title": "Refunds are paid in time", "body": BODY}
        wanted = [node(f"REQ-{number + 1}", **said) for number in range(requirements)]
        wanted += [node(f"TASK-{number}", kind="task", **said) for number in range(tasks + 1)]
        self.planted = plant(self.workspace, wanted).revision.number

    def proposals(self, people, how_many):
        first, self.used = self.used + 1, self.used + how_many
        done = people.all_at_once(
            lambda number, person: (
                person.post("/api/v1/mutations", an_edit(f"REQ-{each}"))
                for each in range(first + number, first + how_many, PEOPLE)
            )
        ).require(201)
        assert {answer["state"] for _, answer in done.answers} == {"in_review"}
        return done

    def wait_for_worker(self, people):
        """One is applied before any is measured, and nothing is left of those before it."""
        from apps.ledger.models import Delivery
        from apps.specs.models.graph import Revision
        from tests.waiting import eventually

        person = Person(people.ports[0], people.keys[0])
        status, proposal = person.post("/api/v1/mutations", an_edit("TASK-0"))
        assert status == 201, proposal
        came = Revision.objects.filter(proposal=proposal["id"])
        eventually(came.exists, what="the worker applies")
        owed = Delivery.objects.unfinished()
        eventually(lambda: not owed.exists(), within=300, what="everything before is done")
        self.planted = came.get().number

    def applied(self, people, pace, seconds):
        """Of each, how long from when it was sent until a reader saw the revision."""
        sent, seen, due = {}, {}, pace * seconds
        first, self.edited = self.edited + 1, self.edited + due
        ended = threading.Event()

        def work(number, person):
            for each in range(number, due, PEOPLE):
                wait = began + each / pace - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                at = time.perf_counter()
                edit = an_edit(f"TASK-{first + each}")
                status, proposal = person.post("/api/v1/mutations", edit)
                sent[proposal.get("id")] = at
                yield status, proposal

        watcher = threading.Thread(target=self.watch, args=(seen, ended, due))
        watcher.start()
        began = time.perf_counter() + 1
        try:
            answered = people.all_at_once(work).require(201)
            known = -1
            while watcher.is_alive() and known < len(seen):  # as long as there is progress
                known = len(seen)
                watcher.join(timeout=30)
        finally:
            ended.set()
        assert seen.keys() == sent.keys(), f"{len(sent)} were sent, {len(seen)} were applied"
        return answered, sorted(seen[each] - at for each, at in sent.items())

    def watch(self, seen, ended, due):
        from apps.specs.models.graph import Revision

        while len(seen) < due and not ended.is_set():
            found = Revision.objects.filter(workspace=self.workspace, number__gt=self.planted)
            for number, proposal in found.order_by("number").values_list("number", "proposal_id"):
                seen[str(proposal)] = time.perf_counter()
                self.planted = number
            time.sleep(0.005)

    def profile(self, how_many):
        from apps.specs.schemas import read_operations
        from apps.specs.services.submitting import submit_mutation

        def submit(number):
            submit_mutation(
                title="",
                rationale="",
                operations=read_operations(an_edit(f"REQ-{number}")["operations"]),
                actor=self.members[0],
                workspace=self.workspace.id,
            )

        for number in range(1, 21):
            submit(number)
        with profiled():
            for number in range(21, how_many + 1):
                submit(number)


def an_edit(key):
    old, new = "within the last seven days", "within the last fourteen days"
    return {"operations": [{"op": "edit", "target": key, "old": old, "new": new}]}


def measure(bench, home, given):
    webs = [home.serve(DJANGO_SETTINGS_MODULE=SETTINGS) for _ in range(2)]
    _, worker, _, relay = programs(server="uvicorn", host="127.0.0.1", port=webs[0].port)
    processes = {f"web {number}": web.process.pid for number, web in enumerate(webs, 1)}
    processes |= {each.name: home.start(*each.module).pid for each in (worker, relay)}
    processes["postgres"] = home.postgres
    people = People([web.port for web in webs], bench.keys)
    rounds = []
    for _ in range(given.rounds):
        inserted = people.insert(given.requests)
        inserted.tell("inserts")
        before = {name: cpu_seconds_of_all(pid) for name, pid in processes.items()}
        proposed = bench.proposals(people, given.requests)
        proposed.tell("proposals")
        spent = {
            name: (cpu_seconds_of_all(pid) - before[name]) * 1000 / given.requests
            for name, pid in processes.items()
        }
        print("  of the processor:", ", ".join(f"{k} {v:.2f} ms each" for k, v in spent.items()))
        rounds.append((proposed.rate, inserted.rate))
    yield Figure.of(
        rounds,
        what=f"proposals through HTTP by {PEOPLE} people, judged, checked, kept, in review",
        unit="a second",
        beside="one INSERT through the same door",
        at_least=GOAL_RATE,
    )
    bench.wait_for_worker(people)
    for pace in PACES:
        answered, applied = bench.applied(people, pace, given.seconds)
        answered.tell(f"sent at {pace} a second, answered")
        yield Figure(
            what=f"proposed at {pace} a second, applied and seen, p99",
            value=within(applied, 0.99),
            beside="answered, p99",
            other=within(answered.took, 0.99),
            at_most=GOAL_MS,
        )


def main():
    asked = arguments(__doc__)
    asked.add_argument("--requests", type=int, default=800)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--seconds", type=int, default=10)
    asked.add_argument("--profile", action="store_true")
    given = asked.parse_args()
    with house(DATABASE_POOL=str(PEOPLE)) as home:
        bench = Bench(given.requests * given.rounds, sum(PACES) * given.seconds)
        if given.profile:
            bench.profile(given.requests)
        else:
            tell(measure(bench, home, given), given)


if __name__ == "__main__":
    main()
