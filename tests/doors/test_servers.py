"""HTTP is the same behind uvicorn and Daphne: real servers, real sockets, and garbage."""

import json
import socket

import httpx
import pytest

from apps.common.runtime.programs import SERVERS
from tests.serving import serving


@pytest.fixture(scope="module", params=list(SERVERS))
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    log = folder / "app.log"
    with (
        serving(request.param, folder / "web.log", LOG_LEVEL="INFO", LOG_FILE=str(log)) as web,
        httpx.Client(base_url=web.url, timeout=20) as client,
    ):
        yield client, log


@pytest.fixture
def http(server):
    return server[0]


def raw(http, request):
    """Bytes no HTTP client would send; what came back, as status and body."""
    with socket.create_connection((http.base_url.host, http.base_url.port), timeout=20) as wire:
        wire.sendall(request)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


def request_of(path, method=b"GET"):
    return method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (b"/api/v1/%ff%fe", 404, "not_found"),
        (b"/api/v1/%00", 400, "malformed"),
        (b"/api/v1/health?a=%00", 400, "malformed"),
        (b"/api/v1/%2e%2e/%2e%2e/etc/passwd", 404, "not_found"),
        (b"/api/v1/" + b"a" * 4000, 404, "not_found"),
        (b"//api//v1//health", 404, "not_found"),
        (b"/api/v1/%ed%a0%80", 404, "not_found"),
        (b"/api/v1/%", 404, "not_found"),
    ],
)
def test_garbage_paths_answer_the_envelope(http, path, status, code):
    found, head, body = raw(http, request_of(path))
    assert found == status
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert f"x-request-id: {error['request_id']}".encode() in head


def test_unknown_methods_answer_the_envelope(http):
    found, head, body = raw(http, request_of(b"/api/v1/health", b"DELETE"))
    assert found == 405
    assert b"allow: get, head, options" in head
    assert json.loads(body)["error"]["code"] == "method_not_allowed"


def test_unknown_hosts_answer_the_envelope(http):
    response = http.get("/api/v1/health", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "malformed"


def test_request_ids_come_back(http):
    for path in ("/health", "/api/v1/nowhere", "/static/common/error.css", "/docs"):
        response = http.get(path, headers={"X-Request-Id": "mine-1"})
        assert response.headers["X-Request-Id"] == "mine-1"
        assert len(http.get(path).headers["X-Request-Id"]) == 36


def test_head_has_no_body(http):
    response = http.head("/api/v1/health")
    assert response.status_code == 200
    assert response.content == b""


def test_large_json_is_refused(http):
    response = http.post(
        "/api/v1/auth/login",
        content=b'"' + b"a" * 5_000_001 + b'"',
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


def test_endless_bodies_are_cut_off(http):
    def endless():
        for _ in range(2000):
            yield b"a" * 65536

    try:
        response = http.post("/api/v1/auth/login", content=endless())
    except httpx.TransportError:
        pass  # cut off while we were still sending
    else:
        assert response.status_code == 413
        assert response.json()["error"]["code"] == "too_large"
    assert http.get("/livez").status_code == 200


def test_secrets_in_queries_stay_out_of_the_log(server):
    http, log = server
    http.get("/health?token=canary-one&key=canary-two", headers={"X-Request-Id": "looked-for"})
    http.get("/nowhere?ticket=canary-three", headers={"Authorization": "Bearer canary-four"})
    written = log.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["route"] for line in lines if line.get("request") == "looked-for"] == ["health"]
    assert "canary" not in written
