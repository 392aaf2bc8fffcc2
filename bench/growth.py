"""What a hundred times as many workspaces, events, specs, requests or sockets make of the cost of
what is done every day.

    .venv/bin/python -m bench.growth [--only events,sockets] [--rounds 5]

A PostgreSQL of its own, and in it a database for each size of each thing, filled at once. The same
is asked of all of them in turn, mostly through the doors of the API, and the fastest answer counts:
other work on the machine only ever adds. Ratio is how many times longer the largest takes than the
smallest; what bends first is told first. Sockets are counted on one uvicorn, by the processor time
that it spends on an event for each of them.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from apps.common.runtime import addresses
from bench import decide, fanout, graph, queue
from bench.ground.figures import Figure, arguments, shown, tell
from bench.ground.house import House, house, vacuum
from bench.ground.timing import milliseconds
from tests.databases import point_at

GOAL = 2.0
"""A hundred times as much may make one of it take this many times as long."""
WARM, TIMED = 2, 3
TOGETHER = 1_000
"""So many are made at once."""
AREA = 100
POLICY = """\
version: "1"
allowed_dirs: [docs, plans]
default: {then: {require: [{name: review, roles: [reviewer]}]}}
rules: [{name: tasks pass, when: {act: [spec.change], node_kind: [task]}, then: {allow: true}}]
risk: {factors: {outside_hours: 0, many: 0, large: 0}}
"""

Ask = Callable[[], object]


@dataclass(frozen=True)
class Grown:
    """So many of something, from few to many, and what is asked among them."""

    sizes: tuple[int, ...]
    fill: Callable[[int], dict[str, Ask]]


class Door:
    """The API, as somebody with a key of a workspace meets it, in this process."""

    def __init__(self, person, workspace):
        from django.test import Client

        from apps.accounts.choices import Scope
        from tests.factories import issue

        key = issue(person, workspace, *Scope)
        self.client = Client(headers={"X-API-Key": key}, SERVER_NAME="localhost")

    def get(self, path):
        def ask():
            answer = self.client.get(path)
            assert answer.status_code == 200, answer.content

        return ask

    def post(self, path, body):
        answer = self.client.post(path, body, content_type="application/json")
        assert answer.status_code == 201, answer.content


def a_workspace():
    from apps.accounts.choices import Role
    from tests.factories import WorkspaceFactory, member

    workspace = WorkspaceFactory.create()
    return workspace, member(workspace, Role.OWNER)


def ring(workspace, how_often=1):
    from apps.common.actors import SYSTEM
    from apps.ledger.services import record, unit
    from tests.activity.live.rings import BellRung

    with unit(actor=SYSTEM, workspace=workspace.id):
        for number in range(how_often):
            record(BellRung(number=number, note="x" * 100))


def among_workspaces(how_many):
    from apps.accounts.models import Membership, User, Workspace
    from apps.activity.selectors.events import heads
    from apps.ledger.deliveries import claim
    from tests.factories import MembershipFactory, PersonFactory, WorkspaceFactory

    workspace, owner = a_workspace()
    others = Workspace.objects.bulk_create(WorkspaceFactory.build_batch(how_many))
    for other in others:
        people = User.objects.bulk_create(PersonFactory.build_batch(5, default_workspace=other))
        Membership.objects.bulk_create(
            MembershipFactory.build(workspace=other, user=person) for person in people
        )
        ring(other)
    ids = [other.id for other in others]
    door = Door(owner, workspace)
    return {
        "who am I": door.get("/api/v1/auth/me"),
        "a page of members": door.get("/api/v1/members"),
        "an event is recorded": lambda: ring(workspace),
        "the relay looks for what is due": lambda: claim(100),
        "a hub that follows all of them looks for what is new": lambda: heads(ids),
    }


def among_events(how_many):
    from apps.activity.selectors.events import events_after

    workspace, owner = a_workspace()
    for _ in range(how_many // TOGETHER):
        ring(workspace, TOGETHER)
    door = Door(owner, workspace)
    return {
        "an event is recorded": lambda: ring(workspace),
        "a page of the audit": door.get("/api/v1/audit"),
        "a page of the audit, of one person": door.get(f"/api/v1/audit?actor={owner.id}"),
        "the feed": door.get("/api/v1/realtime/feed"),
        "200 events are resumed": lambda: events_after(workspace.id, how_many // 2, limit=200),
    }


def among_specs(how_many):
    from apps.accounts.choices import Role
    from apps.policies.services.versions import apply_policy
    from apps.specs.models.graph import Version
    from apps.specs.services.indexing import post_passages, stand
    from apps.specs.services.proposing import applied_at_once, propose
    from apps.specs.services.searching import search_specs
    from tests.factories import member
    from tests.specs.graphs import node, plant

    workspace, reader, _, _ = graph.fill(Random(7), how_many // AREA, AREA, revisions=0)
    workspace_id = workspace.id
    apply_policy(text=POLICY, workspace=workspace_id, actor=member(workspace, Role.OWNER))
    versions = Version.objects.filter(workspace=workspace).order_by("id")
    for first in range(0, how_many, TOGETHER):
        stand(workspace_id, versions[first : first + TOGETHER])
    plant(workspace, [node("TASK-1", kind="task")])
    while post_passages(workspace_id, most=TOGETHER):
        pass
    door = Door(reader, workspace)
    number = count(2)

    def edit(key):
        return [{"op": "edit", "target": key, "body": f"It SHALL last for {next(number)} days.\n"}]

    def apply():
        said = {"title": "", "rationale": "", "sent": edit("TASK-1")}
        assert applied_at_once(propose(**said, actor=reader, workspace=workspace_id))

    def found(words):
        asked = {"workspace_id": workspace_id, "actor": reader, "most": 10, "by_meaning": False}
        return lambda: search_specs(query=words, **asked)

    return {
        "a page of specs": door.get("/api/v1/specs"),
        "a spec": door.get("/api/v1/specs/REQ-7"),
        f"what depends on it, {AREA - 1} others": door.get("/api/v1/specs/REQ-1/impact"),
        "found by a word that one has": found("17"),
        "found by a word that all have": found("system"),
        "an edit is proposed": lambda: door.post(
            "/api/v1/mutations", {"operations": edit(f"REQ-{next(number)}")}
        ),
        "an edit is proposed and applied": apply,
    }


def among_requests(how_many):
    from apps.accounts.choices import Role
    from apps.accounts.models import Membership, Workspace
    from apps.policies.services.versions import apply_policy
    from tests.factories import agent_of

    workspace_id, reviewer = queue.fill(how_many, how_many // 20)
    workspace = Workspace.objects.get(id=workspace_id)
    owner = Membership.objects.get(workspace=workspace, role=Role.OWNER).user
    apply_policy(text=POLICY, workspace=workspace_id, actor=owner)
    agent = agent_of(owner, workspace)
    door, waiting, number = Door(reviewer, workspace), [], count()
    return {
        "what waits on me": door.get("/api/v1/approvals"),
        "what is pending": door.get("/api/v1/approvals/pending"),
        "a plan is proposed": lambda: waiting.append(
            decide.plan_of(agent, workspace_id, next(number))
        ),
        "a vote is cast": lambda: door.post(*decide.approval(*waiting.pop())),
    }


GROWN = {
    "workspaces": Grown((10, 100, 1_000), among_workspaces),
    "events": Grown((1_000, 10_000, 100_000), among_events),
    "specs": Grown((200, 2_000, 20_000), among_specs),
    "requests": Grown((1_000, 10_000, 100_000), among_requests),
}
SOCKETS = (10, 100, 1_000)


def growth(things, grown, rounds):
    """Of everything that is asked, and the smaller sizes beside the largest."""
    asks = {}
    for size in grown.sizes:
        began = time.perf_counter()
        another_database(f"{things}_{size}")
        asks[size] = grown.fill(size)
        vacuum()
        print(f"{size:,} {things} made in {time.perf_counter() - began:.0f} s", flush=True)
    took = defaultdict(list)
    for _ in range(rounds):
        for size, each in asks.items():
            point_at(f"{things}_{size}")
            for name, ask in each.items():
                took[name, size] += [milliseconds(ask) for _ in range(WARM + TIMED)][WARM:]
    few, more, many = grown.sizes
    for name in asks[few]:
        first, between, last = (min(took[name, size]) for size in grown.sizes)
        yield Figure(
            what=f"{name}, among {many:,} {things}",
            value=last,
            beside=f"among {few:,} (among {more:,}: {shown(between / first)} times that)",
            other=first,
            ratio_at_most=GOAL,
        )


def growth_of_sockets(home):
    point_at("lattice")
    fanout.let_many_be_open()
    rows = {}
    for size in SOCKETS:
        bench = fanout.Bench(home, sockets=size, events=25, interval=0.2)
        rows[size] = bench.ours("uvicorn").run()
    few, more, many = SOCKETS
    for what, unit, costs, goal in (
        ("from commit to receipt, p50", "ms", {n: row["p50"] for n, row in rows.items()}, None),
        (
            "an event for one of them, of the server's processor",
            "µs",
            {n: row["server_cpu"] * 1000 / n for n, row in rows.items()},
            GOAL,
        ),
    ):
        yield Figure(
            what=f"{what}, among {many:,} sockets",
            value=costs[many],
            unit=unit,
            beside=f"among {few} (among {more}: {shown(costs[more] / costs[few])} times that)",
            other=costs[few],
            ratio_at_most=goal,
        )


def another_database(name):
    import psycopg

    point_at("lattice")
    url = addresses.database_url(Path(os.environ["LATTICE_DATA_DIR"]), "postgres")
    with psycopg.connect(url, autocommit=True) as postgres:
        postgres.execute(f"CREATE DATABASE {name} TEMPLATE lattice")
    point_at(name)


def measure(home: House, only: list[str], rounds: int) -> Iterator[Figure]:
    for things, grown in GROWN.items():
        if things in only:
            yield from growth(things, grown, rounds)
    if "sockets" in only:
        yield from growth_of_sockets(home)


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--only", default=",".join([*GROWN, "sockets"]), help="with commas between")
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    with house() as home:
        figures = measure(home, given.only.split(","), given.rounds)
        tell(sorted(figures, key=lambda figure: -figure.ratio), given)


if __name__ == "__main__":
    main()
