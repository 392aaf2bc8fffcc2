"""The socket at /ws/{user_id}/{client_type}: what waits on somebody, and what they decide."""

import asyncio
from datetime import timedelta

import pytest
import websockets
from django.utils import timezone

from apps.accounts.choices import Scope
from apps.accounts.models import ApiKey, Membership
from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES
from apps.accounts.services.tickets import issue_ticket
from apps.approvals.choices import State
from apps.approvals.events import AbsenceSet
from apps.approvals.models.people import Absence
from apps.approvals.services.opening import withdraw_request
from apps.ledger.models import KillSwitch
from apps.ledger.services import record, unit
from tests.activity.live.servers import OUT_WITHIN
from tests.activity.live.test_admission import browser_session
from tests.approvals.deciding import STEPS, TWO, hold, policy_of, vote
from tests.approvals.live.houses import APPLICATION, new_house
from tests.approvals.live.room import in_room
from tests.databases import off_loop
from tests.factories import issue
from tests.live import session_token
from tests.serving import serving


async def test_what_waits_is_shown_then_what_comes_and_both_are_decided(server, house):
    first = await off_loop(house.ask)
    async with in_room(server, house.reviewer.email, house.key) as room:
        assert room.ready == {
            "type": "connected",
            "user_id": str(house.reviewer.id),
            "client_type": "web",
            "heartbeat": 25,
            "waiting": 1,
        }
        waiting = await room.next()
        assert (waiting["type"], waiting["reason"]) == ("approval_request", "waiting")
        shown = waiting["request"]
        assert shown["request_id"] == str(first.id)
        assert shown["title"] == "Somebody bakes docs/a.md, docs/b.md"
        assert shown["requested_by"]["name"] == house.baker.name
        assert (shown["stage"], shown["approvals"], shown["needed"]) == ("review", 0, 1)

        second = await off_loop(house.ask)
        coming = await room.next()
        assert (coming["reason"], coming["request"]["request_id"]) == ("new", str(second.id))

        allowed = await room.respond(first, comments="Crisp.")
        assert allowed["type"] == "approval_result"
        assert allowed["request"]["outcome"] == "allowed"
        assert allowed["vote"]["via"] == "websocket"
        denied = await room.respond(second, approved=False, id=2)
        assert denied["request"]["outcome"] == "denied"
        again = await room.respond(second, approved=False, id=3)
        assert (again["again"], again["vote"]) == (True, denied["vote"])


async def test_decision_elsewhere_is_told_with_outcome_person_and_time(server, house):
    request = await off_loop(house.ask)
    async with in_room(server, house.other.id, house.other_key) as room:
        await room.next()
        await off_loop(vote, request, house.reviewer)
        update = await room.next()
        assert (update["type"], update["waits_on_you"]) == ("approval_update", False)
        assert update["request"]["outcome"] == "allowed"
        assert update["request"]["decided_by"]["id"] == str(house.reviewer.id)
        assert update["request"]["decided_via"] == "api"
        assert update["request"]["decided_at"]
        late = await room.respond(request)
        assert late["error"]["code"] == "approval_already_decided"
        assert late["error"]["details"][0]["decided_by"] == str(house.reviewer.id)


async def test_two_windows_of_one_person_cast_one_vote(uvicorn, house):
    request = await off_loop(house.ask)
    async with (
        in_room(uvicorn, house.reviewer.id, house.key) as here,
        in_room(uvicorn, house.reviewer.id, house.key, client_type="vscode") as there,
    ):
        await here.next()
        await there.next()
        answers = await asyncio.gather(here.respond(request), there.respond(request))
    assert sorted(answer["again"] for answer in answers) == [False, True]
    assert answers[0]["vote"] == answers[1]["vote"]
    assert await off_loop(request.votes.count) == 1


async def test_progress_withdrawal_and_a_turn_that_comes_are_told(uvicorn, house):
    await off_loop(hold, house.workspace, house.owner, TWO)
    request = await off_loop(house.ask)
    async with in_room(uvicorn, house.other.id, house.other_key) as room:
        await room.next()
        await off_loop(vote, request, house.reviewer)
        progress = await room.next()
        assert (progress["type"], progress["waits_on_you"]) == ("approval_update", True)
        assert (progress["request"]["approvals"], progress["request"]["needed"]) == (1, 1)
        await off_loop(withdraw_request, request_id=request.id, actor=house.baker)
        gone = await room.next()
        assert (gone["type"], gone["request"]["outcome"]) == ("approval_update", "cancelled")
        assert gone["request"]["because"] == "Whoever proposed it took it back."


