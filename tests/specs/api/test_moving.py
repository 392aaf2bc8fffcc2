"""Drafts submitted, proposals taken back and taken up again, and what was applied undone."""

from typing import Any

import pytest

from apps.accounts.choices import Role, Scope
from apps.approvals.models.requests import ApprovalRequest
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, issue, member

MUTATIONS = "/api/v1/mutations"
ACTIONS: dict[str, Any] = {
    "submit": None,
    "withdraw": None,
    "revise": {"operations": [{"op": "set", "target": "REQ-1", "attribute": "a", "value": 1}]},
    "revert": {"rationale": "Not like this."},
}


@pytest.fixture
def waiting(by_agent, edit):
    return by_agent.post(MUTATIONS, edit).json()


def path_of(proposal, action=""):
    return f"{MUTATIONS}/{proposal['id']}{f'/{action}' if action else ''}"


def code(answer):
    return answer.json()["error"]["code"]


# --- drafts


def test_a_draft_is_seen_by_its_author_until_it_is_submitted(by_agent, by_person, edit):
    draft = by_agent.post(MUTATIONS, {**edit, "draft": True}).json()
    assert (draft["state"], draft["verdict"], draft["approval"]) == ("draft", None, None)
    assert not ApprovalRequest.objects.exists()
    assert by_person.get(path_of(draft)).status_code == 404
    assert by_person.get(MUTATIONS, {"state": "draft"}).json()["results"] == []
    submitted = by_agent.post(path_of(draft, "submit"))
    assert submitted.status_code == 200, submitted.content
    made = submitted.json()
    assert (made["id"], made["state"]) == (draft["id"], "in_review")
    assert by_person.get(path_of(draft)).json() == made
    assert by_agent.get(path_of(draft))["ETag"] == submitted["ETag"]


def test_a_draft_is_revised_in_its_place(by_agent, edit):
    draft = by_agent.post(MUTATIONS, {**edit, "draft": True}).json()
    answer = by_agent.post(path_of(draft, "revise"), {**ACTIONS["revise"], "title": "Otherwise"})
    assert answer.status_code == 200, answer.content
    revised = answer.json()
    assert (revised["id"], revised["state"], revised["title"]) == (
        *(draft["id"], "draft"),
        "Otherwise",
    )
    assert revised["rationale"] == edit["rationale"]
    assert [each["op"] for each in revised["operations"]] == ["set"]


def test_what_was_submitted_is_not_submitted_again(by_agent, waiting):
    refused = by_agent.post(path_of(waiting, "submit"))
    assert (refused.status_code, code(refused)) == (409, "proposal_moved")


# --- taken up


def test_a_revision_takes_the_place_of_what_still_waits(by_agent, waiting):
    answer = by_agent.post(path_of(waiting, "revise"), ACTIONS["revise"])
    assert answer.status_code == 201, answer.content
    newer = answer.json()
    assert (newer["follows"], newer["state"]) == (waiting["id"], "in_review")
    assert newer["title"] == waiting["title"]
    assert answer["Location"] == path_of(newer)
    assert by_agent.get(path_of(waiting)).json()["state"] == "superseded"
    earlier = ApprovalRequest.objects.get(id=waiting["approval"]["id"])
    assert earlier.state == "superseded"


def test_a_revision_that_does_not_add_up_leaves_everything_as_it_was(by_agent, waiting):
    wrong = {"operations": [{"op": "delete", "target": "REQ-404"}]}
    answer = by_agent.post(path_of(waiting, "revise"), wrong)
    assert (answer.status_code, code(answer)) == (422, "operations_invalid")
    assert answer.json()["error"]["details"][0]["field"] == "operations.0.target"
    assert by_agent.get(path_of(waiting)).json() == waiting


# --- taken back


