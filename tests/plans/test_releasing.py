"""A plan that waits is exported by nobody until its approval has come."""

import zlib

import orjson
import pytest
import time_machine

from apps.accounts.choices import Role
from apps.accounts.keyring import encrypt
from apps.accounts.services.members import change_role
from apps.approvals.choices import Because, Decision, State, Via
from apps.approvals.errors import SelfApproval
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.settling import settle, sit
from apps.approvals.services.voting import Wanted, cast_vote
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.ledger.services import unit
from apps.plans.choices import PlanState
from apps.plans.models import Plan
from apps.plans.selectors.plans import exported
from apps.policies.services.versions import apply_policy
from tests.deliveries import deliver, deliver_again
from tests.plans.deciding import POLICY, decide, request_of
from tests.policies.hearing import AT_NIGHT, AT_WORK

pytestmark = pytest.mark.django_db
PULL = {"variant_id": "v_bold"}


@pytest.fixture
def waiting(api, agent, policy, body):
    made = api(agent).post("/plan", body).json()
    assert (made["state"], made["verdict"]["stages"][0]["name"]) == ("waiting", "review")
    assert "agents are reviewed" in made["applied_policies"]
    return f"/api/v1/plans/{made['id']}"


def code_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def types() -> list[str]:
    return [event.type for event in Event.objects.order_by("seq")]


def test_nothing_is_exported_while_it_waits(api, contributor, waiting):
    client, before = api(contributor), types()
    for answer in (
        client.get(f"{waiting}/artifact"),
        client.get(f"{waiting}/patch"),
        client.post(f"{waiting}/pr", PULL),
        client.post(f"{waiting}/pr", {**PULL, "dry_run": True}),
    ):
        assert code_of(answer) == (409, "plan_waiting")
        assert "approval" in answer.json()["error"]["message"]
    assert client.get(waiting).json()["variants"][0]["patch_preview"]
    assert types() == before


def test_it_is_released_once_it_is_approved(api, contributor, reviewer, waiting):
    client, plan = api(contributor), Plan.objects.get()
    asked = client.get(waiting).json()["approval"]
    assert (asked["state"], asked["outcome"]) == ("pending", None)
    decide(plan, reviewer)
    answer = client.get(waiting).json()
    assert (answer["state"], answer["released_by"]) == ("released", str(reviewer.id))
    assert (answer["approval"]["id"], answer["approval"]["outcome"]) == (asked["id"], "allowed")
    assert client.post(f"{waiting}/pr", PULL).json()["status"] == "ready"
    assert types()[-3:] == [
        "approvals.request.consumed",
        "plans.plan.released",
        "plans.plan.exported",
    ]


def test_whoever_asks_sooner_than_the_worker_gets_it(api, agent, reviewer, waiting):
    request = request_of(Plan.objects.get())
    seen = Wanted(decision=Decision.APPROVE, digest=request.view_digest, via=Via.API)
    cast_vote(request_id=request.id, wanted=seen, actor=reviewer)
    client = api(agent)
    early = client.get(f"{waiting}/patch")
    assert (code_of(early), early["Retry-After"]) == ((409, "plan_waiting"), "1")
    assert client.post(f"{waiting}/pr", PULL).status_code == 200
    deliver()
    assert types().count("plans.plan.released") == 1
    assert client.get(f"{waiting}/patch").status_code == 200


def test_handed_out_twice_it_is_released_once(reviewer, waiting):
    plan = Plan.objects.get()
    decide(plan, reviewer)
    deliver_again("plans.release_approved_plan")
    assert types().count("plans.plan.released") == 1
    assert types().count("approvals.request.consumed") == 1


