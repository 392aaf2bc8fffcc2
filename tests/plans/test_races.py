"""A policy that is released while a plan is drawn."""

from apps.accounts.choices import Role
from apps.plans.choices import RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services import create_plan, sketch
from apps.policies.selectors.policies import policy_in_force
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, member
from tests.policies.test_races import acts_held_up, in_a_thread, somebody_waits
from tests.waiting import eventually

FREE = 'version: "1"\nallowed_dirs: [docs, plans]\ndefault: {then: {allow: true}}\n'


def test_a_plan_whose_variants_an_older_policy_judged_is_judged_anew_before_it_leaves(
    committed_database,
):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    agent = agent_of(owner, workspace)
    older = apply_policy(text=FREE, workspace=workspace.id, actor=owner).version
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
