"""Bodies that are not JSON as we understand it are refused with 400, and never crash."""

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.common.failing_urls")


def post(body):
    client = Client(raise_request_exception=False)
    return client.post("/api/v1/echo", body, content_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\u0000"}',
        b'{"a\\u0000": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": "\x00"}',
        b"\xef\xbb\xbf{}",
        b'{"a": 9223372036854775808}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_odd_bodies_are_unreadable(body):
    response = post(body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "malformed"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": -9223372036854775807}', {"a": -9223372036854775807}),
        (b"[" * 60 + b"]" * 60, None),
        (b' \n{"a": [1.5, true, null]}', {"a": [1.5, True, None]}),
    ],
    ids=["pair", "integer", "depth", "ordinary"],
)
def test_unusual_but_sound_bodies_are_read(body, read):
    response = post(body)
    assert response.status_code == 200
    assert read is None or response.json() == read


def test_large_bodies_are_refused(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert post(b'"' + b"a" * 998 + b'"').status_code == 200
    response = post(b'"' + b"a" * 999 + b'"')
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"
