"""What happens to plans when two do something at once."""

import pytest

from apps.accounts.choices import Role
from apps.approvals.choices import Decision, State, Via
from apps.approvals.errors import AlreadyDecided, NotOpen
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.voting import Wanted, cast_vote
from apps.ledger.models import Event
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.errors import PlanWaiting
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services.exporting import PullWanted, propose_pull
from apps.plans.services.proposing import create_plan, sketch
from apps.plans.services.releasing import release_approved_plan
from apps.policies.selectors.policies import policy_in_force
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, member
from tests.plans.deciding import request_of
from tests.policies.releasing import at_once
from tests.policies.test_races import acts_held_up, in_a_thread, somebody_waits
from tests.waiting import eventually

FREE = 'version: "1"\nallowed_dirs: [docs, plans]\ndefault: {then: {allow: true}}\n'


def test_a_plan_whose_variants_an_older_policy_judged_is_judged_anew_before_it_leaves(
    committed_database,
):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    agent = agent_of(owner, workspace)
    older = at_once(apply_policy(text=FREE, workspace=workspace.id, actor=owner)).version
    drawing = sketch(PlanIn(intent="Write it down", target_paths=["docs/a.md"]))
    plans: list[Plan] = []
    with acts_held_up(workspace, agent):
        waiting = in_a_thread(
            lambda: (
                create_plan(
                    drawing=drawing, budget=RiskBudget.LOW, actor=agent, workspace=workspace.id
                ).plan
            ),
            plans,
        )
        eventually(somebody_waits)
        in_a_thread(
            lambda: apply_policy(text=FREE + "# anew\n", workspace=workspace.id, actor=owner), []
        ).join()
    waiting.join()
    assert [plan.policy_digest for plan in plans] == [older.digest]
    assert policy_in_force(workspace.id).digest != older.digest


@pytest.mark.parametrize("waits", [False, True])
def test_who_asks_twice_at_once_for_the_same_pull_request_proposes_one_plan(
    committed_database, waits
):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    member(workspace, Role.REVIEWER)
    text = FREE.replace("{then: {allow: true}}", "{}") if waits else FREE
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    sent = PlanIn(intent="Write it down", target_paths=["docs/a.md"])
    came: list[str] = []

    def propose() -> str:
        try:
            return propose_pull(
                drawing=sketch(sent),
                budget=RiskBudget.LOW,
                wanted=PullWanted(variant_id="v_bal"),
                actor=owner,
                workspace=workspace.id,
            ).patch
        except PlanWaiting as refusal:
            return refusal.code

    for thread in [in_a_thread(propose, came) for _ in range(6)]:
        thread.join()
    assert (len(came), len(set(came))) == (6, 1)
    assert (came[0] == "plan_waiting") is waits
    assert Plan.objects.count() == 1
    assert Event.objects.filter(type="plan.created").count() == 1


@pytest.fixture
def asked(committed_database):
    """A plan of an agent that waits, who may decide on it, and what was sent."""
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    reviewer, agent = member(workspace, Role.REVIEWER), agent_of(owner, workspace)
    asking = FREE.replace("{then: {allow: true}}", "{}")
    apply_policy(text=asking, workspace=workspace.id, actor=owner)
    sent = PlanIn(intent="Write it down", target_paths=["docs/a.md"])
    plan = create_plan(
        drawing=sketch(sent), budget=RiskBudget.MEDIUM, actor=agent, workspace=workspace.id
    ).plan
    return plan, agent, reviewer, sent


def approve(plan, reviewer):
    request = request_of(plan)
    seen = Wanted(decision=Decision.APPROVE, digest=request.view_digest, via=Via.API)
    cast_vote(request_id=request.id, wanted=seen, actor=reviewer)


