"""How fast an event reaches 1,000 sockets: from its commit to each receipt, and at what cost.

One run, one machine, one client program, the same paced events, on a PostgreSQL and a Redis of its
own that are thrown away. Goal: p99 of our hub on uvicorn at most 1/20 of (a) and at most twice (c).
A case that falls behind is later with every event, so that its p99 says how long the run was;
`--interval 2` compares them while all keep up.

    .venv/bin/python -m bench.fanout [--sockets 1000] [--events 50] [--interval 0.2]
"""

import argparse
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOCKETS = ROOT / "bench" / "sockets"
GOAL_GROUP, GOAL_BROADCAST = 1 / 20, 2.0
USERS = 20
COLUMNS = ("p50", "p99", "max", "first", "last")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def cpu_seconds(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_port(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the server does not answer")


class Case:
    """A server, the client on it, and somebody who makes events happen."""

    def __init__(self, bench, name, command, publish):
        self.bench, self.name, self.command, self.publish = bench, name, command, publish

    def run(self):
        bench, port = self.bench, free_port()
        command = [word.format(port=port) for word in self.command]
        results = bench.folder / "results.json"
        with (bench.folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        wait_for_port(port, server)
        client = subprocess.Popen(
            [
                *(sys.executable, SOCKETS / "client.py", str(port), str(bench.sockets)),
                *(str(bench.events), results, bench.topic, *bench.keys),
            ],
            stdout=subprocess.PIPE,
        )
        try:
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
        finally:
            for process in (client, server):
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                process.wait()
        arrived = json.loads(results.read_text())
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
    def __init__(self, options, folder):
        self.sockets, self.events, self.interval = options.sockets, options.events, options.interval
        self.folder = folder

    def settle(self):
        """A workspace, and enough people in it that nobody has too many sockets."""
        import django

        django.setup()
        from tests.factories import WorkspaceFactory, issue, member

        self.workspace = WorkspaceFactory.create()
        self.keys = [issue(member(self.workspace), self.workspace) for _ in range(USERS)]
        self.topic = f"workspace:{self.workspace.id}"

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

    def cases(self):
        frame = self.frame()
        uvicorn = (
            *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", "{port}"),
            *("--lifespan", "off", "--no-access-log", "--log-level", "warning"),
        )
        daphne = (sys.executable, "-m", "daphne", "-p", "{port}", "--verbosity", "0")
        yield Case(
            self,
            "(a) a group per socket, Daphne",
            (*daphne, "bench.sockets.group_app:application"),
            lambda _: self.happen(after=self.send_to_group(frame)),
        )
        yield Case(self, "(b) our hub, uvicorn", uvicorn, lambda _: self.happen())
        yield Case(
            self,
            "(b) our hub, Daphne",
            (*daphne, "config.asgi:application"),
            lambda _: self.happen(),
        )
        program = SOCKETS / "broadcast.py"
        yield Case(
            self,
            "(c) websockets broadcasts",
            (
                *(sys.executable, str(program), "{port}", str(self.sockets), str(self.events)),
                *(str(self.interval), frame.replace("{", "{{").replace("}", "}}")),
            ),
            self.let_broadcast,
        )

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
        assert server.stdout.readline() == b"serving\n"
        server.stdin.write(b"go\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--interval", type=float, default=0.2)
    parser.add_argument("--only", default="", help="Cases whose name holds this.")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 20_000)), hard))
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
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=ROOT)
        bench = Bench(options, folder)
        bench.settle()
        print(
            f"{options.sockets} sockets, {options.events} events, one every {options.interval} s; "
            f"milliseconds from commit to receipt, CPU milliseconds an event;\n"
            f"first and last: the median of that event (the last is far later: it falls behind)\n"
        )
        heads = "".join(f"{name:>9}" for name in COLUMNS)
        print(f"{'':32}{heads}{'server CPU':>12}{'client CPU':>12}")
        found = {}
        for case in bench.cases():
            if options.only not in case.name:
                continue
            row = found[case.name] = case.run()
            figures = "".join(f"{row[name]:>9.1f}" for name in COLUMNS)
            print(
                f"{row['case']:32}{figures}{row['server_cpu']:>12.1f}{row['client_cpu']:>12.1f}",
                flush=True,
            )
        if not options.only:
            tell_goals(*found.values())


def tell_goals(*rows):
    group, ours, _, broadcast = (row["p99"] for row in rows)
    print(
        f"\np99 of our hub on uvicorn: {ours / group:.3f} of (a), goal {GOAL_GROUP}: "
        f"{'met' if ours <= group * GOAL_GROUP else 'MISSED'}; "
        f"{ours / broadcast:.2f} times (c), goal {GOAL_BROADCAST}: "
        f"{'met' if ours <= broadcast * GOAL_BROADCAST else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