async def test_changed_view_is_shown_anew_and_binds_once_it_was_read(uvicorn, house):
    request = await off_loop(house.ask)
    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        before = (await room.next())["request"]["view_digest"]
        await off_loop(vote, request, house.other, edits={"spread": "butter"})
        await off_loop(request.refresh_from_db)
        assert (request.state, request.view_digest != before) == (State.PENDING, True)
        changed = await room.until("approval_request")
        assert changed["reason"] == "changed"
        # It has answered no ping since: what it decides now is on what it has read before.
        moved = await room.respond(request, id=1)
        assert moved["error"]["code"] == "approval_view_moved"
        said = await room.respond(request, id=2, digest=changed["request"]["view_digest"])
        assert said["type"] == "approval_result"


async def test_response_to_what_was_never_shown_needs_a_digest(uvicorn, house):
    request = await off_loop(house.ask)
    owner_key = await off_loop(issue, house.owner, house.workspace, *Scope)
    async with in_room(uvicorn, house.owner.id, owner_key) as room:
        assert room.ready["waiting"] == 0
        assert (await room.respond(request))["error"]["code"] == "approval_view_missing"
        own = await room.respond(request, digest=request.view_digest)
        assert own["error"]["code"] == "approval_self"


async def test_later_stage_is_shown_to_whoever_sits_in_it_when_it_opens(uvicorn, house):
    await off_loop(hold, house.workspace, house.owner, STEPS)

    def promote():
        Membership.objects.filter(user=house.other).update(role="admin")
        return house.ask()

    request = await off_loop(promote)
    async with in_room(uvicorn, house.other.id, house.other_key) as room:
        first = await room.next()  # an admin stands above the reviewers
        assert first["request"]["stage"] == "review"
        await off_loop(vote, request, house.reviewer)
        update = await room.next()
        assert (update["waits_on_you"], update["request"]["stage"]) == (True, "sign off")
        assert (await room.respond(request))["request"]["outcome"] == "allowed"


async def test_whoever_comes_back_is_shown_what_still_waits(uvicorn, house):
    decided, waiting = await off_loop(house.ask), await off_loop(house.ask)
    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        for _ in range(2):
            await room.next()
    await off_loop(vote, decided, house.other)
    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        assert room.ready["waiting"] == 1
        assert (await room.next())["request"]["request_id"] == str(waiting.id)


async def test_absence_that_begins_brings_what_waits_to_the_stand_in(uvicorn, house):
    policy = f'name: review, people: ["{house.other.id}"]'
    await off_loop(_stage, house, policy)
    await off_loop(house.ask)

    def leave():
        now = timezone.now()
        Absence.objects.create(
            workspace=house.workspace,
            person_id=house.other.id,
            delegate_id=house.reviewer.id,
            begins_at=now,
            ends_at=now + timedelta(days=1),
        )

    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        assert room.ready["waiting"] == 0
        await off_loop(leave)
        await off_loop(_tell_of_absence, house)
        assert (await room.next())["reason"] == "new"


