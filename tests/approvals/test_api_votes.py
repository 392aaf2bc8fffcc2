"""Deciding over HTTP: what is answered, and what the kill switch lets pass."""

from uuid import UUID

import pytest
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.approvals.choices import State, Via
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.services.voting import cast_vote, undo_decision
from apps.common.ids import uuid7
from apps.ledger.models import Event, KillSwitch
from tests.approvals.deciding import TWO, hold, policy_of, vote
from tests.approvals.loaves import ask
from tests.factories import MembershipFactory, WorkspaceFactory, issue, member

PATH = "/api/v1/approvals"
UNDOABLE = policy_of(
    "name: review, roles: [reviewer]",
    more="undo: {seconds: 60, up_to: critical}\n",
)


@pytest.fixture
def decide(api):
    def send(user, request, decision="approve", *, headers=None, to="votes", **more):
        body = {"decision": decision, "digest": request.view_digest, **more}
        answered = api(user).post(
            f"{PATH}/{request.id}/{to}", body, format="json", headers=headers or {}
        )
        request.refresh_from_db()
        return answered

    return send


@pytest.fixture
def in_bulk(api):
    def send(user, *decisions, headers=None):
        return api(user).post(
            f"{PATH}/bulk", {"decisions": decisions}, format="json", headers=headers or {}
        )

    return send


@pytest.fixture
def stopped(workspace):
    return KillSwitch.objects.create(
        workspace_id=workspace.id, reason="drill", pulled_by=UUID(int=0)
    )


def code(answered):
    return answered.json()["error"]["code"]


def test_a_vote_is_created_once_and_stands_when_sent_again(decide, request_, reviewer):
    first = decide(reviewer, request_, comment="Fine.")
    assert first.status_code == 201, first.json()
    body = first.json()
    assert (body["state"], body["outcome"]) == ("effective", "allowed")
    assert body["stages"] == [{"name": "review", "state": "passed", "approvals": 1, "needed": 0}]
    again = decide(reviewer, request_)
    assert again.status_code == 200
    assert again.json()["vote"] == body["vote"]
    assert Vote.objects.count() == 1


def test_the_tag_may_stand_for_the_digest(api, decide, request_, reviewer):
    tag = api(reviewer).get(f"{PATH}/{request_.id}")["ETag"]
    assert decide(reviewer, request_, digest="").status_code == 428
    assert decide(reviewer, request_, digest="", headers={"If-Match": "*"}).status_code == 428
    assert decide(reviewer, request_, digest="", headers={"If-Match": tag}).status_code == 201


def test_the_digest_may_be_named_as_it_is_shown(api, request_, reviewer):
    place, body = f"{PATH}/{request_.id}/votes", {"decision": "approve"}
    moved = api(reviewer).post(place, {**body, "view_digest": "0" * 64})
    assert (moved.status_code, code(moved)) == (412, "approval_view_moved")
    both = {**body, "view_digest": request_.view_digest, "digest": "0" * 64}
    assert api(reviewer).post(place, both).status_code == 412
    body["view_digest"] = request_.view_digest
    assert api(reviewer).post(place, body).status_code == 201


def test_each_refusal_has_its_status_and_leaves_nothing(
    decide, request_, owner, baker, reviewer, other_reviewer, workspace
):
    before = Event.objects.count()
    for user, sent, status, said in (
        (reviewer, {"digest": ""}, 428, "approval_view_missing"),
        (reviewer, {"digest": "0" * 64}, 412, "approval_view_moved"),
        (reviewer, {"decision": "veto"}, 422, "approval_reason_missing"),
        (reviewer, {"decision": "reject", "operations": [0]}, 422, "approval_not_editable"),
        (reviewer, {"operations": [99]}, 422, "approval_operations_invalid"),
        (reviewer, {"edits": {"oven": "hot"}}, 422, "approval_not_editable"),
        (reviewer, {"decision": "retract"}, 422, "invalid"),
        (reviewer, {"decision": ""}, 422, "invalid"),
        (owner, {}, 403, "approval_self"),
        (baker, {}, 403, "people_only"),
        (member(workspace, Role.CONTRIBUTOR), {}, 403, "not_allowed"),
    ):
        answered = decide(user, request_, **{"decision": "approve", **sent})
        assert (answered.status_code, code(answered)) == (status, said), sent
    assert not Vote.objects.exists()
    assert Event.objects.count() == before
    decide(reviewer, request_)
    late = decide(other_reviewer, request_, "reject")
    assert (late.status_code, code(late)) == (409, "approval_already_decided")
    assert late.json()["error"]["details"][0]["decided_by_name"] == reviewer.name


