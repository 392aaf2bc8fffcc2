"""Plans in the console: read by who reviews, and shown as text."""

import re

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, at_the_console, member
from tests.plans.deciding import decide

pytestmark = pytest.mark.django_db
POLICY = 'version: "1"\nallowed_dirs: [api, plans]\ngate: {off: [injection]}\n'
HARMFUL = "<script>alert(1)</script> & <b>bold</b>"


def owner_of(workspace):
    return at_the_console(member(workspace, Role.OWNER))


@pytest.fixture
def owner(workspace):
    return owner_of(workspace)


@pytest.fixture
def plan(workspace, owner, reviewer):
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


def page(plan):
    return reverse("admin:plans_plan_change", args=[plan.pk])


def test_a_reviewer_reads_it_and_it_is_text(client, reviewer, plan, django_assert_num_queries):
    client.force_login(reviewer)
    listed = client.get(reverse("admin:plans_plan_changelist")).content.decode()
    assert plan.name in listed
    client.get(page(plan))
    with django_assert_num_queries(PAGE):
        shown = client.get(page(plan)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in shown
    assert "<script>alert(1)" not in shown
    assert re.search(r'<tr class="new"[^\n]*?&lt;script&gt;', shown)


PAGE = 13


def test_what_became_of_its_approval_is_told(client, reviewer, plan):
    client.force_login(reviewer)
    read = client.get(page(plan)).content.decode()
    assert "Pending. The policy asks for approval." in read
    request = ApprovalRequest.objects.get(subject_id=plan.id)
    assert reverse("admin:review_request", args=[request.id]) in read
    decide(plan, reviewer)
    assert "Consumed. People decided." in client.get(page(plan)).content.decode()


def test_strangers_see_nothing_of_it(client, plan):
    client.force_login(owner_of(WorkspaceFactory.create()))
    assert plan.name not in client.get(reverse("admin:plans_plan_changelist")).content.decode()
    assert client.get(page(plan)).status_code in (302, 404)
