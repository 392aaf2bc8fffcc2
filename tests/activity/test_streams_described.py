"""The streams stand in the description of the API, as they are."""

import json

import pytest

from apps.activity.api.shapes import EventSerializer
from apps.common.api.documents import describe_api
from apps.common.events import registry

STREAMS = ("/events", "/api/v1/events", "/realtime/stream", "/api/v1/realtime/stream")


@pytest.fixture(scope="module")
def description():
    return describe_api()


@pytest.fixture(params=STREAMS)
def operation(request, description):
    assert list(description["paths"][request.param]) == ["get"]
    return description["paths"][request.param]["get"]


def data_of(operation):
    """The one event of its example, without what `/events` wraps around it."""
    (line,) = [line for line in blocks_of(operation) if line.startswith('data: {"')]
    found = json.loads(line.removeprefix("data: "))
    return found.get("data", found)


def blocks_of(operation):
    return operation["responses"]["200"]["content"]["text/event-stream"]["example"].splitlines()


def codes_of(operation, status):
    return set(operation["responses"][status]["content"]["application/json"]["examples"])


def test_it_is_a_stream_of_events_with_an_example_as_it_is_written(operation):
    assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
    lines = blocks_of(operation)
    assert lines[0].startswith("retry: ")
    (position,) = [line for line in lines if line.startswith("id: ")]
    event = data_of(operation)
    assert position.endswith(f".{event['seq']}")
    assert set(event) == set(EventSerializer().fields)
    assert event["type"] in registry


def test_named_events_have_a_name_and_plain_ones_have_none(description):
    for path in STREAMS:
        names = [
            line
            for line in blocks_of(description["paths"][path]["get"])
            if line.startswith("event: ")
        ]
        assert bool(names) == path.endswith("/events")


def test_what_may_be_sent_is_said(operation):
    said = {(found["in"], found["name"]) for found in operation["parameters"]}
    assert said == {
        ("header", "Last-Event-ID"),
        ("header", "X-Workspace-Id"),
        ("query", "kinds"),
        ("query", "workspace_id"),
    }


def test_credentials_may_come_in_headers_a_cookie_or_the_query(operation, description):
    schemes = description["components"]["securitySchemes"]
    ways = [name for requirement in operation["security"] for name in requirement]
    places = {(schemes[way]["type"], schemes[way].get("in", "")) for way in ways}
    assert places == {("http", ""), ("apiKey", "header"), ("apiKey", "cookie"), ("apiKey", "query")}
    assert {schemes[way]["name"] for way in ways if schemes[way].get("in") == "query"} == {
        *("token", "key")
    }


def test_what_can_go_wrong_is_said(operation):
    assert {"400", "401", "403", "422", "429", "503"} <= set(operation["responses"])
    assert codes_of(operation, "401") == {
        *("missing_api_key", "invalid_api_key", "invalid_token", "expired_token")
    }
    assert codes_of(operation, "429") == {"rate_limited", "too_many_sockets"}
    assert codes_of(operation, "403") == {"scope_missing", "not_your_workspace"}


@pytest.mark.parametrize("path", STREAMS)
def test_refusals_are_those_that_are_described(client, db, description, path):
    """Without a credential, and with one that is none, before anything is streamed."""
    described = codes_of(description["paths"][path]["get"], "401")
    for query in ("", "?token=nonsense", "?key=lat_no_key"):
        answer = client.get(path + query)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] in described
