"""Plans that take up an earlier one: after changes were requested, or while it still waits."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import Because, Outcome, State
from apps.approvals.errors import AlreadyDecided
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.selectors.endings import endings_of
from apps.approvals.services.opening import withdraw_request
from apps.ledger.models import Event
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import vote
from tests.approvals.loaves import ask, lay_table
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, agent_of, member
from tests.plans.deciding import POLICY, decide, request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def propose(api, body, policy):
    def proposed(who, follows=None, **more):
        sent = {**body, **more} | ({"follows": str(follows)} if follows else {})
        return api(who).post("/api/v1/plans", sent)

    return proposed


@pytest.fixture
def first(propose, agent) -> Plan:
    return Plan.objects.get(id=propose(agent).json()["id"])


@pytest.fixture
def asked(first) -> ApprovalRequest:
    return request_of(first)


def kept(answer) -> Plan:
    assert answer.status_code == 201, answer.content
    return Plan.objects.get(id=answer.json()["id"])


def test_what_was_asked_for_is_taken_up(api, propose, agent, first, asked, reviewer):
    decide(first, reviewer, "request_changes", comment="Greet them by name.")
    second = request_of(kept(propose(agent, asked.id, intent="Better")))
    asked.refresh_from_db()
    assert (second.state, second.follows_id) == (State.PENDING, asked.id)
    assert (asked.state, asked.outcome) == (State.CHANGES_REQUESTED, Outcome.CHANGES_REQUESTED)
    ending = endings_of([asked.id])[asked.id]
    assert (ending.comment, ending.followed_by) == ("Greet them by name.", second.id)
    shown = [api(agent).get(f"/api/v1/approvals/{one.id}").json() for one in (asked, second)]
    assert [(one["follows"], one["followed_by"]) for one in shown] == [
        (None, str(second.id)),
        (str(asked.id), None),
    ]


def test_who_edited_the_one_before_is_no_stranger_to_the_next(
    propose, agent, first, asked, reviewer, workspace
):
    member(workspace, Role.REVIEWER)
    decide(first, reviewer, edits={"changes": [{"path": "api/x", "action": "create", "new": "x"}]})
    second = request_of(kept(propose(agent, asked.id, intent="As it was edited")))
    assert second.co_authors == [reviewer.id]


def test_what_waits_is_superseded_in_the_same_unit(propose, agent, first, asked, reviewer):
    vote_late = request_of(first).view_digest
    second = request_of(kept(propose(agent, asked.id)))
    asked.refresh_from_db()
    assert (asked.state, asked.because) == (State.SUPERSEDED, Because.REVISED)
    ending = endings_of([asked.id])[asked.id]
    assert (ending.request.outcome, ending.followed_by) == (Outcome.SUPERSEDED, second.id)
    told, opened = (
        Event.objects.filter(type=f"approvals.request.{name}").latest("seq")
        for name in ("superseded", "opened")
    )
    assert (told.payload["by"], opened.payload["follows"]) == (str(second.id), str(asked.id))
    assert told.at <= opened.at
    with pytest.raises(AlreadyDecided):
        vote(asked, reviewer, digest=vote_late)
    deliver()
    first.refresh_from_db()
    assert first.state == PlanState.REFUSED
    refused = Event.objects.get(type="plans.plan.refused").payload
    assert (refused["plan"], refused["outcome"]) == (str(first.id), "superseded")


def test_the_owner_takes_up_what_their_agent_asked_and_needs_nobody(
    propose, owner, first, asked, agent
):
    second = propose(owner, asked.id)
    assert (second.json()["state"], second.json()["approval"]) == (PlanState.READY, None)
    asked.refresh_from_db()
    assert asked.state == State.SUPERSEDED
    assert endings_of([asked.id])[asked.id].followed_by is None
    assert Event.objects.get(type="approvals.request.superseded").payload["by"] is None
    deliver()
    first.refresh_from_db()
    assert first.state == PlanState.REFUSED


def test_another_agent_of_the_same_owner_takes_it_up(propose, owner, workspace, asked):
    second = request_of(kept(propose(agent_of(owner, workspace), asked.id)))
    assert second.follows_id == asked.id


def test_nobody_else_takes_it_up(propose, workspace, contributor, reviewer, agent, owner, asked):
    lay_table()
    loaf = ask(workspace, agent)
    elsewhere = WorkspaceFactory.create()
    lead, away = member(elsewhere, Role.OWNER), member(elsewhere, Role.REVIEWER)
    apply_policy(text=POLICY, workspace=elsewhere.id, actor=lead)
    foreign = create_plan(
        drawing=sketch(PlanIn(intent="x")),
        budget=RiskBudget.LOW,
        actor=agent_of(lead, elsewhere),
        workspace=elsewhere.id,
    )
    before = Plan.objects.count()
    for who, follows in (
        (contributor, asked.id),
        (reviewer, asked.id),
        (agent_of(contributor, workspace), asked.id),
        (agent, loaf.id),
        (agent, request_of(foreign.plan).id),
        (agent, uuid4()),
        (agent, "no id"),
    ):
        refused = propose(who, follows)
        assert refused.status_code == 422, refused.content
        assert refused.json()["error"]["details"][0]["field"] == "follows"
    asked.refresh_from_db()
    assert asked.state == State.PENDING
    assert Plan.objects.count() == before
    assert away.is_active


def test_an_agent_does_not_take_up_what_its_owner_asked(api, workspace, owner, reviewer, body):
    text = POLICY.replace("actor: [agent]", "actor: [agent, person]")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    made = api(owner).post("/api/v1/plans", body).json()
    refused = api(agent_of(owner, workspace)).post(
        "/api/v1/plans", {**body, "follows": made["approval"]["id"]}
    )
    assert refused.status_code == 422, refused.content


@pytest.mark.parametrize("became", ["consumed", "effective", "superseded"])
def test_what_was_allowed_or_replaced_is_followed_by_nothing(
    propose, agent, first, asked, reviewer, became
):
    match became:
        case "consumed":
            decide(first, reviewer)
        case "effective":
            vote(asked, reviewer)
        case "superseded":
            kept(propose(agent, asked.id))
    asked.refresh_from_db()
    assert asked.state == became
    before = Plan.objects.count()
    refused = propose(agent, asked.id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "approval_not_open")
    assert Plan.objects.count() == before
    assert ApprovalRequest.objects.filter(follows=asked).count() == (became == "superseded")


@pytest.mark.parametrize("became", ["denied", "cancelled", "expired"])
def test_what_is_over_is_simply_followed(propose, agent, first, asked, reviewer, became):
    match became:
        case "denied":
            decide(first, reviewer, "reject")
        case "cancelled":
            withdraw_request(request_id=asked.id, actor=agent)
        case "expired":  # and nobody has looked yet
            Stage.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert request_of(kept(propose(agent, asked.id))).follows_id == asked.id
    asked.refresh_from_db()
    assert asked.state == became


def test_what_the_policy_denies_takes_nothing_up(propose, agent, asked):
    denied = propose(agent, asked.id, changes=[], target_paths=["secret/x"])
    assert denied.status_code == 403, denied.content
    asked.refresh_from_db()
    assert asked.state == State.PENDING


def test_an_export_proposes_and_takes_nothing_up(api, agent, body, asked):
    refused = api(agent).post("/plan/pr", {**body, "follows": str(asked.id)})
    assert refused.status_code == 422
