"""How fast an event reaches 1,000 sockets: from its commit to each receipt, and at what cost.

One run, one machine, one client program, the same paced events, on a PostgreSQL and a Redis of its
own that are thrown away. Goal: p99 of our hub on uvicorn at most 1/20 of (a) and at most twice (c).
A case that falls behind is later with every event, so that its p99 says how long the run was;
`--interval 2` compares them while all keep up.

    .venv/bin/python -m bench.fanout [--sockets 1000] [--events 50] [--interval 0.2]
"""

import json
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from itertools import chain

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import ROOT, cpu_seconds, house

SOCKETS = ROOT / "bench" / "sockets"
GOAL_GROUP, GOAL_BROADCAST = 1 / 20, 2.0
USERS = 20
COLUMNS = ("p50", "p99", "max", "first", "last")


class Case:
    """A server, the client on it, and somebody who makes events happen."""

    def __init__(self, bench, name, serving, publish):
        self.bench, self.name, self.serving, self.publish = bench, name, serving, publish

    def run(self):
        bench = self.bench
        with self.serving() as (port, server), bench.client(port) as client:
            assert client.stdout.readline() == b"ready\n", "the client did not get in"
            time.sleep(1)
            before = cpu_seconds(server.pid), cpu_seconds(client.pid)
            started = self.publish(server)
            assert client.stdout.readline() == b"done\n", "events are missing"
            spent, client_spent = (
                cpu_seconds(process.pid) - earlier
                for process, earlier in zip((server, client), before, strict=True)
            )
            assert client.wait(120) == 0, "the client did not write down what it saw"
        arrived = json.loads(bench.results.read_text())
        each = [
            sorted((at - begun) / 1e6 for at in times)
            for begun, times in zip(started, arrived, strict=True)
        ]
        delays = sorted(chain.from_iterable(each))
        assert len(delays) == bench.sockets * bench.events
        per_event = 1000 / bench.events
        return {
            "case": self.name,
            "p50": delays[len(delays) // 2],
            "p99": delays[int(len(delays) * 0.99)],
            "max": delays[-1],
            "first": each[0][len(each[0]) // 2],
            "last": each[-1][len(each[-1]) // 2],
            "server_cpu": spent * per_event,
            "client_cpu": client_spent * per_event,
        }


class Bench:
    """A workspace, and enough people in it that nobody has too many sockets."""

    def __init__(self, home, *, sockets, events, interval):
        from tests.factories import WorkspaceFactory, issue, member

        self.home, self.results = home, home.folder / "results.json"
        self.sockets, self.events, self.interval = sockets, events, interval
        self.workspace = WorkspaceFactory.create()
        self.keys = [issue(member(self.workspace), self.workspace) for _ in range(USERS)]
        self.topic = f"workspace:{self.workspace.id}"

    def client(self, port):
        return self.piped(
            *(SOCKETS / "client.py", str(port), str(self.sockets), str(self.events)),
            *(self.results, self.topic, *self.keys),
        )

    @contextmanager
    def house_serves(self, name, application="config.asgi:application"):
        with self.home.serving(name, application) as server:
            yield server.port, server.process

    def happen(self, after=lambda _: None):
        from apps.common.actors import SYSTEM
        from apps.ledger.services import record, unit
        from tests.activity.live.rings import BellRung

        committed = []
        for number in range(self.events):
            begun = time.monotonic()
            with unit(actor=SYSTEM, workspace=self.workspace.id):
                record(BellRung(number=number, note="x" * 100))
                # The commit is the next thing that happens: this is a little early, never late.
                committed.append(time.monotonic_ns())
            after(number)
            time.sleep(max(0.0, self.interval - (time.monotonic() - begun)))
        return committed

    def frame(self):
        """What a frame of ours looks like, for those who do not make their own."""
        from apps.activity.frames import Frame
        from apps.activity.selectors.events import events_after, heads
        from apps.ledger.selectors import current_epoch

        self.events, wanted = 1, self.events
        self.interval, pace = 0, self.interval
        self.happen()
        self.events, self.interval = wanted, pace
        head = heads([self.workspace.id])[self.workspace.id]
        (event,) = events_after(self.workspace.id, head - 1, limit=1)
        return Frame(event, "Tower rung").for_topic(self.topic, str(current_epoch()))

    def ours(self, name):
        return Case(
            self,
            f"(b) our hub, {name}",
            partial(self.house_serves, name.lower()),
            lambda _: self.happen(),
        )

    def cases(self):
        frame = self.frame()
        yield Case(
            self,
            "(a) a group per socket, Daphne",
            partial(self.house_serves, "daphne", "bench.sockets.group_app:application"),
            lambda _: self.happen(after=self.send_to_group(frame)),
        )
        yield self.ours("uvicorn")
        yield self.ours("Daphne")
        yield Case(
            self,
            "(c) websockets broadcasts",
            partial(self.broadcasting, frame),
            self.let_broadcast,
        )

    @contextmanager
    def broadcasting(self, frame):
        from tests.serving import free_port

        port = str(free_port())
        much = str(self.sockets), str(self.events), str(self.interval)
        with self.piped(SOCKETS / "broadcast.py", port, *much, frame) as server:
            assert server.stdout.readline() == b"serving\n"
            yield int(port), server

    @contextmanager
    def piped(self, *script):
        """A program that is talked with."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with (self.home.logs / f"{script[0].stem}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *script], cwd=ROOT, stderr=log, **pipes)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def send_to_group(self, frame):
        from asgiref.sync import async_to_sync
        from channels_redis.core import RedisChannelLayer

        from bench.sockets.group_settings import CHANNEL_LAYERS

        layer = RedisChannelLayer(**CHANNEL_LAYERS["default"]["CONFIG"])
        template = json.loads(frame)

        def send(number):
            template["event"]["payload"]["number"] = number
            message = {"type": "event.happened", "frame": template}
            async_to_sync(layer.group_send)("live", message)

        return send

    def let_broadcast(self, server):
        server.stdin.write(b"go\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())


def let_many_be_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 20_000)), hard))


def measure(bench, only):
    print(
        f"{bench.sockets} sockets, {bench.events} events, one every {bench.interval} s; "
        f"milliseconds from commit to receipt, CPU milliseconds an event;\n"
        f"first and last: the median of that event (the last is far later: it falls behind)\n"
    )
    heads = "".join(f"{name:>9}" for name in COLUMNS)
    print(f"{'':32}{heads}{'server CPU':>12}{'client CPU':>12}")
    found = {}
    for case in bench.cases():
        if only not in case.name:
            continue
        row = found[case.name] = case.run()
        figures = "".join(f"{row[name]:>9.1f}" for name in COLUMNS)
        print(
            f"{row['case']:32}{figures}{row['server_cpu']:>12.1f}{row['client_cpu']:>12.1f}",
            flush=True,
        )
    if only:
        return
    group, ours, daphne, broadcast = (row["p99"] for row in found.values())
    for name, p99, beside, other, goal in (
        ("uvicorn", ours, "a group of the channel layer for each socket", group, GOAL_GROUP),
        ("uvicorn", ours, "a bare broadcast by websockets", broadcast, GOAL_BROADCAST),
        ("Daphne", daphne, "a group of the channel layer for each socket", group, None),
    ):
        yield Figure(
            what=f"from commit to {bench.sockets:,} sockets, p99, {name}",
            value=p99,
            beside=beside,
            other=other,
            ratio_at_most=goal,
        )


def main():
    asked = arguments(__doc__)
    asked.add_argument("--sockets", type=int, default=1000)
    asked.add_argument("--events", type=int, default=50)
    asked.add_argument("--interval", type=float, default=0.2)
    asked.add_argument("--only", default="", help="cases whose name holds this")
    given = asked.parse_args()
    let_many_be_open()
    with house() as home:
        much = {"sockets": given.sockets, "events": given.events, "interval": given.interval}
        tell(measure(Bench(home, **much), given.only), given)


if __name__ == "__main__":
    main()
