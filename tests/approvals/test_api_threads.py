"""Threads over HTTP."""

from apps.accounts.choices import Scope
from apps.approvals.models.people import Comment

PATH = "/api/v1/approvals"
PLACE = {"operation": 0, "side": "after", "line": 1}


def post(api, user, request, what, body=None, **headers):
    return api(user).post(f"{PATH}/{request.id}/{what}", body or {}, format="json", headers=headers)


def begin(api, user, request, **more):
    return post(api, user, request, "comments", {"text": "Why?", "place": PLACE} | more)


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_thread_holds_up_an_approval_until_it_is_resolved(
    api, request_, reviewer, other_reviewer
):
    thread = begin(api, reviewer, request_, required=True).json()
    assert thread["place"] == PLACE | {
        "target": "docs/a.md",
        "text": "docs/a.md ",
        "current": True,
    }
    assert (thread["required"], thread["is_thread"], thread["resolved"]) == (True, True, None)
    approval = {"decision": "approve", "digest": request_.view_digest}
    refused = post(api, other_reviewer, request_, "votes", approval)
    assert error(refused) == (409, "approval_threads_open")
    assert refused.json()["error"]["details"][0]["comment"] == thread["id"]
    seen = api(reviewer).get(f"{PATH}/{request_.id}").json()
    assert (seen["threads_open"], seen["threads_required"]) == (1, 1)
    [brief] = api(reviewer).get(f"{PATH}/pending").json()["approvals"]
    assert (brief["threads_open"], brief["threads_required"]) == (1, 1)
    done = post(api, reviewer, request_, f"comments/{thread['id']}/resolve").json()
    assert done["resolved"]["by"]["id"] == str(reviewer.id)
    assert post(api, other_reviewer, request_, "votes", approval).status_code == 201
    again = post(api, reviewer, request_, f"comments/{thread['id']}/reopen").json()
    assert again["resolved"] is None


def test_what_was_sent_twice_is_said_once(api, request_, reviewer):
    body = {"text": "Why?", "place": PLACE}
    first, second = (
        post(api, reviewer, request_, "comments", body, **{"Idempotency-Key": "k1"})
        for _ in range(2)
    )
    assert first.json()["id"] == second.json()["id"]
    assert Comment.objects.count() == 1


def test_places_that_are_none_are_refused(api, request_, reviewer):
    for place in (
        {"operation": 9},
        PLACE | {"line": 7},
        PLACE | {"line": 0},
        PLACE | {"side": "x"},
    ):
        assert begin(api, reviewer, request_, place=place).status_code == 422
    moved = begin(api, reviewer, request_, place=PLACE | {"content": "0" * 64})
    assert error(moved) == (412, "approval_place_moved")
    assert not Comment.objects.exists()


def test_what_holds_up_a_decision_takes_a_key_that_decides(api, request_, reviewer):
    thread = begin(api, reviewer, request_, required=True).json()
    writer, path = api(reviewer, Scope.READ, Scope.WRITE), f"{PATH}/{request_.id}/comments"
    for where, body in (
        (f"{path}/{thread['id']}/resolve", {}),
        (path, {"text": "Why?", "required": True}),
    ):
        assert error(writer.post(where, body, format="json")) == (403, "scope_missing")
    assert Comment.objects.get().resolved_at is None


def test_the_agent_that_proposed_reads_where_it_is_meant(api, request_, reviewer, baker):
    begin(api, reviewer, request_)
    [listed] = api(baker).get(f"{PATH}/{request_.id}/comments").json()["results"]
    assert listed["place"]["text"] == "docs/a.md "
    refused = post(api, baker, request_, f"comments/{listed['id']}/resolve")
    assert refused.status_code == 403
