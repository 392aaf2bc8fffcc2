"""Beside a change and around it: impact, policy, record, and how it goes at home."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from tests.approvals.deciding import HEAD, hold
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, member
from tests.plans.deciding import decide, request_of

pytestmark = pytest.mark.e2e

POLICY = f"""\
{HEAD}risk:
  factors: {{agent: 15, delete: 20}}
rules:
  - name: agents are reviewed
    when: {{actor: [agent]}}
    then: {{require: [{{name: review, roles: [reviewer], due: 4h}}]}}
  - name: secrets stay
    when: {{path: ["api/keys/**"]}}
    then: {{deny: "Keys are changed by hand."}}
default:
  then: {{allow: true}}
"""
DECISIONS = ("approve", "approve", "reject", "approve", "request_changes", "approve")


@pytest.fixture
def owner(workspace):
    return member(workspace, Role.OWNER)


@pytest.fixture
def agent(workspace, owner):
    agent = agent_of(owner, workspace)
    agent.name = "Checkout agent"
    agent.save(update_fields=["name"])
    return agent


@pytest.fixture
def propose(workspace, agent):
    def proposed(*paths, lines=3):
        changes = [{"path": path, "action": "create", "new": "x\n" * lines} for path in paths]
        drawing = sketch(PlanIn.model_validate({"intent": "Work", "changes": changes}))
        made = create_plan(
            drawing=drawing, budget=RiskBudget.LOW, actor=agent, workspace=workspace.id
        )
        return made.plan

    return proposed


@pytest.fixture
def request_(workspace, owner, reviewer, propose):
    """Beside others that wait, after others that were decided."""
    hold(workspace, owner, POLICY)
    for number, decision in enumerate(DECISIONS, start=1):
        plan = propose("api/checkout/prices.py", f"docs/{number}.md")
        decide(plan, reviewer, decision, comment="So it is.")
        asked = timezone.now() - timedelta(minutes=7**number // 20 + 2)
        ApprovalRequest.objects.filter(subject_id=plan.id).update(opened_at=asked)
    plan = propose("api/checkout/prices.py", "docs/payments/refunds-and-returns.md")
    propose("api/checkout/prices.py", lines=5)
    propose("docs/payments/refunds-and-returns.md", "api/checkout/prices.py", lines=7)
    return request_of(plan)


def opened(open_browser, reviewer, request, scheme, size, tab):
    page = open_browser(color_scheme=scheme, **({"viewport": size} if size else {}))
    log_in(page, reviewer)
    expect(page.get_by_role("heading", name="Agents by acceptance")).to_be_visible()
    page.goto(f"/admin/review/{request.id}/?tab={tab}")
    return page


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_a_reviewer_sees_what_a_change_touches_and_why_it_is_asked_about(
    open_browser, reviewer, request_, scheme, size, tmp_path
):
    page = opened(open_browser, reviewer, request_, scheme, size, "impact")
    listed = page.locator(".affected").first
    expect(listed.get_by_role("link")).to_have_count(3)
    boxes = page.locator(".graph .box")
    expect(boxes).to_have_count(5)
    assert boxes.first.is_visible() == (size is None)
    assert serious_faults(page) == []
    assert not too_wide(page)

    page.goto(f"/admin/review/{request_.id}/?tab=policy")
    trace = page.locator(".trace").first
    expect(trace).to_contain_text("- name: agents are reviewed")
    assert serious_faults(page) == []
    assert not too_wide(page)
    trace.get_by_role("link", name="line 6").click()
    expect(page.locator("#L6")).to_contain_text("agents are reviewed")


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_the_record_tells_how_the_proposer_fared(open_browser, reviewer, request_, scheme, size):
    page = opened(open_browser, reviewer, request_, scheme, size, "history")
    record = page.get_by_role("complementary", name="Record")
    expect(record.get_by_role("img")).to_have_attribute(
        "aria-label", "The last 6 decisions took between 2 minutes and 4 days."
    )
    expect(record).to_contain_text("67 %")
    expect(record.get_by_role("link")).to_have_count(5)
    assert serious_faults(page) == []
    assert not too_wide(page)
    page.goto("/admin/")
    expect(page.get_by_text("17 %")).to_be_visible()
    assert serious_faults(page) == []
    assert not too_wide(page)
