"""Every call has ids: they come back with the answer and stand in every log line."""

import io
import json
import logging

import pytest
import structlog

from apps.common import context

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def lines(monkeypatch):
    """What is logged from now on."""
    root, written = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "level", logging.INFO)
    (handler,) = (found for found in root.handlers if type(found) is logging.StreamHandler)
    monkeypatch.setattr(handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize("offered", ["a", "A-z_0.9", "x" * 64])
def test_sane_request_ids_are_kept(client, offered):
    assert client.get("/health", headers={"X-Request-Id": offered})["X-Request-Id"] == offered


@pytest.mark.parametrize("offered", ["", "x" * 65, "a b", "a/b", "a\nb", "ä", "<script>"])
def test_odd_request_ids_are_replaced(client, offered):
    found = client.get("/health", headers={"X-Request-Id": offered})["X-Request-Id"]
    assert found != offered
    assert len(found) == 36


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/static/common/error.css", "/docs"])
def test_every_answer_names_its_request(client, path):
    first, second = client.get(path), client.get(path)
    first.close()
    second.close()
    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_a_line_tells_of_each_request(client, lines):
    client.get("/health?token=abc", headers={"X-Request-Id": "r-1", "traceparent": TRACEPARENT})
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["request"] == "r-1"
    assert line["trace"] == TRACE
    assert (line["method"], line["route"], line["status"]) == ("GET", "health", 200)
    assert "abc" not in str(line)


@pytest.mark.parametrize(
    "odd", ["", "00-xyz", f"ff-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01"]
)
def test_odd_traces_are_ignored(client, lines, odd):
    client.get("/health", headers={"traceparent": odd})
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert "trace" not in line


def test_lines_of_libraries_carry_the_ids_too(lines):
    with context.call(request_id="r-2", actor_id="a-1", workspace_id="w-1", via="token"):
        logging.getLogger("some.library").warning("It took %s s.", 3)
        structlog.get_logger("ours").warning("noticed", count=2)
    theirs, ours = lines()
    for line in (theirs, ours):
        assert (line["request"], line["actor"], line["workspace"], line["via"]) == (
            "r-2",
            "a-1",
            "w-1",
            "token",
        )
        assert line["level"] == "warning"
        assert line["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["logger"]) == ("It took 3 s.", "some.library")
    assert (ours["event"], ours["count"], ours["logger"]) == ("noticed", 2, "ours")
