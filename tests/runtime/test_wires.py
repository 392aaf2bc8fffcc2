"""The wire that tests put between two processes does to them what it says."""

import socket
import socketserver
import time
from contextlib import suppress

import pytest

from tests.outside import open_to_callers
from tests.wires import wired


@pytest.fixture
def asked():
    """What the other side was asked."""
    return []


@pytest.fixture
def wire(tmp_path, asked):
    """It leads to somebody who answers everything by the same."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self):
            while said := self.request.recv(100):
                asked.append(said)
                self.request.sendall(said)

    server = socketserver.ThreadingUnixStreamServer(str(tmp_path / "echo"), Echo)
    with open_to_callers(server), wired(tmp_path / "echo") as wire:
        yield wire


@pytest.fixture
def say(wire):
    with socket.create_connection(("127.0.0.1", wire.port), timeout=20) as end:

        def said(words):
            end.sendall(words)
            return end.recv(100)

        yield said


def test_it_leads_there_and_back_late_or_in_time(wire, say):
    assert say(b"hello") == b"hello"
    wire.delay = 0.2
    began = time.monotonic()
    assert say(b"again") == b"again"
    assert time.monotonic() - began >= 0.2


def test_a_lost_answer_was_given(wire, say, asked):
    wire.loses = lambda words: words == b"COMMIT"
    assert say(b"BEGIN") == b"BEGIN"
    assert say(b"COMMIT") == b""
    assert asked == [b"BEGIN", b"COMMIT"]
    assert wire.lost == 1


def test_whoever_is_cut_off_can_come_back(wire, say):
    assert say(b"hello") == b"hello"
    wire.cut()
    with suppress(OSError):
        assert say(b"still?") == b""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=20) as other:
        other.sendall(b"back")
        assert other.recv(100) == b"back"


def test_where_nobody_is_nothing_is_answered(tmp_path):
    with (
        wired(tmp_path / "nobody") as wire,
        socket.create_connection(("127.0.0.1", wire.port), timeout=20) as end,
    ):
        assert end.recv(100) == b""