@pytest.mark.parametrize(
    ("decision", "outcome"), [("reject", "denied"), ("request_changes", "changes_requested")]
)
def test_what_is_not_approved_is_not_exported_and_says_why(
    api, agent, reviewer, waiting, body, decision, outcome
):
    client, plan = api(agent), Plan.objects.get()
    decide(plan, reviewer, decision, comment="Not like this.")
    assert plan.state == PlanState.REFUSED
    assert client.get(waiting).json()["approval"]["outcome"] == outcome
    for answer in (
        client.get(f"{waiting}/artifact"),
        client.post(f"{waiting}/pr", PULL),
        client.post("/plan/pr", {**body, **PULL}),
    ):
        assert code_of(answer) == (409, "plan_refused")
        assert answer.json()["error"]["details"][0]["outcome"] == outcome
    refused = Event.objects.get(type="plans.plan.refused").payload
    assert (refused["outcome"], refused["plan"]) == (outcome, str(plan.id))


def test_what_expired_was_not_denied(api, agent, waiting):
    request = request_of(Plan.objects.get())
    with unit(actor=SYSTEM, workspace=request.workspace_id):
        settle(sit(request.id).request, State.EXPIRED, Because.TIME, actor=SYSTEM)
    before = code_of(api(agent).post(f"{waiting}/pr", PULL))
    deliver()
    answer = api(agent).post(f"{waiting}/pr", PULL)
    assert before == code_of(answer) == (409, "plan_refused")
    assert answer.json()["error"]["details"][0]["outcome"] == "expired"
    assert "Nobody denied it" in answer.json()["error"]["message"]


def test_a_refused_plan_can_be_proposed_anew(api, agent, reviewer, waiting, body):
    client = api(agent)
    decide(Plan.objects.get(), reviewer, "reject")
    again = client.post("/plan", body).json()
    assert again["approval"]["state"] == "pending"
    decide(Plan.objects.get(id=again["id"]), reviewer)
    assert client.post("/plan/pr", {**body, **PULL}).json()["plan"] == again["id"]


def test_where_nobody_could_decide_nothing_is_kept(api, agent, owner, workspace, body):
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    before = types()
    answer = api(agent).post("/plan", body)
    assert code_of(answer) == (409, "approval_nobody_eligible")
    [lack] = answer.json()["error"]["details"]
    assert (lack["stage"], lack["needs"], lack["eligible"]) == ("review", 1, 0)
    assert not Plan.objects.exists()
    assert not ApprovalRequest.objects.exists()
    assert types() == before


def test_neither_who_proposed_nor_who_delegated_decides(owner, reviewer, waiting):
    plan = Plan.objects.get()
    with pytest.raises(SelfApproval):
        decide(plan, owner)
    assert plan.state == PlanState.WAITING


def test_what_needs_no_approval_has_none(api, contributor, policy, body):
    made = api(contributor).post("/plan", body).json()
    assert (made["state"], made["approval"]) == ("ready", None)


def test_one_that_waits_passes_once_the_policy_asks_for_nothing(
    api, agent, owner, workspace, waiting
):
    text = POLICY.replace("{actor: [agent]}", "{role: [viewer]}")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    deliver()
    assert Plan.objects.get().state == PlanState.RELEASED
    assert api(agent).post(f"{waiting}/pr", PULL).status_code == 200


def test_one_that_waits_is_judged_without_quotas(owner, workspace, reviewer, waiting):
    plan = Plan.objects.get()
    apply_policy(text=POLICY + "quotas: {acts_per_hour: 1}\n", workspace=workspace.id, actor=owner)
    decide(plan, reviewer)
    assert plan.state == PlanState.RELEASED


def test_a_policy_that_was_tightened_since_holds_for_older_plans(
    api, contributor, owner, policy, workspace, body
):
    client = api(contributor)
    place = f"/api/v1/plans/{client.post('/plan', body).json()['id']}"
    assert client.get(f"{place}/patch").status_code == 200
    tightened = POLICY.replace("{actor: [agent]}", "{actor: [agent, person]}")
    apply_policy(text=tightened, workspace=workspace.id, actor=owner)
    assert code_of(client.post(f"{place}/pr", PULL)) == (409, "plan_waiting")
    forbidding = POLICY.replace("[api, docs, plans]", "[docs, plans]")
    apply_policy(text=forbidding, workspace=workspace.id, actor=SYSTEM)
    assert code_of(client.get(f"{place}/patch")) == (403, "path_forbidden")
    assert code_of(client.get(f"{place}/artifact")) == (403, "path_forbidden")