def test_who_proposed_it_takes_it_back_once(by_agent, waiting):
    for _ in range(2):
        answer = by_agent.post(path_of(waiting, "withdraw"))
        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert answer.json()["approval"]["outcome"] == "cancelled"
    refused = by_agent.post(path_of(waiting, "revise"), ACTIONS["revise"])
    assert refused.status_code == 201


def test_its_owner_takes_back_what_an_agent_proposed_and_others_do_not(
    api, owner, waiting, by_person
):
    refused = by_person.post(path_of(waiting, "withdraw"))
    assert refused.status_code == 403
    assert api(owner).post(path_of(waiting, "withdraw")).json()["state"] == "withdrawn"


# --- undone


def test_what_was_applied_is_undone_by_a_proposal(by_person, edit):
    applied = by_person.post(MUTATIONS, edit).json()
    deliver()
    answer = by_person.post(path_of(applied, "revert"), ACTIONS["revert"])
    assert answer.status_code == 201, answer.content
    undoing = answer.json()
    assert (undoing["reverts"], undoing["state"]) == (applied["id"], "queued")
    assert undoing["rationale"] == "Not like this."
    deliver()
    assert Node.objects.get(key="REQ-1").body == "The shop SHALL pay back within 30 days.\n"
    assert by_person.get(path_of(applied)).json()["state"] == "reverted"
    again = by_person.post(path_of(applied, "revert"), ACTIONS["revert"])
    assert (again.status_code, code(again)) == (409, "nothing_to_revert")


def test_undoing_is_retried_safely(by_person, edit):
    applied = by_person.post(MUTATIONS, edit).json()
    deliver()
    key = {"HTTP_IDEMPOTENCY_KEY": "undo"}
    first = by_person.post(path_of(applied, "revert"), ACTIONS["revert"], **key).json()
    deliver()
    second = by_person.post(path_of(applied, "revert"), ACTIONS["revert"], **key)
    assert (second.status_code, second.json()) == (201, first)
    assert Proposal.objects.filter(reverts_id=applied["id"]).count() == 1


def test_what_was_not_applied_is_not_undone(by_agent, waiting):
    refused = by_agent.post(path_of(waiting, "revert"), {})
    assert (refused.status_code, code(refused)) == (409, "nothing_to_revert")


# --- as it was seen


@pytest.mark.parametrize("action", ["withdraw", "revise"])
def test_what_has_moved_on_since_it_was_seen_stays(by_agent, waiting, action):
    seen = by_agent.get(path_of(waiting))["ETag"]
    other = {"operations": [{"op": "update", "target": "REQ-1", "changes": {"title": "X 1"}}]}
    by_agent.post(MUTATIONS, other)
    before = by_agent.get(path_of(waiting))
    assert before["ETag"] != seen
    stale = by_agent.post(path_of(waiting, action), ACTIONS[action], HTTP_IF_MATCH=seen)
    assert (stale.status_code, code(stale)) == (412, "precondition_failed")
    assert by_agent.get(path_of(waiting)).json() == before.json()
    moved = by_agent.post(path_of(waiting, action), ACTIONS[action], HTTP_IF_MATCH=before["ETag"])
    assert moved.status_code in (200, 201)


def test_a_retry_with_what_was_seen_then_is_answered_the_same(by_agent, waiting):
    headers = {"HTTP_IF_MATCH": by_agent.get(path_of(waiting))["ETag"]}
    headers["HTTP_IDEMPOTENCY_KEY"] = "back"
    first, second = (by_agent.post(path_of(waiting, "withdraw"), **headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("action", ACTIONS)
def test_strangers_move_nothing_and_learn_nothing(client, waiting, action):
    elsewhere = WorkspaceFactory.create()
    key = issue(member(elsewhere, Role.OWNER), elsewhere, *Scope)
    answer = client.post(
        path_of(waiting, action),
        ACTIONS[action],
        content_type="application/json",
        headers={"X-API-Key": key},
    )
    assert answer.status_code == 404
    assert waiting["title"] not in answer.content.decode()
