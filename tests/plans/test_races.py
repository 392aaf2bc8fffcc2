"""What happens to plans when two do something at once."""

import pytest

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.plans.choices import RiskBudget
from apps.plans.errors import PlanWaiting
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services import PullWanted, create_plan, propose_pull, sketch
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


@pytest.mark.parametrize("waits", [False, True])
def test_who_asks_twice_at_once_for_the_same_pull_request_proposes_one_plan(
    committed_database, waits
):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
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
