"""Plans in the console: read by who reviews, shown as text, released by an owner with no part."""

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.services.people import refresh_console_access
from apps.ledger.models import Event
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services import create_plan, sketch
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, member

pytestmark = pytest.mark.django_db
POLICY = 'version: "1"\nallowed_dirs: [api, plans]\ngate: {off: [injection]}\n'
HARMFUL = "<script>alert(1)</script> & <b>bold</b>"


def owner_of(workspace):
    person = member(workspace, Role.OWNER)
    refresh_console_access(person.id)
    person.refresh_from_db()
    return person


@pytest.fixture
def owner(workspace):
    return owner_of(workspace)


@pytest.fixture
def plan(workspace, owner):
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    sent = PlanIn.model_validate(
        {
            "intent": HARMFUL,
            "changes": [{"path": "api/x.html", "action": "create", "new": f"{HARMFUL}\n"}],
        }
    )
    return create_plan(
        drawing=sketch(sent),
        budget=RiskBudget.LOW,
        actor=agent_of(owner, workspace),
        workspace=workspace.id,
    ).plan


def page(plan, name="change"):
    return reverse(f"admin:plans_plan_{name}", args=[plan.pk])


def test_a_reviewer_reads_it_and_it_is_text(client, reviewer, plan, django_assert_num_queries):
    client.force_login(reviewer)
    listed = client.get(reverse("admin:plans_plan_changelist")).content.decode()
    assert plan.name in listed
    client.get(page(plan))
    with django_assert_num_queries(PAGE):
        shown = client.get(page(plan)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in shown
    assert "<script>alert(1)" not in shown
    assert '<span class="added">+&lt;script&gt;' in shown
    assert page(plan, "release") not in shown


PAGE = 13


def test_an_owner_with_no_part_in_it_releases_it(client, workspace, plan):
    somebody = owner_of(workspace)
    client.force_login(somebody)
    assert page(plan, "release") in client.get(page(plan)).content.decode()
    assert client.post(page(plan, "release")).status_code == 302
    released = Plan.objects.get()
    assert (released.state, released.released_by) == (PlanState.RELEASED, somebody.id)
    assert Event.objects.filter(type="plans.plan.released").count() == 1
    assert page(plan, "release") not in client.get(page(plan)).content.decode()


def test_whoever_delegated_and_who_reviews_do_not(client, owner, reviewer, plan):
    for person in (owner, reviewer):
        client.force_login(person)
        assert client.post(page(plan, "release")).status_code == 403
    assert Plan.objects.get().state == PlanState.WAITING


def test_strangers_see_nothing_of_it(client, plan):
    client.force_login(owner_of(WorkspaceFactory.create()))
    assert plan.name not in client.get(reverse("admin:plans_plan_changelist")).content.decode()
    assert client.get(page(plan)).status_code in (302, 404)
