"""Deciding over /ws/v1/: the same service, the same errors as over HTTP."""

import httpx
from django.utils import timezone

from apps.accounts.choices import Scope
from apps.accounts.models import ApiKey
from apps.approvals.choices import State
from apps.approvals.models.requests import Vote
from apps.ledger.models import KillSwitch
from tests.activity.live.servers import OUT_WITHIN, connected
from tests.approvals.deciding import hold, policy_of
from tests.databases import off_loop
from tests.factories import WorkspaceFactory, issue, member


async def decide(live, request, decision="approve", **more):
    more.setdefault("digest", request.view_digest)
    return await live.ask(id=7, type="decide", request=str(request.id), decision=decision, **more)


async def test_decision_is_taken_and_seen_by_who_watches_the_request(server, house):
    request, other = await off_loop(house.ask), await off_loop(house.ask)
    async with connected(server, house.key) as live, connected(server, house.other_key) as watcher:
        watching = await watcher.ask(id=1, type="subscribe", topic=f"approval:{request.id}")
        assert watching["type"] == "ok"
        await decide(live, other)
        answer = await decide(live, request, comment="Crisp.")
        result = answer["result"]
        assert (result["again"], result["rest"]) == (False, None)
        assert result["vote"]["via"] == "websocket"
        shown = result["request"]
        assert (shown["state"], shown["outcome"]) == ("effective", "allowed")
        assert shown["decided_by"] == {"id": str(house.reviewer.id), "name": house.reviewer.name}
        kinds = [(await watcher.next())["event"]["type"] for _ in range(4)]
    assert kinds == [
        "approvals.vote.cast",
        "approvals.stage.passed",
        "approvals.request.allowed",
        "approvals.request.effective",
    ]


async def test_refusals_are_those_of_http(uvicorn, house):
    request = await off_loop(house.ask)
    async with connected(uvicorn, house.key) as live, connected(uvicorn, house.other_key) as late:
        moved = await decide(live, request, digest="0" * 64)
        assert moved["error"]["code"] == "approval_view_moved"
        assert (await decide(live, request, digest=""))["error"]["code"] == "approval_view_missing"
        assert (await decide(live, request, "veto"))["error"]["code"] == "approval_reason_missing"
        wrong = await decide(live, request, "maybe")
        assert (wrong["error"]["code"], wrong["error"]["details"][0]["field"]) == (
            "invalid_command",
            "decision",
        )
        assert (await decide(live, request))["type"] == "ok"
        assert (await decide(live, request))["result"]["again"]
        decided = (await decide(late, request))["error"]
    async with httpx.AsyncClient(headers={"X-API-Key": house.other_key}) as http:
        said = await http.post(
            f"{uvicorn.url}/approvals/{request.id}/respond",
            json={"approved": True, "digest": request.view_digest},
        )
    over_http = said.json()["error"]
    assert said.status_code == 409
    assert {**decided, "request_id": ""} == {**over_http, "request_id": ""}


async def test_digest_may_be_named_as_it_is_shown(uvicorn, house):
    request = await off_loop(house.ask)
    asked = {"id": 7, "type": "decide", "request": str(request.id), "decision": "approve"}
    async with connected(uvicorn, house.key) as live:
        moved = await live.ask(**asked, view_digest="0" * 64)
        assert moved["error"]["code"] == "approval_view_moved"
        assert (await live.ask(**asked, view_digest=request.view_digest))["type"] == "ok"


async def test_key_without_the_scope_decides_nothing(uvicorn, house):
    request = await off_loop(house.ask)
    key = await off_loop(issue, house.reviewer, house.workspace, Scope.READ, Scope.WRITE)
    async with connected(uvicorn, key) as live:
        assert (await decide(live, request))["error"]["code"] == "scope_missing"
    await off_loop(request.refresh_from_db)
    assert request.state == State.PENDING


async def test_revoked_key_decides_no_more_and_its_socket_closes(server, house):
    request = await off_loop(house.ask)
    async with connected(server, house.key) as live:
        await live.watch(house.workspace.id)
        keys = ApiKey.objects.filter(user=house.reviewer)
        await off_loop(keys.update, revoked_at=timezone.now())
        await live.send(
            id=7,
            type="decide",
            request=str(request.id),
            decision="approve",
            digest=request.view_digest,
        )
        assert await live.closed(patience=OUT_WITHIN) == 4403
        answers = [frame for frame in live.frames if frame["type"] in ("ok", "error")]
        assert all(answer["type"] == "error" for answer in answers[1:])
    await off_loop(request.refresh_from_db)
    assert request.state == State.PENDING
    assert not await off_loop(Vote.objects.filter(request=request).exists)


async def test_switch_stops_approvals_and_lets_rejections_pass(uvicorn, house):
    request = await off_loop(house.ask)
    await off_loop(
        KillSwitch.objects.create,
        workspace_id=house.workspace.id,
        reason="drill",
        pulled_by=house.owner.id,
    )
    async with connected(uvicorn, house.key) as live:
        assert (await decide(live, request))["error"]["code"] == "kill_switch"
        assert (await decide(live, request, "reject"))["result"]["request"]["state"] == "denied"


async def test_approval_is_taken_back_and_the_request_withdrawn(uvicorn, house):
    policy = policy_of("name: review, roles: [reviewer]", more="undo: {seconds: 60}\n")
    await off_loop(hold, house.workspace, house.owner, policy)
    request = await off_loop(house.ask)
    owner_key = await off_loop(issue, house.owner, house.workspace, *Scope)
    async with connected(uvicorn, house.key) as live, connected(uvicorn, owner_key) as owner:
        assert (await decide(live, request))["result"]["request"]["state"] == "allowed"
        undone = await live.ask(id=8, type="undo", request=str(request.id))
        assert undone["result"]["request"]["state"] == "pending"
        refused = await live.ask(id=9, type="withdraw", request=str(request.id))
        assert refused["error"]["code"] == "not_allowed"
        gone = await owner.ask(id=1, type="withdraw", request=str(request.id))
        assert gone["result"]["request"]["state"] == "cancelled"


async def test_stranger_neither_watches_nor_decides(uvicorn, house):
    request = await off_loop(house.ask)

    def stranger():
        elsewhere = WorkspaceFactory.create()
        return issue(member(elsewhere), elsewhere, *Scope)

    async with connected(uvicorn, await off_loop(stranger)) as live:
        for topic in (f"approval:{request.id}", "approval:x"):
            refused = await live.ask(id=1, type="subscribe", topic=topic)
            assert refused["error"]["code"] == "unknown_topic"
        assert (await decide(live, request))["error"]["code"] == "not_found"