async def test_somebody_elses_address_is_refused(server, house):
    for named in (house.other.id, house.other.email, "user-42", "%2e%2e"):
        async with in_room(server, named, house.key) as room:
            assert room.ready["error"]["code"] == "not_allowed"
            assert await room.closed() == 4403
    for kind in ("Web", "a" * 33, "%20"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with in_room(server, house.reviewer.id, house.key, client_type=kind):
                pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", ["uvicorn", "daphne"])
async def test_token_may_stand_in_the_address_and_no_log_has_it(name, house, tmp_path):
    wrong = "lat_AbCdEfGh_" + "x" * 30
    place = {"DATABASE_URL": house.database, "LOG_LEVEL": "DEBUG"}
    with serving(name, tmp_path / "web.log", application=APPLICATION, **place) as server:
        token = await off_loop(session_token, house.reviewer)
        ticket = await off_loop(
            issue_ticket,
            user=house.reviewer,
            credential=Credential(via="token", scopes=PERSON_SCOPES),
            workspace_id=house.workspace.id,
        )
        for secret in (house.key, token, ticket):
            async with in_room(server, house.reviewer.email, query=f"?token={secret}") as room:
                assert (await room.next())["type"] == "connected"
        async with in_room(server, house.reviewer.email, query=f"?token={wrong}") as room:
            assert (await room.next())["error"]["code"] == "invalid_api_key"
            assert await room.closed() == 4401
        logged = server.log.read_text()
    assert "ebSocket" in logged
    for secret in (house.key, token, ticket, wrong):
        assert secret not in logged
        assert secret[-20:] not in logged
    assert house.reviewer.email not in logged
    assert house.reviewer.email.replace("@", "%40") not in logged


async def test_hello_says_who_it_is(server, house):
    async with in_room(server, house.reviewer.id, hello=house.key) as room:
        assert room.ready["type"] == "connected"
    async with in_room(server, house.reviewer.id) as room:
        await room.send(type="approval_response", request_id="x", approved=True)
        assert (await room.next())["error"]["code"] == "no_hello"
        assert await room.closed() == 4401


async def test_page_from_elsewhere_comes_in_with_a_token_and_never_with_a_cookie(server, house):
    cookie = {"Cookie": f"sessionid={await off_loop(browser_session, house.reviewer)}"}
    async with in_room(server, house.reviewer.id, headers=cookie, origin=server.url) as room:
        assert (await room.next())["type"] == "connected"
    foreign = {"headers": cookie, "origin": "http://evil.example"}
    async with in_room(server, house.reviewer.id, **foreign) as room:
        await room.send(type="approval_response", request_id="x", approved=True)
        assert (await room.next())["error"]["code"] == "no_hello"
    async with in_room(server, house.reviewer.id, hello=house.key, **foreign) as room:
        assert room.ready["type"] == "connected"
    query = f"?token={house.key}"
    async with in_room(server, house.reviewer.id, query=query, **foreign) as room:
        assert (await room.next())["type"] == "connected"


async def test_revoked_key_decides_no_more_and_is_out_within_seconds(server, house):
    request = await off_loop(house.ask)
    async with in_room(server, house.reviewer.id, house.key) as room:
        await room.next()
        keys = ApiKey.objects.filter(user=house.reviewer)
        await off_loop(keys.update, revoked_at=timezone.now())
        await room.send(type="approval_response", request_id=str(request.id), approved=True)
        assert await room.closed(patience=OUT_WITHIN) == 4403
    await off_loop(request.refresh_from_db)
    assert request.state == State.PENDING


async def test_key_that_only_reads_is_shown_all_and_decides_nothing(uvicorn, house):
    request = await off_loop(house.ask)
    key = await off_loop(issue, house.reviewer, house.workspace, Scope.READ)
    async with in_room(uvicorn, house.reviewer.id, key) as room:
        await room.next()
        assert (await room.respond(request))["error"]["code"] == "scope_missing"


async def test_switch_stops_approvals_and_lets_rejections_pass(uvicorn, house):
    request = await off_loop(house.ask)
    await off_loop(
        KillSwitch.objects.create,
        workspace_id=house.workspace.id,
        reason="drill",
        pulled_by=house.owner.id,
    )
    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        await room.next()
        assert (await room.respond(request))["error"]["code"] == "kill_switch"
        assert (await room.respond(request, approved=False))["request"]["outcome"] == "denied"


async def test_nonsense_is_answered_and_ends_nothing(uvicorn, house):
    async with in_room(uvicorn, house.reviewer.id, house.key) as room:
        for frame, code in (
            ({"id": 1, "type": "approval_response"}, "invalid_command"),
            ({"id": 2, "type": "approval_response", "request_id": "x"}, "invalid_command"),
            ({"id": 3, "type": "subscribe", "topic": "user:me"}, "unknown_command"),
            ({"id": 4, "type": "hello", "token": house.key}, "already_known"),
        ):
            assert (await room.ask(**frame))["error"]["code"] == code
        assert (await room.ask(id=5, type="ping")) == {"id": 5, "type": "ok"}


async def test_others_workspaces_are_not_shown(uvicorn, house):
    elsewhere = await off_loop(new_house, house.database)
    async with in_room(uvicorn, elsewhere.reviewer.id, elsewhere.key) as room:
        await off_loop(house.ask)
        mine = await off_loop(elsewhere.ask)
        assert (await room.next())["request"]["request_id"] == str(mine.id)


def _stage(house, stage):
    hold(house.workspace, house.owner, policy_of(stage))


def _tell_of_absence(house):
    found = Absence.objects.get(workspace=house.workspace)
    with unit(actor=house.other, workspace=house.workspace.id):
        record(
            AbsenceSet(
                absence=found.id,
                person=found.person_id,
                delegate=found.delegate_id,
                begins_at=found.begins_at,
                ends_at=found.ends_at,
            )
        )
