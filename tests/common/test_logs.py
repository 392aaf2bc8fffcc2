"""Whatever is logged, no secret is: canaries through every way a line can be made."""

import json
import logging
import multiprocessing

import pytest
import structlog

from apps.common import logs

pytestmark = pytest.mark.row(13)
CANARIES = {
    "api key": "lat_01HZX3_Zk9vQ2wE8rT5yU1iO3pA6sD7fG4hJ0kLcrc32",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    "openai": "sk-proj-abcdEFGH1234ijklMNOP5678",
    "stripe": "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "anthropic": "sk-ant-api03-abcdefghij",
    "github": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "google": "AIzaSyA1234567890abcdefghijklmnopqrstu",
    "webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


@pytest.fixture
def formatted():
    (handler,) = (
        found for found in logging.getLogger().handlers if type(found) is logging.StreamHandler
    )
    return handler.format


def line_of(formatted, message, *args, failure=None):
    return formatted(logging.LogRecord("x", logging.ERROR, "f", 1, message, args, failure))


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_keys_are_hidden_wherever_they_stand(formatted, canary):
    try:
        raise ValueError(f"refused {canary}")
    except ValueError as error:
        failure = (type(error), error, error.__traceback__)
    lines = [
        line_of(formatted, f"called with {canary}"),
        line_of(formatted, "called with %s", canary),
        line_of(formatted, "called with %r", {"deep": [canary, {"er": canary}]}),
        line_of(formatted, "failed", failure=failure),
        line_of(formatted, f"https://api.example/v1?a=1&x={canary}&b=2"),
    ]
    for line in lines:
        assert canary not in line
        assert logs.HIDDEN in json.loads(line)["event"] + json.loads(line).get("exception", "")


@pytest.mark.parametrize(
    "text",
    [
        'GET /ws/1/web?token=hunter2&since=4 HTTP/1.1" 101',
        "/events?key=hunter2",
        "/callback?code=hunter2&state=x",
        "Authorization: Bearer hunter2hunter2",
        "authorization: hunter2",
        "X-API-Key: hunter2",
        "{'password': 'hunter2', 'email': 'ada@example.org'}",
        '{"refresh_token": "hunter2", "a": 1}',
        "password=hunter2 user=ada",
        "DATABASE_URL postgresql://ada:hunter2@db.example/lattice",
        "Set-Cookie: sessionid=hunter2; Path=/",
        "'HTTP_COOKIE': 'csrftoken=hunter2'",
        "client_secret = hunter2",
    ],
)
def test_named_values_are_hidden(text):
    assert "hunter2" not in logs.scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        "Somebody asked for a token and got none.",
        "monkey business at /keyboard?monkey=1&limit=20",
        "0190f5c8-6a2e-7c5b-9d43-5be1c2f0a9d7",
        "Started in 3.4 s: https://example.org/docs",
        'The key "name" is unknown',
    ],
)
def test_ordinary_text_stays(text):
    assert logs.scrubbed(text) == text


def test_values_with_a_secret_name_are_hidden():
    written = logs.scrubbed(
        {
            "password": "hunter2",
            "X-API-Key": "hunter2",
            "nested": {"access_token": "hunter2", "kept": 1},
            "list": [{"Cookie": "hunter2"}],
            "bytes": b"Bearer hunter2hunter2hunter2",
        }
    )
    assert "hunter2" not in str(written)
    assert written["nested"]["kept"] == 1


def test_structured_lines_are_scrubbed_too(formatted):
    record = {}

    def keep(logger, name, event):
        record.update(event)
        raise structlog.DropEvent

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[logs._scrub, keep])
    log.warning("called", headers={"Authorization": "Bearer hunter2"}, url="/ws?token=hunter2")
    assert "hunter2" not in str(record)
    assert record["url"] == "/ws?token=[hidden]"


def test_what_cannot_be_json_is_written_as_text(formatted):
    structlog_line = logs.scrubbed({"thing": object(), 3: {1, 2}})
    assert "object at" in structlog_line["thing"]
    assert sorted(structlog_line["3"]) == [1, 2]


def write_many(path, mark, times):
    handler = logs.SharedRotatingFile(path)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for number in range(times):
        text = f"{mark} {number} " + "x" * 1000
        handler.emit(logging.makeLogRecord({"msg": text}))
    handler.close()


def test_log_file_is_rotated_and_three_are_kept(tmp_path):
    path = tmp_path / "logs" / "app.log"
    write_many(str(path), "a", 4000)
    kept = sorted(found.name for found in path.parent.glob("app.log*") if found.suffix != ".lock")
    assert kept == ["app.log", "app.log.1", "app.log.2"]
    assert all((path.parent / name).stat().st_size <= logs.FILE_BYTES for name in kept)


def test_processes_share_a_log_file_without_losing_lines(tmp_path):
    path = tmp_path / "app.log"
    fork = multiprocessing.get_context("spawn")
    writers = [
        fork.Process(target=write_many, args=(str(path), mark, 600)) for mark in ("a", "b", "c")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    files = [found for found in tmp_path.glob("app.log*") if found.suffix != ".lock"]
    assert len(files) == 2
    lines = [line for found in files for line in found.read_text().splitlines()]
    assert sorted({line.split(" x")[0] for line in lines}) == sorted(
        f"{mark} {number}" for mark in "abc" for number in range(600)
    )
    assert len(lines) == 1800
