"""What people do around a decision, over HTTP."""

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.approvals.models.people import Comment, Snooze
from tests.approvals.deciding import ONE, hold, policy_of
from tests.approvals.loaves import ask
from tests.approvals.test_emergencies import GLASS

PATH = "/api/v1/approvals"


def post(api, user, request, what, body=None):
    return api(user).post(f"{PATH}/{request.id}/{what}", body or {}, format="json")


def code(answer):
    return answer.json()["error"]["code"]


def test_an_agent_answers_through_its_key(api, request_, baker, reviewer):
    asked = post(
        api, reviewer, request_, "comments", {"text": "How long?", "said": "question"}
    ).json()
    assert (asked["said"], asked["author"]["id"]) == ("question", str(reviewer.id))
    turn = api(baker).get(f"{PATH}/{request_.id}").json()["turn"]
    assert turn["whose"] == "proposer"
    answer = {"text": "An hour.", "said": "answer", "reply_to": asked["id"]}
    assert post(api, baker, request_, "comments", answer).status_code == 201
    assert api(baker).get(f"{PATH}/{request_.id}").json()["turn"]["whose"] == "voters"
    listed = api(reviewer).get(f"{PATH}/{request_.id}/comments").json()["results"]
    assert [one["text"] for one in listed] == ["How long?", "An hour."]


def test_a_file_is_saved_and_never_opened_in_place(api, request_, reviewer, baker):
    content = base64.b64encode(b"<script>alert(1)</script>").decode()
    sent = {"name": "läuft “so”.txt", "media_type": "text/plain", "content": content}
    body = {"text": "See here.", "attachments": [sent]}
    [file] = post(api, reviewer, request_, "comments", body).json()["attachments"]
    assert (file["name"], file["size"]) == ("läuft “so”.txt", 25)
    answer = api(baker).get(f"{PATH}/{request_.id}/attachments/{file['id']}")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''l%C3%A4uft")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    sent["media_type"] = "text/html"
    assert post(api, reviewer, request_, "comments", body).status_code == 422
    assert Comment.objects.count() == 1


@pytest.mark.usefixtures("loaves", "one_policy", "reviewer")
def test_a_file_belongs_to_one_request_alone(api, workspace, request_, reviewer, baker):
    other = ask(workspace, baker)
    content = base64.b64encode(b"crumbs").decode()
    file = {"name": "a.txt", "media_type": "text/plain", "content": content}
    said = post(api, reviewer, request_, "comments", {"text": "See.", "attachments": [file]})
    attachment = said.json()["attachments"][0]["id"]
    answer = api(reviewer).get(f"{PATH}/{other.id}/attachments/{attachment}")
    assert answer.status_code == 404


def test_a_claim_is_told_to_others(api, request_, reviewer, other_reviewer, baker):
    claimed = post(api, reviewer, request_, "claim").json()
    assert claimed["claimed_by"]["id"] == str(reviewer.id)
    refused = post(api, other_reviewer, request_, "claim")
    assert (refused.status_code, code(refused)) == (409, "approval_claimed")
    [detail] = refused.json()["error"]["details"]
    assert detail["claimed_by_name"] == reviewer.name
    assert detail["claimed_until"]
    assert post(api, baker, request_, "claim").status_code == 403
    assert post(api, reviewer, request_, "unclaim").json()["claimed_by"] is None


def test_what_is_snoozed_waits_on_one_no_more_until_then(api, request_, reviewer):
    def waiting():
        return api(reviewer).get(f"{PATH}?waiting_on=me").json()["results"]

    until = (timezone.now() + timedelta(days=1)).isoformat()
    assert post(api, reviewer, request_, "snooze", {"until": until}).status_code == 200
    assert waiting() == []
    assert post(api, reviewer, request_, "unsnooze").status_code == 204
    assert [one["id"] for one in waiting()] == [str(request_.id)]
    post(api, reviewer, request_, "snooze", {"until": until})
    Snooze.objects.update(until=timezone.now())
    assert len(waiting()) == 1
    assert post(api, reviewer, request_, "snooze", {"until": "2020-01-01"}).status_code == 422


def test_seats_go_from_hand_to_hand(api, workspace, owner, baker, loaves, reviewer, admin):
    hold(workspace, owner, ONE.replace("reviewer", "admin"))
    request = ask(workspace, baker)
    handed = post(api, admin, request, "delegate", {"to": str(reviewer.id)}).json()
    assert str(reviewer.id) in {one["id"] for one in handed["stages"][0]["may_decide"]}
    assert str(admin.id) not in {one["id"] for one in handed["stages"][0]["may_decide"]}
    given = post(api, admin, request, "reassign", {"people": [str(admin.id)]}).json()
    assert given["stages"][0]["may_decide_count"] == 2
    assert post(api, reviewer, request, "reassign", {"people": [str(admin.id)]}).status_code == 403


def test_the_glass_is_broken_and_looked_at(
    api, workspace, owner, baker, loaves, reviewer, other_reviewer, admin
):
    hold(workspace, owner, policy_of("name: review, quorum: 2, roles: [reviewer]", more=GLASS))
    request = ask(workspace, baker)
    body = {"reason": "The oven burns.", "digest": request.view_digest}
    assert code(post(api, reviewer, request, "break-glass", body)) == "approval_break_glass_off"
    broken = post(api, admin, request, "break-glass", body)
    assert broken.status_code == 201
    assert broken.json()["reason"] == "The oven burns."
    assert broken.json()["request"]["outcome"] == "allowed"
    [owed] = api(reviewer).get(f"{PATH}/reviews?owed=true").json()["results"]
    assert (owed["because"], owed["overdue"]) == ("break_glass", False)
    assert code(post(api, admin, request, "review", {"sound": True})) == "approval_not_yours"
    looked = post(api, reviewer, request, "review", {"sound": False, "note": "No fire."}).json()
    assert (looked["sound"], looked["note"]) == (False, "No fire.")
    assert looked["reviewed_by"]["id"] == str(reviewer.id)
    assert api(reviewer).get(f"{PATH}/reviews?owed=true").json()["results"] == []
    assert len(api(reviewer).get(f"{PATH}/reviews").json()["results"]) == 1


@pytest.mark.parametrize("count", [1, 4])
def test_lists_ask_as_much_for_many_as_for_one(
    api, request_, reviewer, baker, count, django_assert_num_queries
):
    file = {"name": "a.txt", "media_type": "text/plain", "content": "YQ=="}
    for _ in range(count):
        post(api, reviewer, request_, "comments", {"text": "Hm, @x.", "attachments": [file]})
    client = api(reviewer)
    client.get(f"{PATH}/{request_.id}/comments")
    with django_assert_num_queries(COMMENTS):
        found = client.get(f"{PATH}/{request_.id}/comments").json()["results"]
    assert len(found) == count


COMMENTS = 7