def test_a_changed_mind_is_said_to_be_one(decide, workspace, owner, baker, loaves, reviewer, admin):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    decide(reviewer, request)
    stands = decide(reviewer, request, "abstain")
    assert (stands.status_code, code(stands)) == (409, "approval_vote_stands")
    assert decide(reviewer, request, "abstain", change=True).status_code == 201


def test_a_part_is_accepted_and_the_rest_is_named(decide, request_, reviewer):
    body = decide(reviewer, request_, operations=[1]).json()
    rest = ApprovalRequest.objects.get(id=body["rest"])
    assert (rest.state, str(rest.part_of_id)) == (State.PENDING, body["id"])


def test_who_edits_takes_part(decide, request_, reviewer):
    body = decide(reviewer, request_, edits={"spread": "butter"}).json()
    assert body["state"] == "pending"
    assert body["view_digest"] == request_.view_digest


def test_the_same_key_is_the_same_answer(decide, request_, reviewer):
    key = {"Idempotency-Key": "k1"}
    seen = request_.view_digest
    first = decide(reviewer, request_, headers=key)
    again = decide(reviewer, request_, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    other = decide(reviewer, request_, "reject", digest=seen, headers=key)
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    assert Vote.objects.count() == 1


def test_an_approval_is_taken_back_while_it_may_be(
    api, decide, workspace, owner, baker, loaves, reviewer, other_reviewer
):
    hold(workspace, owner, UNDOABLE)
    request = ask(workspace, baker)
    decided = decide(reviewer, request).json()
    assert (decided["state"], decided["outcome"]) == ("allowed", None)
    seen = api(reviewer).get(f"/api/v1/approvals/{request.id}").json()
    assert seen["can"]["undo"]["ok"]
    assert decide(other_reviewer, request, to="undo").status_code == 403
    undone = decide(reviewer, request, to="undo")
    assert (undone.status_code, undone.json()["state"]) == (200, "pending")
    assert decide(reviewer, request, to="undo").status_code == 200
    assert Vote.objects.standing().get().decision == "retract"
    assert undo_decision(request_id=request.id, actor=reviewer, via=Via.API).state == State.PENDING
    assert Vote.objects.count() == 2


def test_it_is_taken_back_by_who_proposed_it(decide, request_, baker, reviewer):
    assert decide(reviewer, request_, to="withdraw").status_code == 403
    taken = decide(baker, request_, to="withdraw")
    assert (taken.status_code, taken.json()["outcome"]) == (200, "cancelled")
    assert decide(baker, request_, to="withdraw").status_code == 200
    late = decide(reviewer, request_)
    assert (late.status_code, code(late)) == (409, "approval_already_decided")


# --- many


def test_each_of_many_is_cast_or_refused_by_itself(
    in_bulk, workspace, baker, one_policy, loaves, reviewer, other_reviewer
):
    good, moved, gone, mine = (ask(workspace, baker) for _ in range(4))
    vote(gone, other_reviewer)
    answered = in_bulk(
        reviewer,
        {"id": str(moved.id), "decision": "approve", "digest": "0" * 64},
        {"id": str(good.id), "decision": "approve", "digest": good.view_digest},
        {"id": str(uuid7()), "decision": "approve", "digest": good.view_digest},
        {"id": str(gone.id), "decision": "reject", "digest": gone.view_digest},
        {"id": str(mine.id), "decision": "veto", "digest": mine.view_digest, "comment": "No."},
    )
    assert answered.status_code == 200, answered.json()
    results = answered.json()["results"]
    assert [one["ok"] for one in results] == [False, True, False, False, True]
    assert [one["state"] for one in results] == [
        "pending",
        "effective",
        None,
        "effective",
        "denied",
    ]
    codes = [one["error"]["code"] for one in results if one["error"]]
    assert codes == ["approval_view_moved", "not_found", "approval_already_decided"]


def test_many_under_one_key_are_done_once(in_bulk, workspace, baker, one_policy, loaves, reviewer):
    asked = [ask(workspace, baker) for _ in range(3)]
    decisions = [
        {"id": str(request.id), "decision": "approve", "digest": request.view_digest}
        for request in asked
    ]
    decisions[1]["digest"] = "0" * 64
    key = {"Idempotency-Key": "many"}
    first = in_bulk(reviewer, *decisions, headers=key)
    assert [one["ok"] for one in first.json()["results"]] == [True, False, True]
    assert in_bulk(reviewer, *decisions, headers=key).json() == first.json()
    assert Vote.objects.count() == 2


def test_there_are_not_too_many_at_once(in_bulk, request_, reviewer):
    one = {"id": str(request_.id), "decision": "approve", "digest": request_.view_digest}
    answered = in_bulk(reviewer, *[one] * 101)
    assert (answered.status_code, code(answered)) == (422, "approval_too_many")
    assert in_bulk(reviewer).status_code == 422
    assert not Vote.objects.exists()


def test_what_is_asked_elsewhere_is_not_here(in_bulk, decide, request_, reviewer, workspace):
    """A key is good for its own workspace, also of who belongs to both."""
    elsewhere = WorkspaceFactory.create()
    MembershipFactory.create(workspace=elsewhere, user=reviewer, role=Role.OWNER)
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=issue(reviewer, elsewhere, *Scope))
    body = {"decision": "approve", "digest": request_.view_digest}
    assert client.post(f"{PATH}/{request_.id}/votes", body, format="json").status_code == 404
    many = {"decisions": [{"id": str(request_.id), **body}]}
    [one] = client.post(f"{PATH}/bulk", many, format="json").json()["results"]
    assert (one["ok"], one["state"], one["error"]["code"]) == (False, None, "not_found")
    assert not Vote.objects.exists()


