"""The agent as a process of its own, which is killed, and the server, which is away."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from http.server import HTTPServer

import pytest

from apps.specs.models.proposals import Proposal
from config.env import ROOT
from demo.northwind.client import Client, Door, Refused
from demo.northwind.notebook import Notebook
from tests.outside import QuietDoor
from tests.serving import free_port
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def start(shop, tmp_path):
    place = {"LATTICE_URL": shop.url, "LATTICE_KEY": shop.key}
    given = ["--notebook", str(tmp_path / "agent.json"), "--pace", "0.1"]
    started = []

    def started_anew():
        with (tmp_path / "agent.log").open("ab") as log:
            command = [sys.executable, "-m", "demo.northwind", *given]
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | place, stdout=log, stderr=log
            )
        started.append(process)
        return process

    yield started_anew
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.long
def test_killed_again_and_again_it_proposes_nothing_twice_and_ends_when_asked_to(start, tmp_path):
    def proposed():
        return Proposal.objects.exclude(id__in=seeded).count()

    seeded = set(Proposal.objects.values_list("id", flat=True))
    for _ in range(4):
        before = proposed()
        process = start()
        eventually(partial(_more_than, before, proposed), what="another proposal")
        process.kill()
        process.wait()
    process = start()
    notebook = tmp_path / "agent.json"
    eventually(lambda: _open_in(notebook) == 6, what="six are open")
    before = proposed()
    time.sleep(1)  # so long it does not go on: nobody has voted
    assert proposed() == before
    titles = Counter(Proposal.objects.values_list("title", flat=True))
    assert titles.most_common(1)[0][1] == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    said = (tmp_path / "agent.log").read_text()
    assert "Stopping." in said
    assert "Traceback" not in said


def _more_than(before, proposed):
    return proposed() > before


def _open_in(notebook):
    return len([*Notebook(notebook).open()])


class _Tired(QuietDoor):
    """Answers as it is told, one after the other."""

    answers = [(503, "0"), (429, "0"), (500, "0"), (200, ""), (404, "")]
    heard: list[str]

    def do_POST(self):
        self.heard.append(self.headers["Idempotency-Key"])
        self.rfile.read(int(self.headers["Content-Length"]))
        status, wait = self.answers[len(self.heard) - 1]
        self.send_response(status)
        if wait:
            self.send_header("Retry-After", wait)
        self.end_headers()
        self.wfile.write(b'{"error": {"code": "not_found", "message": "Gone."}}')


def test_it_asks_again_with_the_same_key_until_somebody_answers_and_takes_a_no():
    said: list[str] = []
    heard: list[str] = []
    port = free_port()
    client = Client(lambda: Door(f"http://127.0.0.1:{port}", "lat_x"), said.append)
    server = []

    def come_back():
        eventually(lambda: said, what="it has asked nobody")
        server.append(HTTPServer(("127.0.0.1", port), type("Now", (_Tired,), {"heard": heard})))
        server[0].serve_forever(poll_interval=0.05)

    thread = threading.Thread(target=come_back)
    thread.start()
    try:
        client.post("/api/v1/mutations", {}, key="once")
        assert heard == ["once"] * 4
        assert "does not answer" in said[0]
        with pytest.raises(Refused, match="not_found: Gone"):
            client.post("/api/v1/mutations", {}, key="again")
    finally:
        server[0].shutdown()
        thread.join()
        server[0].server_close()
