"""Whoever may no longer watch is out within five seconds: sockets and streams."""

import time

import httpx
import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import ApiKey, Membership, TokenFamily, User
from tests.activity.live.conftest import off_loop, session_token
from tests.activity.live.servers import connected
from tests.activity.live.test_admission import browser_session
from tests.factories import member


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
        httpx.AsyncClient(timeout=10) as http,
        http.stream(
            "GET", f"{server.url}/realtime/stream", headers={"X-API-Key": house.key}
        ) as stream,
    ):
        lines = stream.aiter_lines()
        await anext(lines)
        await live.watch(house.workspace.id)
        await off_loop(ending, house)
        ended = time.monotonic()
        assert await live.closed(patience=6) == 4403
        async for _ in lines:
            pass
        assert time.monotonic() - ended < 5


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
        assert await out.closed(patience=6) == 4403
        assert (await stays.ask(id=1, type="ping"))["type"] == "ok"


async def test_logout_in_the_browser_closes_its_sockets(uvicorn, house):
    key = await off_loop(browser_session, house.owner)
    headers = {"Cookie": f"sessionid={key}"}
    async with connected(uvicorn, headers=headers, origin=uvicorn.url) as live:
        await live.next()
        await off_loop(lambda: Session.objects.filter(session_key=key).delete())
        assert await live.closed(patience=6) == 4403


async def test_new_password_closes_the_sockets_of_browsers(uvicorn, house):
    key = await off_loop(browser_session, house.owner)
    headers = {"Cookie": f"sessionid={key}"}
    async with connected(uvicorn, headers=headers, origin=uvicorn.url) as live:
        await live.next()
        await off_loop(
            lambda: User.objects.get_queryset().filter(id=house.owner.id).update(password="!x")
        )
        assert await live.closed(patience=6) == 4403
