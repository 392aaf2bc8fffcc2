"""Waiting for what comes of a request, on real servers."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from apps.accounts.models import ApiKey
from apps.accounts.services.members import remove_member
from apps.approvals.choices import Said
from apps.approvals.services.discussing import add_comment
from apps.approvals.services.opening import withdraw_request
from tests.approvals.deciding import hold, policy_of, vote
from tests.approvals.serving import IN_KITCHEN, Bakery
from tests.databases import off_loop
from tests.serving import serving
from tests.waiting import eventually

WAITERS, AT_ONCE = 300, 20
TRIES = 4
"""Those who come at once may be sent away by a slow machine, and told when to come again."""
SOON = 20.0
"""Of the sixty seconds that they would wait, also on a machine that does much else."""


@pytest.fixture
def bakery(live_database):
    return Bakery.new()


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request, live_database, tmp_path_factory):
    log = tmp_path_factory.mktemp(request.param) / "web.log"
    with serving(request.param, log, DATABASE_URL=live_database, **IN_KITCHEN) as started:
        yield started


@asynccontextmanager
async def asking(server, bakery, user):
    key = await off_loop(bakery.key, user)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=server.url, headers={"X-API-Key": key}, timeout=90, limits=limits
    ) as http:

        async def wait(request, seconds=60, **more):
            asked = {"timeout": seconds, **more}
            for _ in range(TRIES):
                answered = await http.get(f"/api/v1/approvals/{request.id}/wait", params=asked)
                if answered.status_code != 503:
                    break
                await asyncio.sleep(float(answered.headers["Retry-After"]))
            return answered

        yield wait


async def until_they_wait(server, bakery, answers):
    """Until the server knows of as many who wait, and of nobody else."""
    headers = {"X-API-Key": await off_loop(bakery.key, bakery.owner)}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=90) as http:
        known = -1
        async with asyncio.timeout(SOON):
            while known != len(answers):
                await asyncio.sleep(0.02)
                assert not any(one.done() for one in answers)
                feed = await http.get("/realtime/feed")
                if feed.status_code == 200:
                    known = feed.json()["stats"]["subscribers"]


async def later(server, bakery, answer, function, *args, **more):
    """Once it waits, do this, and say what is answered and how soon."""
    await until_they_wait(server, bakery, [answer])
    await off_loop(function, *args, **more)
    asked = asyncio.get_running_loop().time()
    answered = await answer
    return answered, asyncio.get_running_loop().time() - asked


async def test_it_answers_once_it_is_decided(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.baker) as wait:
        waits = asyncio.create_task(wait(request))
        answered, took = await later(
            server, bakery, waits, vote, request, bakery.reviewer, comment="Crisp."
        )
        told = answered.json()
        assert (answered.status_code, told["outcome"], told["because"]) == (200, "allowed", "votes")
        assert told["decided_by"] == {"id": str(bakery.reviewer.id), "name": bakery.reviewer.name}
        assert (told["comment"], told["decided_via"]) == ("Crisp.", "api")
        assert took < SOON
        assert answered.headers["X-Request-Id"]
        assert answered.headers["Cache-Control"] == "no-store"
        again = await wait(request)
        assert again.json() == told


async def test_it_answers_once_it_is_asked_something(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.baker) as wait:
        waits = asyncio.create_task(wait(request, questions=0))
        question = {"said": Said.QUESTION, "text": "Which flour?", "actor": bakery.reviewer}
        answered, took = await later(
            server, bakery, waits, add_comment, request_id=request.id, **question
        )
        assert (answered.json()["outcome"], answered.json()["open_questions"]) == (None, 1)
        assert took < SOON
        assert (await wait(request, 1, questions=1)).json()["open_questions"] == 1


async def test_it_answers_after_its_time(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.baker) as wait:
        for seconds in (0, 1):
            answered = await wait(request, seconds)
            assert (answered.status_code, answered.json()["outcome"]) == (200, None)
            assert answered.json()["state"] == "pending"
        assert (await wait(request, 61)).status_code == 422


async def test_what_may_be_taken_back_is_no_outcome(server, bakery):
    undoable = policy_of(
        "name: review, roles: [reviewer]", more="undo: {seconds: 60, up_to: critical}\n"
    )
    await off_loop(hold, bakery.workspace, bakery.owner, undoable)
    request = await off_loop(bakery.ask)
    await off_loop(vote, request, bakery.reviewer)
    async with asking(server, bakery, bakery.baker) as wait:
        told = (await wait(request, 1)).json()
        assert (told["state"], told["outcome"]) == ("allowed", None)
        assert told["effective_at"]


async def test_what_follows_is_named(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.baker) as wait:
        waits = asyncio.create_task(wait(request))
        await off_loop(vote, request, bakery.reviewer, "request_changes", comment="Less salt.")
        told = (await waits).json()
        assert (told["outcome"], told["comment"]) == ("changes_requested", "Less salt.")
        assert told["followed_by"] is None

        second = await off_loop(bakery.ask, follows=request.id)
        third = await off_loop(bakery.ask, follows=second.id)
        told = (await wait(second)).json()
        assert (told["outcome"], told["followed_by"]) == ("superseded", str(third.id))
        assert (await wait(request)).json()["followed_by"] == str(second.id)


async def test_who_loses_the_key_waits_no_longer(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.baker) as wait:
        waits = asyncio.create_task(wait(request))
        mine = ApiKey.objects.filter(user=bakery.baker)
        answered, _ = await later(
            server, bakery, waits, mine.update, revoked_at=bakery.workspace.created_at
        )
    assert answered.status_code == 401
    error = answered.json()["error"]
    assert error["code"] == "unauthenticated"
    assert error["request_id"] == answered.headers["X-Request-Id"]
    assert "WWW-Authenticate" in answered.headers


async def test_who_is_removed_waits_no_longer(server, bakery):
    request = await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.reviewer) as wait:
        waits = asyncio.create_task(wait(request))
        answered, _ = await later(
            server,
            bakery,
            waits,
            remove_member,
            workspace_id=bakery.workspace.id,
            user_id=bakery.reviewer.id,
            actor=bakery.owner,
        )
    assert answered.status_code in (401, 404)


async def test_hundreds_wait_without_a_thread_each(server, bakery):
    """They are answered within a moment, and leave nothing behind."""
    request, other = await off_loop(bakery.ask), await off_loop(bakery.ask)
    async with asking(server, bakery, bakery.reviewer) as wait:
        await wait(request, 0)
        threads, memory = server.threads, server.memory
        waits = []
        for _ in range(WAITERS // AT_ONCE):
            waits += [asyncio.create_task(wait(request)) for _ in range(AT_ONCE)]
            await until_they_wait(server, bakery, waits)
        eventually(lambda: server.threads <= threads + 8, within=SOON, what="threads end")
        each = (server.memory - memory) / WAITERS
        gone = waits[: WAITERS // 10]
        for one in gone:
            one.cancel()
        await asyncio.gather(*gone, return_exceptions=True)

        started = asyncio.get_running_loop().time()
        await off_loop(vote, request, bakery.reviewer, "reject")
        answered = await asyncio.gather(*waits[len(gone) :])
        took = asyncio.get_running_loop().time() - started
    assert [one.text for one in answered if one.status_code != 200] == []
    assert {one.json()["outcome"] for one in answered} == {"denied"}
    said = f"{server.name}: {WAITERS} waited, {each / 1000:.0f} kB each, told in {took:.2f} s"
    assert each < 300_000, said
    assert took < SOON, said
    assert other.outcome is None
    eventually(lambda: server.threads <= threads + 8, what="threads end")


async def test_without_the_channel_layer_it_is_found_all_the_same(bakery, tmp_path, live_database):
    nowhere = "redis://127.0.0.1:1/0"
    with serving(
        "uvicorn", tmp_path / "web.log", DATABASE_URL=live_database, REDIS_URL=nowhere
    ) as server:
        request = await off_loop(bakery.ask)
        async with asking(server, bakery, bakery.baker) as wait:
            waits = asyncio.create_task(wait(request))
            answered, took = await later(
                server, bakery, waits, withdraw_request, request_id=request.id, actor=bakery.baker
            )
    assert answered.json()["outcome"] == "cancelled"
    assert took < SOON
