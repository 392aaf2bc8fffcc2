"""Who gets in at the socket, with what, and who is turned away."""

import asyncio

import pytest
import websockets
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from apps.accounts.choices import Scope
from apps.accounts.models import SocketTicket
from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES
from apps.accounts.services.tickets import issue_ticket
from tests.activity.live.servers import connected
from tests.databases import off_loop
from tests.factories import issue
from tests.live import session_token


def browser_session(person):
    session = SessionStore()
    session[SESSION_KEY] = str(person.id)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session.session_key


def ticket_of(house):
    proved = Credential(via="token", scopes=PERSON_SCOPES)
    return issue_ticket(user=house.owner, credential=proved, workspace_id=house.workspace.id)


async def test_headers_say_who_it_is(server, house):
    token = await off_loop(session_token, house.owner)
    for headers in (
        {"Authorization": f"Bearer {house.key}"},
        {"Authorization": f"Bearer {token}"},
        {"X-API-Key": house.key},
    ):
        async with connected(server, headers=headers) as live:
            assert (await live.next())["user"] == str(house.owner.id)


async def test_hello_says_who_it_is(server, house):
    token = await off_loop(session_token, house.owner)
    ticket = await off_loop(ticket_of, house)
    for secret in (house.key, token, ticket):
        async with connected(server, hello=secret) as live:
            assert live.ready["user"] == str(house.owner.id)


async def test_ticket_opens_one_socket(server, house):
    ticket = await off_loop(ticket_of, house)
    async with connected(server, path=f"/ws/v1/?ticket={ticket}") as live:
        assert (await live.next())["type"] == "ready"
    async with connected(server, path=f"/ws/v1/?ticket={ticket}") as live:
        assert (await live.next())["error"]["code"] == "invalid_token"
        assert await live.closed() == 4401
    tickets = await off_loop(lambda: list(SocketTicket.objects.filter(user=house.owner)))
    assert [bool(found.used_at) for found in tickets] == [True]
    assert ticket not in server.log.read_text()


@pytest.mark.parametrize("secret", ["", "x", "lat_a_b", "a.b.c", 7])
async def test_bad_hello_is_told_why_and_closed(uvicorn, house, secret):
    async with connected(uvicorn) as live:
        await live.send(type="hello", token=secret)
        assert (await live.next())["type"] == "error"
        assert await live.closed() == 4401


async def test_first_frame_that_is_no_hello_is_refused(uvicorn, house):
    async with connected(uvicorn) as live:
        await live.send(id=1, type="subscribe", topic=f"workspace:{house.workspace.id}")
        answer = await live.next()
        assert (answer["id"], answer["error"]["code"]) == (1, "no_hello")
        assert await live.closed() == 4401


async def test_silence_instead_of_a_hello_is_closed(server, house):
    started = asyncio.get_running_loop().time()
    async with connected(server) as live:
        assert await live.closed() == 4401
    assert asyncio.get_running_loop().time() - started > 4


async def test_key_that_may_not_read_is_not_allowed(uvicorn, house):
    key = await off_loop(issue, house.owner, house.workspace, Scope.WRITE)
    async with connected(uvicorn, key) as live:
        assert live.ready["error"]["code"] == "scope_missing"
        assert await live.closed() == 4403


async def test_browser_comes_in_from_our_own_page_only(server, house):
    cookie = {"Cookie": f"sessionid={await off_loop(browser_session, house.owner)}"}
    async with connected(server, headers=cookie, origin=server.url) as live:
        assert (await live.next())["user"] == str(house.owner.id)
    for foreign in (
        "https://evil.example",
        "null",
        "http://127.0.0.1:9",
        "http://127.0.0.1.evil.example",
    ):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connected(server, headers=cookie, origin=foreign):
                pass
        assert refused.value.response.status_code == 403


async def test_session_that_has_ended_opens_nothing(uvicorn, house):
    headers = {"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}
    async with connected(uvicorn, headers=headers, origin=uvicorn.url) as live:
        await live.send(type="hello", token=house.key)
        assert (await live.next())["type"] == "ready"


async def test_other_paths_are_refused(server, house):
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connected(server, house.key, path="/ws/elsewhere/"):
            pass
    assert refused.value.response.status_code == 403