# --- the kill switch


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("decision", ["reject", "veto"])
def test_ending_goes_on_while_everything_is_stopped(
    decide, request_, reviewer, stopped, keyed, decision
):
    headers = {"Idempotency-Key": "k"} if keyed else {}
    answered = decide(reviewer, request_, decision, comment="No.", headers=headers)
    assert answered.status_code == 201, answered.json()
    assert request_.state == State.DENIED


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("decision", ["approve", "abstain", "request_changes"])
def test_nothing_else_is_decided_meanwhile(decide, request_, reviewer, stopped, keyed, decision):
    headers = {"Idempotency-Key": "k"} if keyed else {}
    before = Event.objects.count()
    answered = decide(reviewer, request_, decision, comment="Yes.", headers=headers)
    assert (answered.status_code, code(answered)) == (503, "kill_switch")
    assert request_.state == State.PENDING
    assert Event.objects.count() == before


@pytest.mark.parametrize("keyed", [False, True])
def test_of_many_those_that_end_something_pass(
    in_bulk, workspace, baker, one_policy, loaves, reviewer, other_reviewer, keyed
):
    asked = [ask(workspace, baker) for _ in range(2)]
    KillSwitch.objects.create(workspace_id=workspace.id, reason="x", pulled_by=UUID(int=0))
    answered = in_bulk(
        reviewer,
        *(
            {"id": str(request.id), "decision": decision, "digest": request.view_digest}
            for request, decision in zip(asked, ("approve", "reject"), strict=True)
        ),
        headers={"Idempotency-Key": "k"} if keyed else {},
    )
    results = answered.json()["results"]
    assert [(one["ok"], one["state"]) for one in results] == [(False, "pending"), (True, "denied")]
    assert results[0]["error"]["code"] == "kill_switch"


def test_a_switch_pulled_in_between_stops_all_that_was_approved_under_a_key(
    in_bulk, workspace, baker, one_policy, loaves, reviewer, other_reviewer, monkeypatch
):
    """The unit of work of the key asks again as it ends."""
    asked = [ask(workspace, baker) for _ in range(2)]

    def pulled_after_the_first(**given):
        done = cast_vote(**given)
        KillSwitch.objects.get_or_create(
            workspace_id=workspace.id, defaults={"reason": "x", "pulled_by": UUID(int=0)}
        )
        return done

    monkeypatch.setattr("apps.approvals.services.bulk.cast_vote", pulled_after_the_first)
    decisions = [
        {"id": str(request.id), "decision": "approve", "digest": request.view_digest}
        for request in asked
    ]
    answered = in_bulk(reviewer, *decisions, headers={"Idempotency-Key": "k"})
    assert (answered.status_code, code(answered)) == (503, "kill_switch")
    assert not Vote.objects.exists()


@pytest.mark.parametrize("keyed", [False, True])
def test_withdrawing_goes_on_and_undoing_does_not(
    decide, workspace, owner, baker, loaves, reviewer, other_reviewer, keyed
):
    headers = {"Idempotency-Key": "k"} if keyed else {}
    hold(workspace, owner, UNDOABLE)
    request = ask(workspace, baker)
    decide(reviewer, request)
    KillSwitch.objects.create(workspace_id=workspace.id, reason="x", pulled_by=UUID(int=0))
    undone = decide(reviewer, request, to="undo", headers=headers)
    assert (undone.status_code, code(undone)) == (503, "kill_switch")
    assert request.state == State.ALLOWED
    assert decide(baker, request, to="withdraw", headers=headers).status_code == 200
    assert request.state == State.CANCELLED
