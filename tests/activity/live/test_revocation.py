"""Whoever may no longer watch is out within seconds: sockets and streams."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import ApiKey, Membership, RefreshToken, TokenFamily, User
from tests.activity.live.servers import OUT_WITHIN, PATIENCE, connected
from tests.activity.live.test_admission import browser_session
from tests.activity.live.test_streams import streaming
from tests.databases import off_loop
from tests.factories import member
from tests.live import session_token


def revoke_key(house):
    ApiKey.objects.filter(user=house.owner).update(revoked_at=timezone.now())


def disable(house):
    User.objects.get_queryset().filter(id=house.owner.id).update(is_active=False)


def remove(house):
    Membership.objects.filter(user=house.owner).delete()


def end_first_login(person):
    first = TokenFamily.objects.filter(user=person).earliest("created_at")
    TokenFamily.objects.filter(id=first.id).update(ended_at=timezone.now())


@pytest.mark.parametrize("ending", [revoke_key, disable, remove])
async def test_socket_and_stream_of_a_lost_key_close(server, house, ending):
    async with (
        connected(server, house.key) as live,
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream(
            "GET", f"{server.url}/realtime/stream", headers={"X-API-Key": house.key}
        ) as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        await live.watch(house.workspace.id)
        await off_loop(ending, house)
        async with asyncio.timeout(OUT_WITHIN):
            assert await live.closed() == 4403
            async for _ in lines:
                pass


async def test_logout_closes_the_socket_of_that_login_alone(uvicorn, house):
    person, first, second = await off_loop(
        lambda: (
            person := member(house.workspace),
            session_token(person),
            session_token(person),
        )
    )
    async with connected(uvicorn, first) as out, connected(uvicorn, second) as stays:
        await off_loop(end_first_login, person)
        assert await out.closed(patience=OUT_WITHIN) == 4403
        assert (await stays.ask(id=1, type="ping"))["type"] == "ok"


async def test_logout_in_the_browser_closes_its_sockets(uvicorn, house):
    key = await off_loop(browser_session, house.owner)
    headers = {"Cookie": f"sessionid={key}"}
    async with connected(uvicorn, headers=headers, origin=uvicorn.url) as live:
        await live.next()
        await off_loop(lambda: Session.objects.filter(session_key=key).delete())
        assert await live.closed(patience=OUT_WITHIN) == 4403


async def test_login_that_nobody_renewed_in_time_ends(uvicorn, house):
    person = await off_loop(member, house.workspace)
    token = await off_loop(session_token, person)
    async with connected(uvicorn, token) as live:
        tokens = RefreshToken.objects.filter(family__user=person)
        await off_loop(tokens.update, expires_at=timezone.now())
        assert await live.closed(patience=OUT_WITHIN) == 4403


def end_session(key, _):
    Session.objects.filter(session_key=key).delete()


def change_password(_, person):
    User.objects.get_queryset().filter(id=person.id).update(password="!x")


@pytest.mark.parametrize("ending", [end_session, change_password])
@pytest.mark.parametrize("path", ["/realtime/stream", "/events"])
async def test_stream_of_a_browser_ends_with_its_login(uvicorn, house, path, ending):
    key = await off_loop(browser_session, house.owner)
    headers = {"Cookie": f"sessionid={key}"}
    async with streaming(uvicorn, path, headers=headers) as stream:
        await stream.next()
        await off_loop(ending, key, house.owner)
        async with asyncio.timeout(OUT_WITHIN):
            await stream.end()


async def test_superuser_who_is_none_any_more_watches_the_system_no_longer(uvicorn, house):
    person = await off_loop(member, house.workspace)
    everybody = User.objects.get_queryset().filter(id=person.id)
    await off_loop(everybody.update, is_superuser=True)
    token = await off_loop(session_token, person)
    async with connected(uvicorn, token) as live:
        assert (await live.ask(id=1, type="subscribe", topic="system"))["type"] == "ok"
        await off_loop(everybody.update, is_superuser=False)
        assert await live.closed(patience=OUT_WITHIN) == 4403


async def test_logout_in_the_browser_closes_what_its_tickets_opened(server, house):
    """And nothing that another session of the same person opened."""
    ending, staying = await off_loop(
        lambda: (browser_session(house.owner), browser_session(house.owner))
    )
    async with AsyncExitStack() as stack:
        out, stays = [
            await stack.enter_async_context(
                connected(server, path=f"/ws/v1/?ticket={await ticket_in(server, session, house)}")
            )
            for session in (ending, staying)
        ]
        for live in (out, stays):
            assert (await live.next())["type"] == "ready"
        await off_loop(lambda: Session.objects.filter(session_key=ending).delete())
        assert await out.closed(patience=OUT_WITHIN) == 4403
        assert (await stays.ask(id=1, type="ping"))["type"] == "ok"


async def ticket_in(server, session, house):
    """As a page of ours asks for one."""
    token = "a" * 32
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        answer = await http.post(
            f"{server.url}/api/v1/ws-tickets",
            headers={
                "Cookie": f"sessionid={session}; csrftoken={token}",
                "X-CSRFToken": token,
                "X-Workspace-Id": str(house.workspace.id),
            },
        )
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


async def test_new_password_closes_the_sockets_of_browsers(uvicorn, house):
    key = await off_loop(browser_session, house.owner)
    headers = {"Cookie": f"sessionid={key}"}
    async with connected(uvicorn, headers=headers, origin=uvicorn.url) as live:
        await live.next()
        await off_loop(
            lambda: User.objects.get_queryset().filter(id=house.owner.id).update(password="!x")
        )
        assert await live.closed(patience=OUT_WITHIN) == 4403
