"""The queue in a browser: live, by keyboard alone, and many at once."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.seats import claim_request
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from tests.approvals.deciding import TWO, hold, vote
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, at_the_console, member

pytestmark = pytest.mark.e2e


def console_person(workspace, role, name):
    person = member(workspace, role)
    person.name = name
    person.save(update_fields=["name"])
    at_the_console(person)
    return person


@pytest.fixture
def owner(workspace):
    return console_person(workspace, Role.OWNER, "Ada Osei")


@pytest.fixture
def bo(workspace):
    return console_person(workspace, Role.REVIEWER, "Bo Lindqvist")


@pytest.fixture
def propose(workspace, owner, bo, reviewer):
    """Asks for an approval, of whoever reviews."""
    hold(workspace, owner, TWO)
    agent = agent_of(owner, workspace)
    agent.name = "Checkout agent"
    agent.save(update_fields=["name"])

    def proposed(path: str) -> ApprovalRequest:
        sent = {
            "intent": "Say more",
            "context": "",
            "changes": [{"path": path, "action": "create", "new": "Text.\n"}],
        }
        drawing = sketch(PlanIn.model_validate(sent))
        plan = create_plan(
            drawing=drawing, budget=RiskBudget.LOW, actor=agent, workspace=workspace.id
        ).plan
        request = request_about(kind="plan", subject=plan.id)
        assert request is not None
        return request

    return proposed


def rows(page: Page):
    return page.locator("[data-row]")


def row_of(page: Page, request: ApprovalRequest):
    return page.locator(f'[data-row="{request.id}"]')


@pytest.fixture
def watch(open_browser):
    def opened(person, path="/admin/review/", **options) -> Page:
        page = open_browser(**options)
        log_in(page, person)
        page.goto(path)
        expect(page.locator(".queue .state")).to_have_text("Live")
        return page

    return opened


def test_votes_claims_and_decisions_elsewhere_appear_in_place(watch, propose, reviewer, bo):
    first, second = propose("docs/a.md"), propose("docs/b.md")
    page = watch(reviewer)
    expect(rows(page)).to_have_count(2)
    row_of(page, first).get_by_role("link").focus()
    place = row_of(page, second).bounding_box()
    vote(first, bo)
    expect(row_of(page, first)).to_contain_text("1/2")
    claim_request(request_id=second.id, actor=bo)
    expect(row_of(page, second)).to_contain_text("Bo Lindqvist has it")
    vote(first, bo, "request_changes", comment="Less.", change=True, via="telegram")
    expect(row_of(page, first)).to_contain_text("Changes requested by Bo Lindqvist, Telegram")
    expect(page.locator(".queue .said")).to_contain_text("Changes requested by Bo Lindqvist")
    expect(row_of(page, first).get_by_role("checkbox")).to_be_disabled()
    assert row_of(page, second).bounding_box() == place
    expect(row_of(page, first).get_by_role("link")).to_be_focused()
    page.reload()
    expect(rows(page)).to_have_count(1)


def test_new_ones_wait_behind_a_button_and_nothing_moves(watch, propose, reviewer):
    first = propose("docs/a.md")
    page = watch(reviewer)
    row_of(page, first).get_by_role("checkbox").check()
    row_of(page, first).get_by_role("link").focus()
    place = row_of(page, first).bounding_box()
    for name in "bcd":
        propose(f"docs/{name}.md")
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    assert row_of(page, first).bounding_box() == place
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("n")
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_role("button", name="3 new")).to_be_hidden()
    expect(row_of(page, first).get_by_role("checkbox")).to_be_checked()
    expect(row_of(page, first).get_by_role("link")).to_be_focused()


def test_keys_alone_choose_and_decide_on_many(watch, propose, reviewer):
    asked = [propose(f"docs/{name}.md") for name in "abc"]
    page = watch(reviewer)
    page.keyboard.press("j")
    expect(rows(page).nth(0).get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+x")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.keyboard.press("k")
    expect(rows(page).nth(1).get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Decide on the chosen").press("Enter")
    expect(page.get_by_role("heading", name="Decide on 2")).to_be_visible()
    page.get_by_label("Reject").press("Space")
    page.get_by_label("Why").fill("Not now.")
    page.get_by_role("button", name="Decide").press("Enter")
    expect(page.get_by_role("heading", name="Reject: 2 of 2")).to_be_visible()
    assert [vote.request_id for vote in reviewer_votes(asked)] == [asked[0].id, asked[2].id]


def reviewer_votes(asked):
    return [vote for request in asked for vote in request.votes.all()]


def test_a_row_is_opened_and_the_list_of_keys_shown(watch, propose, reviewer):
    request = propose("docs/a.md")
    page = watch(reviewer, "/admin/review/?order=risk")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(rf"/admin/review/{request.id}/\?order=risk"))
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page).to_have_url(re.compile(r"/admin/review/$"))


def test_who_looks_at_it_is_seen_to_come_and_to_go(watch, propose, reviewer, bo, workspace):
    request = propose("docs/a.md")
    page, other = watch(reviewer), watch(bo)
    announce = (
        "([workspace_id, subject]) => fetch('/realtime/presence/join', {method: 'POST', headers: "
        "{'Content-Type': 'application/json', 'X-CSRFToken': document.querySelector("
        "'[name=csrfmiddlewaretoken]')?.value ?? ''}, body: JSON.stringify({workspace_id, subject, "
        "client_id: 'e2e-looks'})}).then((answer) => answer.status)"
    )
    assert other.evaluate(announce, [str(workspace.id), f"approval:{request.id}"]) < 300
    expect(row_of(page, request)).to_contain_text("Bo Lindqvist looks at it")
    page.reload()
    expect(row_of(page, request)).to_contain_text("Bo Lindqvist looks at it")


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", None), ("dark", PHONE)])
def test_it_is_sound_in_light_and_dark_and_on_a_phone(
    watch, propose, reviewer, bo, scheme, size, tmp_path
):
    asked = [propose(f"docs/{name}.md") for name in ("a", "a-much-longer-name-than-that", "c")]
    for request, hours, level, score in zip(
        asked, (-1, 5, 90), ("critical", "medium", "low"), (95, 40, 5), strict=True
    ):
        due_at = timezone.now() + timedelta(hours=hours)
        ApprovalRequest.objects.filter(id=request.id).update(
            due_at=due_at, risk_level=level, risk_score=score
        )
    claim_request(request_id=asked[1].id, actor=bo)
    page = watch(reviewer, color_scheme=scheme, **({"viewport": size} if size else {}))
    row_of(page, asked[1]).get_by_role("checkbox").check()
    faults = serious_faults(page)
    assert not too_wide(page)
    page.screenshot(path=tmp_path / "queue.png", full_page=True)
    page.get_by_role("button", name="Decide on the chosen").click()
    expect(page.get_by_role("heading", name="Decide on 1")).to_be_visible()
    faults += serious_faults(page)
    assert not too_wide(page)
    page.screenshot(path=tmp_path / "bulk.png", full_page=True)
    page.goto("/admin/review/?view=mine")
    faults += serious_faults(page)
    page.screenshot(path=tmp_path / "empty.png", full_page=True)
    assert "\n".join(faults) == ""