def test_what_the_proposer_is_now_counts_for_older_plans(
    api, contributor, other_owner, owner, workspace, body
):
    text = POLICY.replace("{actor: [agent]}", "{role: [contributor]}")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    place = f"/api/v1/plans/{api(other_owner).post('/plan', body).json()['id']}"
    client = api(contributor)
    assert client.get(f"{place}/patch").status_code == 200
    change_role(
        workspace_id=workspace.id, user_id=other_owner.id, role=Role.CONTRIBUTOR, actor=owner
    )
    assert code_of(client.post(f"{place}/pr", PULL)) == (409, "plan_waiting")
    assert code_of(client.get(f"{place}/artifact")) == (409, "plan_waiting")
    assert Plan.objects.get().exported_at is None


def test_an_export_takes_nothing_of_a_quota(api, agent, owner, workspace, body):
    text = POLICY.replace("{actor: [agent]}", "{role: [viewer]}")
    text += "quotas: {acts_per_hour: 1}\n"
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    client = api(agent)
    place = f"/api/v1/plans/{client.post('/plan', body).json()['id']}"
    assert client.post("/plan", body).status_code == 429
    assert client.post(f"{place}/pr", PULL).status_code == 200


def test_hours_are_those_of_the_proposal(api, contributor, owner, workspace, body):
    text = POLICY.replace("{actor: [agent]}", "{hours: outside}")
    text += "hours: {zone: UTC}\n"
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    with time_machine.travel(AT_WORK, tick=False):
        place = f"/api/v1/plans/{api(contributor).post('/plan', body).json()['id']}"
    with time_machine.travel(AT_NIGHT, tick=False):
        assert api(contributor).post(f"{place}/pr", PULL).status_code == 200


def test_a_variant_is_judged_by_the_policy_that_holds_now(
    api, contributor, owner, policy, workspace, body
):
    client = api(contributor)
    place = f"/api/v1/plans/{client.post('/plan', body).json()['id']}"
    assert client.get(f"{place}/patch?variant=v_exp").status_code == 200
    text = POLICY.replace("[api, docs, plans]", "[api, docs]")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    assert code_of(client.get(f"{place}/patch?variant=v_exp")) == (409, "variant_held")
    assert client.get(f"{place}/patch?variant=v_bold").status_code == 200


@pytest.mark.parametrize("kept", [{"artifact": {"format": "lattice.plan/0"}}, {}, {"sent": None}])
def test_a_plan_of_an_older_form_says_so(api, contributor, policy, body, kept):
    client = api(contributor)
    place = f"/api/v1/plans/{client.post('/plan', body).json()['id']}"
    plan = Plan.objects.get()
    older = {"sent": {"intent": "Older"}, **kept}
    plan.sealed = encrypt(
        plan.workspace_id, zlib.compress(orjson.dumps(older)), context=plan.context
    )
    plan.save(update_fields=["sealed"])
    for path in (place, f"{place}/patch", f"{place}/artifact"):
        assert code_of(client.get(path)) == (409, "plan_unreadable")
    assert code_of(client.post(f"{place}/pr", PULL)) == (409, "plan_unreadable")
    [listed] = client.get("/api/v1/plans").json()["results"]
    assert listed["intent"] == body["intent"]
    assert exported(plan)["artifact"] is None


def test_a_variant_that_the_policy_would_deny_by_itself_is_held(
    api, contributor, owner, workspace, body
):
    text = POLICY.replace("[api, docs, plans]", "[api, docs]")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    client = api(contributor)
    made = client.post("/plan", body).json()
    exploring = made["variants"][3]
    assert (exploring["effect"], exploring["knobs"]["review_enforcement"]) == ("deny", "denied")
    place = f"/api/v1/plans/{made['id']}"
    assert code_of(client.get(f"{place}/patch?variant=v_exp")) == (409, "variant_held")
    assert client.get(f"{place}/patch?variant=v_bold").status_code == 200
