"""A retried vote is the same vote: many at once on a real server, and one whose answer is lost."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest, Vote
from tests.approvals.serving import IN_KITCHEN, Bakery
from tests.factories import member
from tests.serving import serving
from tests.waiting import eventually

pytestmark = pytest.mark.row(8)
AT_ONCE = 100


@pytest.fixture
def bakery(committed_database):
    return Bakery.new()


@pytest.fixture
def server(committed_database, bakery, tmp_path):
    log = tmp_path / "web.log"
    with serving("uvicorn", log, DATABASE_URL=committed_database, **IN_KITCHEN) as started:
        yield started


@pytest.fixture
def api_key(bakery):
    return bakery.key(bakery.reviewer)


@pytest.fixture
def send(server, api_key):
    """A vote under a key, on a connection of its own."""

    def vote(request, decision, key):
        body = {"decision": decision, "digest": request.view_digest}
        return httpx.post(
            f"{server.url}/api/v1/approvals/{request.id}/votes",
            json=body,
            headers={"X-API-Key": api_key, "Idempotency-Key": key},
            timeout=100,
        )

    return vote


def test_a_hundred_at_once_with_one_key_are_one_vote(bakery, send):
    request, together = bakery.ask(), Barrier(AT_ONCE, timeout=60)

    def one(_):
        together.wait()
        return send(request, "approve", "the-same")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(one, range(AT_ONCE)))

    cast = [answer for answer in answers if answer.status_code == 201]
    early = [answer for answer in answers if answer.status_code != 201]
    assert cast
    assert len({answer.text for answer in cast}) == 1
    for answer in early:
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "request_in_flight")
        assert answer.headers["Retry-After"] == "1"
    assert send(request, "approve", "the-same").text == cast[0].text
    other = send(request, "reject", "the-same")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert Vote.objects.count() == 1


def test_an_answer_that_is_lost_is_given_again(bakery, server, api_key):
    """The client goes away once it has asked; what it asked for is committed, once."""
    request = bakery.ask()
    body = json.dumps({"decision": "approve", "digest": request.view_digest}).encode()
    head = (
        f"POST /api/v1/approvals/{request.id}/votes HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-API-Key: {api_key}\r\nIdempotency-Key: lost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        wire.sendall(head.encode() + body)
        eventually(lambda: Vote.objects.exists(), what="the vote is committed")

    # Sent as the same bytes, as a client does that retries.
    again = httpx.post(
        f"{server.url}/api/v1/approvals/{request.id}/votes",
        content=body,
        headers={
            "X-API-Key": api_key,
            "Idempotency-Key": "lost",
            "Content-Type": "application/json",
        },
        timeout=100,
    )
    assert again.status_code == 201, again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["state"] == "effective"
    assert Vote.objects.count() == 1
    assert ApprovalRequest.objects.get().state == "effective"


def test_different_keys_and_people_at_once_are_one_decision(bakery, server):
    """Forty approvals of one person and as many rejections of another: one of them wins, and
    everybody is told which."""
    request, rival = bakery.ask(), member(bakery.workspace, Role.REVIEWER)
    keys = {"approve": bakery.key(bakery.reviewer), "reject": bakery.key(rival)}
    together = Barrier(40, timeout=60)

    def one(number):
        decision = "approve" if number % 2 else "reject"
        together.wait()
        return decision, httpx.post(
            f"{server.url}/api/v1/approvals/{request.id}/votes",
            json={"decision": decision, "digest": request.view_digest},
            headers={"X-API-Key": keys[decision], "Idempotency-Key": f"k{number}"},
            timeout=100,
        )

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(one, range(40)))

    request.refresh_from_db()
    won = "approve" if request.state == "effective" else "reject"
    assert [decision for decision, answer in answers if answer.status_code == 201] == [won]
    for decision, answer in answers:
        if decision == won:
            assert answer.status_code in (200, 201)
        else:
            assert answer.json()["error"]["code"] == "approval_already_decided"
    assert Vote.objects.count() == 1
