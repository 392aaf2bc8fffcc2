"""A plan that waits is exported by nobody until an owner, who had no part in it, releases it."""

import zlib

import orjson
import pytest
import time_machine

from apps.accounts.choices import Role
from apps.accounts.keyring import encrypt
from apps.accounts.services.members import change_role
from apps.ledger.models import Event
from apps.plans.choices import PlanState
from apps.plans.errors import OwnPlan
from apps.plans.models import Plan
from apps.plans.selectors.plans import exported
from apps.plans.services import release_plan
from apps.policies.services.versions import apply_policy
from tests.factories import member
from tests.plans.conftest import POLICY
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


def test_an_owner_who_had_no_part_releases_it(api, contributor, other_owner, waiting):
    client = api(other_owner)
    tag = client.get(waiting)["ETag"]
    answer = client.post(f"{waiting}/release", HTTP_IF_MATCH=tag)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["released_by"]) == (
        "released",
        str(other_owner.id),
    )
    assert api(contributor).post(f"{waiting}/pr", PULL).json()["status"] == "ready"
    assert types()[-2:] == ["plans.plan.released", "plans.plan.exported"]
    assert Plan.objects.get().exported_at is not None


def test_whoever_delegated_does_not_release(api, owner, waiting):
    client, before = api(owner), types()
    tag = client.get(waiting)["ETag"]
    assert code_of(client.post(f"{waiting}/release", HTTP_IF_MATCH=tag)) == (403, "own_plan")
    assert Plan.objects.get().state == PlanState.WAITING
    assert types() == before


def test_whoever_proposed_does_not_release(api, owner, other_owner, workspace, body):
    text = POLICY.replace("{actor: [agent]}", "{actor: [person]}")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    api(owner).post("/plan", body)
    plan = Plan.objects.get()
    with pytest.raises(OwnPlan):
        release_plan(plan=plan, actor=owner)
    assert release_plan(plan=plan, actor=other_owner).state == PlanState.RELEASED


@pytest.mark.parametrize("role", [Role.ADMIN, Role.REVIEWER, Role.CONTRIBUTOR])
def test_only_owners_release(api, workspace, waiting, role):
    client = api(member(workspace, role))
    tag = client.get(waiting)["ETag"]
    assert client.post(f"{waiting}/release", HTTP_IF_MATCH=tag).status_code == 403
    assert Plan.objects.get().state == PlanState.WAITING


def test_a_release_says_what_was_seen(api, other_owner, waiting):
    client = api(other_owner)
    assert client.post(f"{waiting}/release").status_code == 428
    assert client.post(f"{waiting}/release", HTTP_IF_MATCH='"old"').status_code == 412
    assert Plan.objects.get().state == PlanState.WAITING


def test_released_twice_is_released_once(other_owner, waiting):
    plan = Plan.objects.get()
    release_plan(plan=plan, actor=other_owner)
    release_plan(plan=plan, actor=other_owner)
    assert types().count("plans.plan.released") == 1


def test_what_needs_no_approval_is_not_released(api, contributor, other_owner, policy, body):
    api(contributor).post("/plan", body)
    client = api(other_owner)
    place = f"/api/v1/plans/{Plan.objects.get().id}"
    answer = client.post(f"{place}/release", HTTP_IF_MATCH=client.get(place)["ETag"])
    assert code_of(answer) == (409, "nothing_to_release")


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
    apply_policy(text=forbidding, workspace=workspace.id, actor=owner)
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
