"""Deciding on many at once in the console."""

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from tests.approvals.deciding import vote
from tests.approvals.loaves import ask
from tests.approvals.test_admin import at
from tests.factories import WorkspaceFactory, member

PREVIEW, CAST = reverse("admin:review_bulk"), reverse("admin:review_bulk_cast")


@pytest.fixture
def pair(loaves, one_policy, workspace, baker, reviewer, other_reviewer):
    return [ask(workspace, baker, slices=[f"docs/{number}.md"]) for number in range(2)]


def preview(user, requests):
    query = "&".join(f"row={request.id}" for request in requests)
    return at(user).get(f"{PREVIEW}?{query}").content.decode()


def cast(user, requests, decision="approve", text=""):
    seen = [f"{request.id}:{request.view_digest}" for request in requests]
    answer = at(user).post(CAST, {"seen": seen, "decision": decision, "text": text})
    for request in requests:
        request.refresh_from_db()
    return answer


def test_the_preview_tells_what_each_is_and_decides_nothing(pair, reviewer, owner):
    read = preview(reviewer, pair)
    for text in ("Somebody bakes docs/0.md", "Somebody bakes docs/1.md", "You may decide on 2"):
        assert text in read
    for request in pair:
        assert f"{request.id}:{request.view_digest}" in read
    assert "You may decide on 0" in preview(owner, pair)
    assert "Whoever proposed something" in preview(owner, pair)
    assert not Vote.objects.exists()


def test_each_is_decided_and_told_of(pair, reviewer):
    read = cast(reviewer, pair, text="Fine.").content.decode()
    assert [request.state for request in pair] == [State.EFFECTIVE] * 2
    assert {vote.via for vote in Vote.objects.all()} == {"console"}
    assert "Approve: 2 of 2" in read


def test_a_refusal_of_one_is_said_and_leaves_the_others(pair, reviewer, other_reviewer):
    vote(pair[0], other_reviewer, "reject")
    read = cast(reviewer, pair).content.decode()
    assert "1 of 2" in read
    assert f"{other_reviewer.name}" in read
    assert [request.state for request in pair] == [State.DENIED, State.EFFECTIVE]


def test_what_moved_since_the_preview_is_not_decided(pair, reviewer):
    ApprovalRequest.objects.filter(id=pair[0].id).update(view_digest="0" * 64)
    read = cast(reviewer, pair).content.decode()
    assert "It has changed since you looked" in read
    assert pair[0].state == State.PENDING


def test_the_critical_are_left_out_of_an_approval_and_not_of_a_rejection(pair, reviewer):
    ApprovalRequest.objects.filter(id=pair[0].id).update(risk_level="critical")
    assert "Critical: an approval here leaves it out" in preview(reviewer, pair)
    read = cast(reviewer, pair).content.decode()
    assert "Left out" in read
    assert [request.state for request in pair] == [State.PENDING, State.EFFECTIVE]
    cast(reviewer, pair[:1], "reject", text="No.")
    assert pair[0].state == State.DENIED


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_a_reason_is_asked_for_and_nothing_is_decided_without(pair, reviewer, decision):
    answer = cast(reviewer, pair, decision)
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert pair[0].view_digest in answer.content.decode()
    assert not Vote.objects.exists()


@pytest.mark.parametrize("decision", ["veto", "retract", "nonsense"])
def test_other_decisions_are_not_taken_on_many(pair, reviewer, decision):
    assert cast(reviewer, pair, decision, text="No.").status_code == 422
    assert not Vote.objects.exists()


def test_strangers_see_and_decide_nothing(pair):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    assert "Somebody bakes" not in preview(stranger, pair)
    assert "Somebody bakes" not in cast(stranger, pair).content.decode()
    assert not Vote.objects.exists()


def test_a_kill_switch_leaves_rejecting(pair, reviewer, owner):
    KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=owner.id)
    cast(reviewer, pair)
    assert not Vote.objects.exists()
    cast(reviewer, pair, "reject", text="No.")
    assert [request.state for request in pair] == [State.DENIED] * 2
