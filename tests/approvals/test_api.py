"""Requests over HTTP: listed, read whole, and said whose turn it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import Said
from apps.approvals.models.people import Absence, Comment, Snooze
from apps.approvals.services.opening import withdraw_request
from apps.common.ids import uuid7
from tests.approvals.deciding import ONE, STEPS, TWO, hold, policy_of, vote
from tests.approvals.deliveries import look_at_all
from tests.approvals.loaves import ask, eat
from tests.factories import agent_of, member

PATH = "/api/v1/approvals"


@pytest.fixture
def queue(api):
    """The ids of what waits on somebody."""

    def ids(user, **asked):
        answered = api(user).get(PATH, {"waiting_on": "me", **asked})
        assert answered.status_code == 200, answered.json()
        return [found["id"] for found in answered.json()["results"]]

    return ids


def one(api, user, request):
    answered = api(user).get(f"{PATH}/{request.id}")
    assert answered.status_code == 200, answered.json()
    return answered.json()


def test_a_request_says_what_is_asked_of_whom(api, request_, baker, reviewer, other_reviewer):
    found = one(api, reviewer, request_)
    assert found["sentence"] == "Somebody bakes docs/a.md, docs/b.md"
    assert found["view_digest"] == request_.view_digest
    [stage] = found["stages"]
    assert (stage["quorum"], stage["approvals"], stage["needed"]) == (1, 0, 1)
    named = {person["id"] for person in stage["may_decide"]}
    assert {str(reviewer.id), str(other_reviewer.id)} <= named
    assert str(baker.id) not in named
    assert found["turn"]["whose"] == "voters"
    assert found["proposer"] == {"id": str(baker.id), "name": baker.name}
    assert found["outcome"] is None
    assert [operation["target"] for operation in found["change"]["operations"]] == [
        "docs/a.md",
        "docs/b.md",
    ]


def test_what_else_depends_on_it_is_told_by_itself(api, request_, reviewer):
    found = api(reviewer).get(f"{PATH}/{request_.id}/impact").json()["affected"]
    assert [(each["key"], each["of"]) for each in found] == [
        *(("docs/a.md", ""), ("docs/b.md", "")),
        *(("Ada", "docs/a.md"), ("Bo\u202e", "docs/a.md"), ("cook", "Ada")),
    ]
    assert "\u202e" not in found[3]["label"]


def test_votes_are_shown_with_what_was_said(api, workspace, owner, baker, loaves, reviewer, admin):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    vote(request, reviewer, comment="Smells fine.")
    found = one(api, admin, request)
    [cast] = found["votes"]
    assert (cast["voter"]["id"], cast["decision"]) == (str(reviewer.id), "approve")
    assert (cast["comment"], cast["via"], cast["counts"]) == ("Smells fine.", "api", True)
    [stage] = found["stages"]
    assert (stage["approvals"], stage["needed"]) == (1, 1)
    assert [person["id"] for person in found["turn"]["people"]] == [str(admin.id)]


def test_it_says_what_one_may_do_and_what_hinders(api, request_, owner, baker, reviewer):
    assert one(api, reviewer, request_)["can"]["vote"] == {"ok": True, "code": "", "because": ""}
    assert one(api, owner, request_)["can"]["vote"]["code"] == "approval_self"
    assert one(api, baker, request_)["can"]["vote"]["code"] == "people_only"
    assert one(api, owner, request_)["can"]["withdraw"]["ok"]
    assert not one(api, reviewer, request_)["can"]["withdraw"]["ok"]
    vote(request_, reviewer)
    after = one(api, reviewer, request_)
    assert after["can"]["vote"]["code"] == "approval_not_open"
    assert after["can"]["veto"]["ok"]
    assert after["turn"]["whose"] == "nobody"
    assert (after["outcome"], after["settled_by"]["id"]) == ("allowed", str(reviewer.id))


def test_it_is_the_proposers_turn_while_a_question_is_open(api, request_, workspace, reviewer):
    asked = Comment.objects.create(
        workspace=workspace,
        request=request_,
        said=Said.QUESTION,
        author_id=reviewer.id,
        author_kind="person",
        sealed=b"?",
    )
    assert one(api, reviewer, request_)["turn"]["whose"] == "proposer"
    Comment.objects.create(
        workspace=workspace,
        request=request_,
        said=Said.ANSWER,
        reply_to=asked,
        author_id=request_.proposer_id,
        author_kind="agent",
        sealed=b"!",
    )
    assert one(api, reviewer, request_)["turn"]["whose"] == "voters"


def test_the_proposers_turn_after_changes_were_requested(api, request_, baker, reviewer):
    vote(request_, reviewer, "request_changes", comment="Less salt.")
    turn = one(api, reviewer, request_)["turn"]
    assert (turn["whose"], turn["people"][0]["id"]) == ("proposer", str(baker.id))


def test_its_tag_moves_with_all_that_is_shown(
    api, workspace, owner, baker, loaves, reviewer, admin
):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    client, path = api(admin), f"{PATH}/{request.id}"
    tag = client.get(path)["ETag"]
    assert tag.startswith(f'"{request.view_digest}.')
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    vote(request, reviewer)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_what_it_was_about_may_be_gone(api, request_, reviewer):
    eat(request_.subject_id)
    found = one(api, reviewer, request_)
    assert found["change"] is None
    assert "not there any more" in found["sentence"]


def test_nobody_else_sees_it(api, request_):
    stranger = member(request_.workspace.__class__.objects.create(name="Elsewhere"), Role.OWNER)
    answered = api(stranger).get(f"{PATH}/{request_.id}")
    assert answered.status_code in (401, 403, 404)


# --- the queue


def test_what_is_mine_to_decide(queue, request_, owner, reviewer, admin, workspace):
    contributor = member(workspace, Role.CONTRIBUTOR)
    mine = [str(request_.id)]
    assert queue(reviewer) == queue(admin) == mine
    assert queue(owner) == queue(contributor) == []


def test_once_i_decided_it_waits_on_others(
    queue, workspace, owner, baker, loaves, reviewer, other_reviewer
):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    vote(request, reviewer)
    assert queue(reviewer) == []
    assert queue(other_reviewer) == [str(request.id)]
    hold(workspace, owner, policy_of("name: review, quorum: 3, roles: [reviewer]"))
    member(workspace, Role.REVIEWER)
    look_at_all(workspace)
    assert queue(reviewer) == [str(request.id)]


def test_a_later_stage_is_not_for_who_approved_an_earlier_one(
    queue, workspace, owner, baker, loaves, reviewer, admin
):
    hold(workspace, owner, STEPS)
    request = ask(workspace, baker)
    other = member(workspace, Role.ADMIN)
    vote(request, admin)
    assert queue(admin) == queue(reviewer) == []
    assert queue(other) == [str(request.id)]


def test_named_people_and_added_ones_have_seats(
    queue, workspace, owner, baker, loaves, reviewer, other_reviewer, admin
):
    hold(workspace, owner, policy_of(f'name: review, people: ["{reviewer.id}"]'))
    request = ask(workspace, baker)
    assert queue(reviewer) == [str(request.id)]
    assert queue(other_reviewer) == queue(admin) == []
    stage = request.stages.get()
    stage.added_people, stage.left_people = [other_reviewer.id], [reviewer.id]
    stage.save()
    assert queue(other_reviewer) == [str(request.id)]
    assert queue(reviewer) == []


def test_who_stands_in_has_it_in_their_queue(
    queue, workspace, owner, baker, loaves, reviewer, other_reviewer
):
    hold(workspace, owner, policy_of(f'name: review, people: ["{reviewer.id}"]'))
    request = ask(workspace, baker)
    assert queue(other_reviewer) == []
    now = timezone.now()
    Absence.objects.create(
        workspace=workspace,
        person_id=reviewer.id,
        delegate_id=other_reviewer.id,
        begins_at=now,
        ends_at=now + timedelta(days=1),
    )
    assert queue(other_reviewer) == [str(request.id)]


def test_what_is_snoozed_comes_back(queue, request_, workspace, reviewer, other_reviewer):
    snooze = Snooze.objects.create(
        workspace=workspace,
        request=request_,
        person_id=reviewer.id,
        until=timezone.now() + timedelta(hours=1),
    )
    assert queue(reviewer) == []
    assert queue(other_reviewer) == [str(request_.id)]
    Snooze.objects.filter(id=snooze.id).update(until=timezone.now())
    assert queue(reviewer) == [str(request_.id)]


def test_the_queue_is_what_the_electorate_says(
    queue, api, workspace, owner, baker, loaves, reviewer, other_reviewer, admin
):
    """SQL and Python ask the same: whoever has it in their queue may vote, and the reverse."""
    everybody = [owner, baker, reviewer, other_reviewer, admin, member(workspace, Role.ADMIN)]
    asked = []
    for policy in (ONE, TWO, STEPS, policy_of(f'name: x, people: ["{admin.id}"]')):
        hold(workspace, owner, policy)
        asked.append(ask(workspace, baker))
        vote(asked[-1], admin) if policy in (TWO, STEPS) else None
    for user in everybody:
        listed = api(user).get(PATH, {"state": "pending"}).json()["results"]
        mine = [
            found["id"]
            for found in listed
            if found["can"]["vote"]["ok"] and str(user.id) in map(_id, found["turn"]["people"])
        ]
        assert sorted(queue(user)) == sorted(mine), user


def _id(person):
    return person["id"]


# --- lists


def test_lists_are_filtered_ordered_and_paged(api, workspace, baker, one_policy, loaves, reviewer):
    asked = [ask(workspace, baker) for _ in range(5)]
    withdraw_request(request_id=asked[0].id, actor=baker)
    client = api(reviewer)

    def ids(**asked):
        return [found["id"] for found in client.get(PATH, asked).json()["results"]]

    newest_first = [str(request.id) for request in reversed(asked)]
    assert ids() == newest_first
    assert ids(state="pending", ordering="id") == newest_first[-2::-1]
    assert ids(state="cancelled") == newest_first[-1:]
    assert ids(subject_kind="plan") == []
    assert ids(risk=asked[0].risk_level, proposer=str(baker.id)) == newest_first
    assert ids(proposer=str(uuid7())) == []

    for ordering in ("id", "-id", "due", "-due", "risk", "-risk"):
        whole, pages = ids(ordering=ordering), []
        cursor: str | None = ""
        for _ in range(3):
            page = client.get(PATH, {"ordering": ordering, "limit": 2, "cursor": cursor}).json()
            pages += [found["id"] for found in page["results"]]
            cursor = page["next_cursor"]
        assert cursor is None
        assert pages == whole


def test_what_cannot_be_asked_is_said(api, reviewer):
    client = api(reviewer)
    for asked in ({"state": "asleep"}, {"waiting_on": "you"}, {"ordering": "age"}, {"proposer": 1}):
        assert client.get(PATH, asked).status_code == 422
    both = client.get(PATH, {"state": "denied", "waiting_on": "me"})
    assert both.status_code == 422
    assert both.json()["error"]["details"][0]["field"] == "state"


@pytest.mark.parametrize("how_many", [1, 12])
def test_a_page_takes_so_many_queries(
    how_many, api, workspace, owner, loaves, reviewer, admin, django_assert_num_queries
):
    hold(workspace, owner, TWO)
    for _ in range(how_many):
        vote(ask(workspace, agent_of(owner, workspace)), admin, comment="Fine.")
    client = api(reviewer)
    client.get(PATH)
    with django_assert_num_queries(QUERIES_OF_A_PAGE):
        answered = client.get(PATH, {"waiting_on": "me"})
    assert len(answered.json()["results"]) == how_many


QUERIES_OF_A_PAGE = 13
