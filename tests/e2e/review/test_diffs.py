"""A change in a browser: both views, folds, what was viewed, and the keys between differences."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import LONG_POLICY
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import member

pytestmark = pytest.mark.e2e

MODULE = [f"def step_{number}(order):\n    return order.line({number})\n" for number in range(40)]
SENT = {
    "intent": "Greet people by their name\n\nNames may be <b>missing</b>.",
    "changes": [
        {
            "path": "api/greeting.py",
            "action": "edit",
            "old": "def greet():\n    return 'Hello, stranger'\n\n\n" + "\n\n".join(MODULE),
            "new": "def greet(name=''):\n    return f'Hello, {name}'.strip()\n\n\n"
            + "\n\n".join(MODULE[:30])
            + "\n\n# the rest went\r\n"
            + "\n\n".join(MODULE[31:]).replace("line(35)", "line(53)"),
        },
        {"path": "api/notes.md", "action": "create", "new": "A long line. " * 40 + "\nEnd\n"},
    ],
}


@pytest.fixture
def about_plan(workspace, owner):
    create_plan(
        drawing=sketch(PlanIn.model_validate(SENT)),
        budget=RiskBudget.LOW,
        actor=member(workspace, Role.CONTRIBUTOR),
        workspace=workspace.id,
    )
    return ApprovalRequest.objects.get(workspace=workspace)


@pytest.fixture
def about_policy(workspace, owner):
    author = member(workspace, Role.OWNER)
    apply_policy(text=LONG_POLICY, workspace=workspace.id, actor=author)
    changed = LONG_POLICY.replace("[docs]", "[docs, api]").replace(
        "[label-59]", "[label-59, label-60]"
    )
    apply_policy(text=changed, workspace=workspace.id, actor=author)
    return ApprovalRequest.objects.get(workspace=workspace)


def read(page: Page, owner, request) -> None:
    log_in(page, owner)
    page.goto(f"/admin/review/{request.pk}/")


@pytest.mark.parametrize(
    ("scheme", "size", "view"),
    [
        *(("light", None, "unified"), ("dark", None, "split")),
        *(("dark", PHONE, "unified"), ("light", PHONE, "split")),
    ],
)
def test_a_change_reads_well(open_browser, owner, about_plan, scheme, size, view, tmp_path):
    page = open_browser(color_scheme=scheme, **({"viewport": size} if size else {}))
    read(page, owner, about_plan)
    page.goto(f"/admin/review/{about_plan.pk}/?lines={view}")
    expect(page.locator(".operation")).to_have_count(2)
    expect(page.locator(".diff .new ins").first).to_contain_text("name")
    expect(page.locator(".hidden-character")).to_have_text("⟨U+000D⟩")
    expect(page.get_by_text("Names may be <b>missing</b>.")).to_be_visible()
    page.screenshot(path=tmp_path / "change.png", full_page=True)
    assert serious_faults(page) == []
    assert not too_wide(page)


def test_keys_lead_from_one_difference_to_the_next(page, owner, about_plan):
    read(page, owner, about_plan)
    focused = page.locator(".diff tr:focus")
    for line in ("1", "125", "146"):
        page.keyboard.press("n")
        expect(focused).to_have_attribute("data-line", line)
    page.keyboard.press("p")
    expect(focused).to_have_attribute("data-line", "125")


def test_side_by_side_is_remembered_and_nothing_jumps(page, owner, about_plan):
    read(page, owner, about_plan)
    page.keyboard.press("n")
    page.keyboard.press("m")
    expect(page.locator(".diff.split").first).to_be_visible()
    expect(page.locator(".diff tr:focus")).to_contain_text("def greet")
    page.goto(f"/admin/review/{about_plan.pk}/")
    expect(page.locator("[data-diff]")).to_have_attribute("data-view", "split")
    page.get_by_role("link", name="Unified").click()
    expect(page.locator("[data-diff]")).to_have_attribute("data-view", "unified")


def test_what_was_viewed_is_put_away_until_it_changes(page, owner, about_plan):
    read(page, owner, about_plan)
    page.keyboard.press("v")
    first = page.locator(".operation").first
    expect(first.locator(".diff")).to_be_hidden()
    expect(page.get_by_text("1 of 2 viewed")).to_be_visible()
    page.reload()
    expect(first.locator(".diff")).to_be_hidden()
    first.get_by_role("button", name="Viewed").click()
    expect(first.locator(".diff")).to_be_visible()
    page.keyboard.press("v")
    about_plan.refresh_from_db()
    ApprovalRequest.objects.filter(pk=about_plan.pk).update(content_digest="0" * 64)
    page.reload()
    expect(first.locator(".diff")).to_be_visible()


def test_a_fold_opens_where_it_is(page, owner, about_policy):
    read(page, owner, about_policy)
    fold = page.get_by_role("link", name="lines that stay the same").first
    expect(fold).to_have_text("Show 176 lines that stay the same")
    fold.click()
    expect(page.locator("[data-opened]")).to_have_count(1)
    expect(page.locator(".fold")).to_have_text(["Show 76 lines that stay the same"])
    page.locator(".fold a").click()
    expect(page.locator(".fold")).to_have_count(0)
    expect(page.locator(".diff tr")).to_have_count(1 + 186 + 2 + 4)
