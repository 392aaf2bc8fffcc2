"""How fast events are recorded, against a bare INSERT of the same row in the same run.

    .venv/bin/python -m bench.record [--seconds 2] [--rounds 5]

A PostgreSQL of its own, durable as it comes. Bare is the hardest comparison there is: one INSERT of
the same columns through the same Django cursor in autocommit, so one round trip with its commit, no
lock, no hash, no link. Ours is a whole unit of work with one event. Each connection is a process.
Rounds alternate, and medians are shown, because other work on the machine and its disk comes and
goes.
"""

import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from uuid import UUID, uuid4

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house
from tests.databases import let_go

context = get_context("fork")
BARE = """
    INSERT INTO bare_event (id, workspace_id, seq, type, actor_id, actor_kind, payload, request_id,
        trace_id, via, at, previous_hash, hash)
    VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, now(), %s, %s)
"""


def bare(workspace: UUID, number: int) -> None:
    from django.db import connection

    from apps.common.ids import uuid7

    note = f'{{"member": "{uuid7()}", "role": "reviewer"}}'
    row = [uuid7(), workspace, number, "bench.member.added", uuid7(), "person", note]
    row += ["r-1", "t-1", "session", bytes(32), bytes(32)]
    with connection.cursor() as cursor:
        cursor.execute(BARE, row)


def ours(workspace: UUID, number: int) -> None:  # noqa: ARG001
    from apps.common.actors import SYSTEM
    from apps.common.ids import uuid7
    from apps.ledger.services import record, unit

    with unit(actor=SYSTEM, workspace=workspace):
        record(event_type()(member=uuid7(), role="reviewer"))


def event_type() -> type:
    from dataclasses import dataclass

    from apps.common.events import Event, registry

    if "bench.member.added" not in registry:

        @dataclass(frozen=True, kw_only=True)
        class MemberAdded(Event):
            type = "bench.member.added"
            member: UUID
            role: str

    return registry["bench.member.added"]


Write = Callable[[UUID, int], None]


def work(write: Write, workspace: UUID, seconds: float, together, done) -> None:
    from django.db import connection

    first = uuid4().int >> 90 << 24  # bare rows are unique by workspace and number as well
    connection.ensure_connection()
    write(workspace, first)
    together.wait()
    until, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        count += 1
        write(workspace, first + count)
    done.put(count)
    connection.close()


def rate(write: Write, connections: int, workspaces: list[UUID], seconds: float) -> float:
    together, done = context.Barrier(connections), context.Queue()
    workers = [
        context.Process(
            target=work, args=(write, workspaces[at % len(workspaces)], seconds, together, done)
        )
        for at in range(connections)
    ]
    for worker in workers:
        worker.start()
    total = sum(done.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total / seconds


def measure(seconds: float, rounds: int) -> Iterator[Figure]:
    from django.db import connection

    event_type()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_event (LIKE ledger_event INCLUDING ALL)")
    let_go()  # each process opens its own
    for where, connections, spread, goal in (
        ("one connection in one workspace", 1, 1, {"ratio_at_least": 0.45}),
        ("16 connections in ten workspaces", 16, 10, {"ratio_at_least": 0.5}),
        ("16 connections in one workspace", 16, 1, {"at_least": 1000}),
    ):
        pairs = []
        for _ in range(rounds):
            ids = [uuid4() for _ in range(spread)]
            pairs.append(tuple(rate(write, connections, ids, seconds) for write in (ours, bare)))
        yield Figure.of(
            pairs,
            what=f"events recorded over {where}",
            unit="a second",
            beside="a bare INSERT",
            **goal,
        )


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--seconds", type=float, default=2)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    with house(DATABASE_POOL="1"):
        tell(measure(given.seconds, given.rounds), given)


if __name__ == "__main__":
    main()
