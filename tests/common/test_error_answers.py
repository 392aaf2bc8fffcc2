"""Everything that goes wrong over HTTP is told in one envelope, or on a page for a browser."""

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.common.failing_urls")

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client():
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def assert_envelope(response, status, code):
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details", "request_id"}
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert body["error"]["request_id"] == response["X-Request-Id"]
    return body["error"]


@pytest.mark.parametrize("door", ["raise", "plain"])
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("domain", 409, "conflict"),
        ("wait", 429, "rate_limited"),
        ("throttled", 429, "rate_limited"),
        ("nobody", 401, "unauthenticated"),
        ("wrong", 401, "unauthenticated"),
        ("denied", 403, "not_allowed"),
        ("django-denied", 403, "not_allowed"),
        ("missing", 404, "not_found"),
        ("django-missing", 404, "not_found"),
        ("suspicious", 400, "malformed"),
        ("model", 422, "invalid"),
        ("outage", 503, "unavailable"),
        ("redis", 503, "unavailable"),
    ],
)
def test_failures_have_a_status_and_a_code(client, door, kind, status, code):
    assert_envelope(client.get(f"/api/v1/{door}/{kind}"), status, code)


@pytest.mark.parametrize("door", ["raise", "plain"])
def test_what_nobody_foresaw_is_a_500_that_says_nothing(client, door, caplog):
    error = assert_envelope(client.get(f"/api/v1/{door}/bug"), 500, "internal")
    assert "hunter2" not in str(error)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("wait", "Retry-After", "7"),
        ("throttled", "Retry-After", "3"),
        ("outage", "Retry-After", "2"),
        ("nobody", "WWW-Authenticate", 'Bearer realm="lattice"'),
    ],
)
def test_headers_say_what_to_do(client, kind, name, value):
    assert client.get(f"/api/v1/raise/{kind}")[name] == value


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/nowhere", "/api/v1/raise/domain/"])
def test_unknown_paths_answer_the_envelope(client, path):
    assert_envelope(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "allowed"), [("/api/v1/echo", "GET, POST, HEAD, OPTIONS"), ("/readable", "GET")]
)
def test_wrong_methods_name_the_right_ones(client, path, allowed):
    response = client.delete(path)
    assert_envelope(response, 405, "method_not_allowed")
    assert response["Allow"] == allowed


def test_formats_we_do_not_speak(client):
    response = client.get("/api/v1/echo", headers={"Accept": "image/png"})
    assert_envelope(response, 406, "not_acceptable")
    response = client.post("/api/v1/echo", b"<a/>", content_type="application/xml")
    assert_envelope(response, 415, "unsupported_media_type")


def test_forms_without_a_csrf_token_are_refused(client):
    assert_envelope(client.post("/api/v1/form", {"name": "x"}), 403, "not_allowed")


def test_errors_in_a_librarys_own_words_are_reworded_for_machines(client):
    assert_envelope(client.get("/api/v1/forbidding"), 403, "not_allowed")
    assert_envelope(client.get("/forbidding"), 403, "not_allowed")
    page = client.get("/forbidding", headers=BROWSER)
    assert page.content == b"<h1>in its own words</h1>"


def test_unknown_hosts_are_refused(client):
    response = client.get("/api/v1/echo", headers={"Host": "elsewhere.example"})
    assert_envelope(response, 400, "malformed")


@pytest.mark.parametrize("path", ["/api/v1/raise/a%00b", "/api/v1/echo?name=a%00b"])
def test_urls_with_nul_are_refused(client, path):
    assert_envelope(client.get(path), 400, "malformed")


def test_undecodable_paths_are_unknown_paths(client):
    assert_envelope(client.get("/api/v1/%ff%fe"), 404, "not_found")


@pytest.mark.parametrize("kind", ["django-missing", "django-denied", "suspicious", "bug", "outage"])
def test_browsers_get_a_page(client, kind):
    response = client.get(f"/page/{kind}", headers=BROWSER)
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Request-Id"] in response.content.decode()
    assert "hunter2" not in response.content.decode()


def test_below_api_even_browsers_get_the_envelope(client):
    assert_envelope(client.get("/api/v1/nowhere", headers=BROWSER), 404, "not_found")


def test_details_name_the_path_of_each_field(client):
    order = {"name": "n", "lines": [{"title": "good"}, {"title": "too long"}, {}], "tags": ["", 1]}
    response = client.post("/api/v1/orders", order, content_type="application/json")
    error = assert_envelope(response, 422, "invalid")
    assert [detail["field"] for detail in error["details"]] == [
        "lines.1.title",
        "lines.2.title",
        "tags.0",
    ]


def test_details_about_the_whole_have_no_field(client):
    order = {"name": "whole", "lines": [{"title": "good"}]}
    response = client.post("/api/v1/orders", order, content_type="application/json")
    error = assert_envelope(response, 422, "invalid")
    assert error["details"] == [{"field": "", "message": "As a whole, no."}]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"3"])
def test_bodies_of_another_shape_are_invalid(client, body):
    response = client.post("/api/v1/orders", body, content_type="application/json")
    assert_envelope(response, 422, "invalid")
