"""The promised short doors: what waits on somebody, and their answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Scope
from apps.approvals.choices import State
from apps.approvals.models.people import Card
from apps.approvals.models.requests import Vote
from apps.ledger.models import Event, KillSwitch
from apps.ledger.switch import EVERYWHERE
from tests.approvals.deciding import vote
from tests.approvals.loaves import ask
from tests.factories import WorkspaceFactory, issue, member

PENDING = "/approvals/pending"


@pytest.fixture
def as_(client, workspace):
    """Asks as somebody."""

    def asking(person):
        key = issue(person, workspace, *Scope)

        def call(method, path, body=None, **headers):
            kind = {} if body is None else {"content_type": "application/json"}
            return getattr(client, method)(path, body, headers={"X-API-Key": key} | headers, **kind)

        return call

    return asking


@pytest.fixture
def me(as_, reviewer):
    return as_(reviewer)


def path_of(request):
    return f"/approvals/{request.id}/respond"


def answered(call, request, approved=True, key="", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return call("post", path_of(request), {"approved": approved, **body}, **headers)


def code(answer):
    return answer.json()["error"]["code"]


def unchanged(request):
    request.refresh_from_db()
    return request.state == State.PENDING and not Vote.objects.filter(request=request).exists()


# --- what waits


@pytest.mark.parametrize("path", [PENDING, "/api/v1/approvals/pending"])
def test_what_waits_on_me_is_shown(me, request_, reviewer, baker, path):
    shown = me("get", path).json()
    assert (shown["page"], shown["limit"], shown["total"]) == (1, 50, 1)
    [found] = shown["approvals"]
    assert found["request_id"] == str(request_.id)
    assert found["title"] == "Somebody bakes docs/a.md, docs/b.md"
    assert found["requested_by"] == {"id": str(baker.id), "name": baker.name, "kind": "agent"}
    assert found["view_digest"] == request_.view_digest
    assert found["subject"]["kind"] == "loaf"
    vote(request_, reviewer)
    assert me("get", path).json()["approvals"] == []


def test_user_id_may_be_mine_by_id_or_address(me, request_, reviewer):
    for mine in ("", reviewer.id, reviewer.email.upper()):
        assert me("get", PENDING, {"user_id": mine}).json()["total"] == 1


def test_others_queue_is_for_those_who_manage_the_workspace(
    as_, me, request_, reviewer, other_reviewer, owner
):
    assert me("get", PENDING, {"user_id": other_reviewer.email}).status_code == 403
    managing = as_(owner)
    assert managing("get", PENDING).json()["total"] == 0
    for named in (reviewer.id, reviewer.email):
        assert managing("get", PENDING, {"user_id": named}).json()["total"] == 1
    assert managing("get", PENDING, {"user_id": "user-42"}).status_code == 404
    stranger = member(WorkspaceFactory.create())
    assert managing("get", PENDING, {"user_id": stranger.id}).status_code == 404
    assert not Card.objects.exists()  # it was shown to nobody who could answer by it


def test_pages_are_whole_and_cost_the_same_however_long(me, workspace, baker, request_):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert me("get", PENDING, {"limit": 200}).status_code == 200
        return len(found)

    queries()
    before = queries()
    for _ in range(4):
        ask(workspace, baker)
    assert queries() == before
    pages = [me("get", PENDING, {"page": n, "limit": 2}).json() for n in (1, 2, 3)]
    ids = [found["request_id"] for page in pages for found in page["approvals"]]
    assert len(set(ids)) == len(ids) == pages[0]["total"] == 5
    assert me("get", PENDING, {"page": 0}).status_code == 422
    assert me("get", PENDING, {"limit": 201}).status_code == 422


# --- answering


def test_answer_is_bound_to_what_was_shown_here_last(me, request_, reviewer, other_reviewer):
    nothing = answered(me, request_)
    assert (nothing.status_code, code(nothing)) == (428, "approval_view_missing")
    me("get", PENDING)
    vote(request_, other_reviewer, edits={"spread": "butter"})
    moved = answered(me, request_)
    assert (moved.status_code, code(moved)) == (412, "approval_view_moved")
    assert not Vote.objects.filter(voter_id=reviewer.id).exists()
    me("get", PENDING)
    said = answered(me, request_, comments="Crisp.")
    assert said.status_code == 200
    assert said.json()["request"]["outcome"] == "allowed"
    cast = Vote.objects.get(voter_id=reviewer.id)
    assert cast.via == "web"


def test_answer_may_name_the_digest_and_the_channel(me, request_, reviewer):
    said = answered(me, request_, approved=False, digest=request_.view_digest, responded_via="Web")
    assert said.json()["request"]["state"] == "denied"
    assert said.json()["responded_via"] == "web"


def test_the_digest_may_be_named_as_it_is_shown(me, request_, other_reviewer):
    me("get", PENDING)
    refused = answered(me, request_, view_digest="0" * 64)
    assert (refused.status_code, code(refused)) == (412, "approval_view_moved")
    assert unchanged(request_)
    assert answered(me, request_, view_digest=request_.view_digest).status_code == 200


@pytest.mark.parametrize("claimed", ["WebSocket", "console", "email", "matrix", "mcp"])
def test_another_door_is_not_believed(me, request_, claimed):
    said = answered(me, request_, digest=request_.view_digest, responded_via=claimed)
    assert said.json()["responded_via"] == "api"
    assert Vote.objects.get(request=request_).via == "api"


def test_unknown_channel_is_refused(me, request_):
    refused = answered(me, request_, digest=request_.view_digest, responded_via="pigeon")
    assert refused.status_code == 422
    assert unchanged(request_)


def test_identity_in_the_body_moves_nothing(me, request_, reviewer, other_reviewer):
    me("get", PENDING)
    recorded = Event.objects.count()
    for body in (
        {"responded_by": str(other_reviewer.id)},
        {"responded_by": other_reviewer.email},
        {"responded_by": "user-42"},
        {"request_id": str(reviewer.id)},
    ):
        refused = answered(me, request_, **body)
        assert refused.status_code == 422
        assert refused.json()["error"]["details"][0]["field"] == next(iter(body))
    assert unchanged(request_)
    assert Event.objects.count() == recorded
    mine = {"responded_by": reviewer.email.upper(), "request_id": str(request_.id)}
    assert answered(me, request_, **mine).json()["responded_by"] == str(reviewer.id)


def test_duplicate_callback_is_the_first_answer_again(me, request_, reviewer):
    me("get", PENDING)
    first, second = answered(me, request_), answered(me, request_)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Vote.objects.filter(request=request_).count() == 1
    contrary = answered(me, request_, approved=False)
    assert (contrary.status_code, code(contrary)) == (409, "approval_already_decided")


def test_same_key_answers_once_and_another_body_is_refused(me, request_):
    me("get", PENDING)
    first, again = answered(me, request_, key="k1"), answered(me, request_, key="k1")
    assert first.json() == again.json()
    assert answered(me, request_, approved=False, key="k1").status_code == 422


def test_one_person_on_two_channels_has_one_vote(me, request_, reviewer):
    me("get", PENDING)
    vote(request_, reviewer)
    again = answered(me, request_)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json()["responded_via"] == "api"
    assert Vote.objects.filter(request=request_).count() == 1


def test_whoever_comes_second_is_told_who_won(as_, me, request_, reviewer, other_reviewer):
    other = as_(other_reviewer)
    me("get", PENDING)
    other("get", PENDING)
    answered(me, request_)
    late = answered(other, request_)
    assert code(late) == "approval_already_decided"
    assert late.json()["error"]["details"][0]["decided_by"] == str(reviewer.id)


def test_agent_answers_nothing(client, workspace, request_, baker):
    key = issue(baker, workspace)
    refused = client.post(
        path_of(request_),
        {"approved": True, "digest": request_.view_digest},
        content_type="application/json",
        headers={"X-API-Key": key},
    )
    assert refused.status_code == 403
    assert unchanged(request_)


@pytest.mark.parametrize("where", ["workspace", "everywhere"])
@pytest.mark.parametrize("key", ["", "k1"])
def test_switch_stops_approvals_and_lets_rejections_pass(me, request_, workspace, where, key):
    me("get", PENDING)
    KillSwitch.objects.create(
        workspace_id=workspace.id if where == "workspace" else EVERYWHERE,
        reason="drill",
        pulled_by=EVERYWHERE,
    )
    refused = answered(me, request_, key=key)
    assert (refused.status_code, code(refused)) == (503, "kill_switch")
    assert unchanged(request_)
    assert me("get", PENDING).status_code == 200
    rejected = answered(me, request_, approved=False, key=key and "k2")
    assert rejected.json()["request"]["state"] == "denied"
