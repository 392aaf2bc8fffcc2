"""Somebody goes, is disabled or stands otherwise, or the policy is changed: what waits is looked at
again. Told by events, so these tests let the subscribers do their part.
"""

import pytest

from apps.accounts.choices import Role
from apps.accounts.services.agents import change_agent, disable_agent
from apps.accounts.services.members import change_role, leave_workspace, remove_member
from apps.accounts.services.people import disable_person
from apps.approvals.choices import Because, State
from apps.approvals.errors import SelfApproval, ViewMoved
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.services import unit
from tests.approvals.deciding import ONE, TWO, hold, policy_of, vote
from tests.approvals.deliveries import deliver, look
from tests.approvals.loaves import ask
from tests.approvals.test_voting import recorded
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, member

SLOW = policy_of("name: review, roles: [reviewer]", more="undo: {seconds: 600, up_to: critical}\n")


def settle():
    deliver("approvals.look_soon", "approvals.look_soon_everywhere")
    look()


@pytest.fixture
def waiting(loaves, workspace, owner, baker, reviewer, other_reviewer, admin):
    """One of three may still approve what one has approved."""
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    settle()
    vote(request, reviewer)
    return request


def removed(workspace, owner, person):
    remove_member(workspace_id=workspace.id, user_id=person.id, actor=owner)


def left(workspace, owner, person):
    leave_workspace(workspace_id=workspace.id, actor=person)


def demoted(workspace, owner, person):
    change_role(workspace_id=workspace.id, user_id=person.id, role=Role.CONTRIBUTOR, actor=owner)


def disabled(workspace, owner, person):
    disable_person(person_id=person.id, actor=SYSTEM)


GOING = [removed, left, demoted, disabled]


@pytest.mark.parametrize("go", GOING)
def test_the_vote_of_who_went_does_not_count(go, waiting, workspace, owner, reviewer, admin):
    go(workspace, owner, reviewer)
    settle()
    vote(waiting, admin)
    assert waiting.state == State.PENDING, "one of the two who approved may not any more"


@pytest.mark.parametrize("go", GOING)
def test_what_somebody_allowed_who_then_went_is_open_again(
    go, loaves, workspace, owner, baker, reviewer, other_reviewer
):
    hold(workspace, owner, SLOW)
    request = ask(workspace, baker)
    settle()
    vote(request, reviewer)
    assert request.state == State.ALLOWED
    go(workspace, owner, reviewer)
    settle()
    request.refresh_from_db()
    assert (request.state, request.because) == (State.PENDING, Because.VOTERS_GONE)
    vote(request, other_reviewer)
    assert request.state == State.ALLOWED


@pytest.mark.parametrize("go", GOING)
def test_where_too_few_are_left_it_is_said(go, loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, ONE)
    request = ask(workspace, baker)
    settle()
    go(workspace, owner, reviewer)
    settle()
    assert recorded(request)[-1] == "request.stuck"


@pytest.mark.parametrize("go", [removed, left, disabled])
def test_what_somebody_asked_who_then_went_is_asked_no_more(go, loaves, workspace, owner, reviewer):
    delegator = member(workspace, Role.REVIEWER)
    hold(workspace, owner, ONE)
    request = ask(workspace, agent_of(delegator, workspace))
    settle()
    go(workspace, owner, delegator)
    settle()
    request.refresh_from_db()
    assert (request.state, request.because) == (State.CANCELLED, Because.PROPOSER_GONE)


def test_what_a_disabled_agent_asked_is_asked_no_more(request_, workspace, owner, baker):
    disable_agent(agent_id=baker.id, workspace_id=workspace.id, actor=owner)
    settle()
    request_.refresh_from_db()
    assert (request_.state, request_.because) == (State.CANCELLED, Because.PROPOSER_GONE)


def test_an_agent_whose_new_owner_is_not_elsewhere_asks_no_more_there(
    request_, workspace, owner, baker, admin
):
    elsewhere = WorkspaceFactory.create()
    for somebody in (owner, baker):
        MembershipFactory.create(workspace=elsewhere, user=somebody, role=Role.OWNER)
    there = member(elsewhere, Role.REVIEWER)
    hold(elsewhere, owner, ONE)
    asked = ask(elsewhere, baker)
    settle()
    change_agent(agent_id=baker.id, workspace_id=workspace.id, owner_id=admin.id, actor=owner)
    settle()
    asked.refresh_from_db()
    request_.refresh_from_db()
    assert asked.because == Because.PROPOSER_GONE
    assert request_.state == State.PENDING, "its new owner is a member here"
    assert there.is_active


def test_another_policy_is_asked_at_once(request_, workspace, owner, reviewer, other_reviewer):
    seen = request_.view_digest
    settle()
    hold(workspace, owner, TWO)
    settle()
    request_.refresh_from_db()
    assert request_.view_digest != seen
    assert recorded(request_)[-1] == "request.requirements_changed"


def test_a_policy_that_asks_for_nothing_any_more_lets_it_pass(request_, workspace, owner):
    settle()
    hold(workspace, owner, 'version: "1"\nallowed_dirs: [docs]\ndefault: {then: {allow: true}}\n')
    settle()
    request_.refresh_from_db()
    assert (request_.state, request_.because) == (State.EFFECTIVE, Because.POLICY)


@pytest.fixture
def handed_on(loaves, workspace, owner, reviewer, other_reviewer):
    """An agent of one reviewer asked, and belongs to another one since."""
    hold(workspace, owner, ONE)
    agent = agent_of(reviewer, workspace)
    request = ask(workspace, agent)
    change_agent(
        agent_id=agent.id, workspace_id=workspace.id, actor=reviewer, owner_id=other_reviewer.id
    )
    return request


@pytest.mark.parametrize("looked", [True, False])
def test_neither_its_old_owner_decides_nor_its_new_one(
    looked, handed_on, workspace, owner, reviewer, other_reviewer, admin
):
    if looked:
        settle()
    else:
        with pytest.raises(ViewMoved):
            vote(handed_on, other_reviewer)
    hold(workspace, owner, ONE.replace("name: review", "name: look"))
    settle()
    for one in (reviewer, other_reviewer):
        with pytest.raises(SelfApproval):
            vote(handed_on, one)
    vote(handed_on, admin)
    assert handed_on.state == State.EFFECTIVE


def test_what_was_allowed_is_not_done_for_who_went_before(request_, workspace, owner, reviewer):
    vote(request_, reviewer)
    assert request_.state == State.EFFECTIVE
    disable_agent(agent_id=request_.proposer_id, workspace_id=workspace.id, actor=owner)
    with unit(actor=SYSTEM, workspace=workspace.id):
        consumed = consume_request(request_id=request_.id)
    assert (consumed.ok, consumed.because) == (False, Because.PROPOSER_GONE)


def test_of_what_the_policy_denies_nobody_is_asked(loaves, one_policy, workspace, baker):
    """Without stages it would take effect at once."""
    with pytest.raises(NotAllowed):
        ask(workspace, baker, slices=["docs/a\u200bb.md"])
    assert not ApprovalRequest.objects.exists()
