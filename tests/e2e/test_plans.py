"""A plan in a browser: read with its patches, on a phone too."""

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import at_the_console, member

pytestmark = pytest.mark.e2e
SENT = {
    "intent": "Greet people by their name\n\nNames may be <b>missing</b>.",
    "context": "Keep the old greeting for who has no name.",
    "changes": [
        {
            "path": "api/greeting.py",
            "action": "edit",
            "old": "def greet():\n    return 'Hello'\n",
            "new": "def greet(name=''):\n    return f'Hello {name}'.strip()\n",
        },
        {"path": "api/notes.md", "action": "create", "new": "A long line. " * 40 + "\n"},
    ],
}


@pytest.fixture
def owner(workspace):
    return at_the_console(member(workspace, Role.OWNER))


@pytest.fixture
def plan(workspace, reviewer):
    return create_plan(
        drawing=sketch(PlanIn.model_validate(SENT)),
        budget=RiskBudget.LOW,
        actor=member(workspace, Role.CONTRIBUTOR),
        workspace=workspace.id,
    ).plan


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_an_owner_reads_a_plan(open_browser, owner, plan, scheme, size, tmp_path):
    page = open_browser(color_scheme=scheme, **({"viewport": size} if size else {}))
    log_in(page, owner)
    page.goto(f"/admin/plans/plan/{plan.pk}/change/")
    page.get_by_text("Patch of Bold").click()
    added = page.locator(".variant").first.locator(".diff .new .text")
    expect(added.first).to_have_text("def greet(name=''):")
    expect(page.get_by_text("Names may be <b>missing</b>.").first).to_be_visible()
    page.screenshot(path=tmp_path / "plan.png", full_page=True)
    assert serious_faults(page) == []
    assert not too_wide(page)
    expect(page.get_by_text("Pending. The policy asks for approval.")).to_be_visible()