def test_approved_and_asked_for_at_once_it_leaves_once_or_says_that_it_waits(asked):
    plan, agent, reviewer, sent = asked

    def ask():
        try:
            pull = propose_pull(
                drawing=sketch(sent),
                budget=RiskBudget.MEDIUM,
                wanted=PullWanted(variant_id="v_bal"),
                actor=agent,
                workspace=plan.workspace_id,
            )
        except PlanWaiting as refusal:
            return refusal.code
        return pull.plan

    came: list[str | None] = []
    threads = [in_a_thread(ask, came) for _ in range(3)]
    threads.append(in_a_thread(lambda: approve(plan, reviewer), []))
    threads += [in_a_thread(ask, came) for _ in range(3)]
    for thread in threads:
        thread.join()
    assert len(came) == 6
    assert set(came) <= {"plan_waiting", str(plan.id)}
    assert ask() == str(plan.id)
    assert Plan.objects.count() == ApprovalRequest.objects.count() == 1
    assert Event.objects.filter(type="plans.plan.released").count() == 1


def test_several_workers_with_the_same_delivery_release_it_once(asked):
    plan, _, reviewer, _ = asked
    approve(plan, reviewer)
    request = request_of(plan)
    done: list[None] = []

    def release():
        release_approved_plan(plan_id=plan.id, request_id=request.id, workspace=plan.workspace_id)

    for thread in [in_a_thread(release, done) for _ in range(6)]:
        thread.join()
    assert len(done) == 6
    assert Plan.objects.get().state == PlanState.RELEASED
    assert Event.objects.filter(type="plans.plan.released").count() == 1
    assert Event.objects.filter(type="approvals.request.consumed").count() == 1


def test_a_veto_and_the_release_do_not_both_happen(asked):
    plan, _, reviewer, _ = asked
    vetoer = member(plan.workspace, Role.REVIEWER)
    approve(plan, reviewer)
    request = request_of(plan)
    came: list[str] = []

    def veto():
        seen = Wanted(
            decision=Decision.VETO, digest=request.view_digest, via=Via.API, comment="No."
        )
        try:
            cast_vote(request_id=request.id, wanted=seen, actor=vetoer)
        except AlreadyDecided:
            return "released"
        return "vetoed"

    def release():
        release_approved_plan(plan_id=plan.id, request_id=request.id, workspace=plan.workspace_id)

    threads = [in_a_thread(release, []), in_a_thread(veto, came)]
    for thread in threads:
        thread.join()
    plan.refresh_from_db()
    assert came == ["vetoed" if plan.state == PlanState.WAITING else "released"]


def take_up(asked, request_id):
    plan, agent, _, sent = asked
    try:
        create_plan(
            drawing=sketch(sent),
            budget=RiskBudget.MEDIUM,
            actor=agent,
            workspace=plan.workspace_id,
            follows=request_id,
        )
    except NotOpen:
        return "late plan"
    return "superseded"


@pytest.mark.parametrize("ahead", ["vote", "plan", "neither"])
def test_approved_and_superseded_at_once_one_of_them_wins(asked, ahead):
    plan, _, reviewer, _ = asked
    request = request_of(plan)
    came: list[str] = []

    def vote():
        try:
            approve(plan, reviewer)
        except AlreadyDecided:
            return "late vote"
        return "approved"

    def replace():
        return take_up(asked, request.id)

    threads = [in_a_thread(one, came) for one in (vote, replace)[:: -1 if ahead == "plan" else 1]]
    for thread in threads:
        if ahead != "neither":
            thread.join(0.1)
    for thread in threads:
        thread.join()
    request.refresh_from_db()
    followers = ApprovalRequest.objects.filter(follows=request).count()
    assert sorted(came) in (["approved", "late plan"], ["late vote", "superseded"])
    superseded = "superseded" in came
    assert request.state == (State.SUPERSEDED if superseded else State.EFFECTIVE)
    assert (followers, Plan.objects.count()) == (superseded, 1 + superseded)


def test_of_several_plans_that_take_one_up_at_once_one_does(asked):
    request = request_of(asked[0])
    came: list[str] = []
    threads = [in_a_thread(lambda: take_up(asked, request.id), came) for _ in range(5)]
    for thread in threads:
        thread.join()
    assert sorted(came) == [*["late plan"] * 4, "superseded"]
    assert Plan.objects.count() == ApprovalRequest.objects.count() == 2
