"""Saying something of a line: by hand, by keyboard, while others do too, and without a script."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.approvals.choices import Said, Side
from apps.approvals.models.people import Comment
from apps.approvals.places import Place
from apps.approvals.services.discussing import add_comment
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide

pytestmark = pytest.mark.e2e
OLD = "".join(f"line {number}\n" for number in range(1, 41))
NEW = OLD.replace("line 3\n", "line three, which is new\n").replace("line 30\n", "line thirty\n")
CHANGE = [{"path": "docs/a.md", "action": "edit", "old": OLD, "new": NEW}]
SAYING = re.compile("/comment/")
LINE = Place(operation=0, side=Side.AFTER, line=3)


@pytest.fixture
def request_(propose):
    return propose(changes=CHANGE)


def line(page: Page, number: int = 3, side: str = "after"):
    return page.locator(f'[data-diff] tr[data-side="{side}"][data-line="{number}"]')


def begins_to_write(page: Page):
    """Of line 3, by keyboard."""
    for key in ("n", "ArrowDown", "t"):
        page.keyboard.press(key)
    form = page.get_by_role("form", name="Say something of line 3", exact=True)
    expect(form.get_by_role("textbox")).to_be_focused()


def says(page: Page, text: str, **more):
    composer = page.get_by_role("form", name="Say something of line")
    composer.get_by_role("textbox").fill(text)
    if more.get("required"):
        composer.get_by_label("Must be resolved").check()
    composer.get_by_role("button", name="Say it").click()


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_a_line_is_spoken_of_answered_and_resolved(review, request_, bo, scheme, size, tmp_path):
    page = review(bo, request_, color_scheme=scheme, **({"viewport": size} if size else {}))
    line(page).hover()
    page.get_by_role("button", name="Say something of line 3", exact=True).click()
    says(page, "Why <b>new</b>?", required=True)
    thread = page.get_by_role("article", name="Thread of Bo Lindqvist")
    expect(thread).to_contain_text("Why <b>new</b>?")
    expect(thread).to_contain_text("must be resolved first")
    expect(thread).to_be_focused()
    assert line(page).evaluate("row => row.nextElementSibling.matches('.talk:has([data-thread])')")
    thread.locator("summary").click()
    thread.get_by_role("textbox").fill("I see.")
    page.screenshot(path=tmp_path / "line.png", full_page=True)
    assert serious_faults(page) == []
    assert not too_wide(page)
    thread.get_by_role("button", name="Reply").click()
    expect(thread).to_contain_text("I see.")
    thread.get_by_role("button", name="Resolve").click()
    expect(thread).to_contain_text("resolved by Bo Lindqvist")
    page.get_by_role("link", name="Discussion").click()
    expect(page.get_by_text("Line 3 of docs/a.md")).to_be_visible()
    expect(page.get_by_text("line three, which is new", exact=True)).to_be_visible()
    page.screenshot(path=tmp_path / "discussion.png", full_page=True)
    assert serious_faults(page) == []
    assert not too_wide(page)


def test_by_keyboard_alone(review, request_, bo):
    page = review(bo, request_)
    begins_to_write(page)
    page.keyboard.type("Why?")
    page.keyboard.press("Control+Enter")
    thread = page.get_by_role("article", name="Thread of Bo Lindqvist")
    expect(thread).to_contain_text("Why?")
    assert Comment.objects.get().line == 3
    page.keyboard.press("t")
    expect(page.get_by_role("form")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("form")).to_have_count(0)


def test_who_writes_again_before_the_answer_came_keeps_the_focus(review, request_, bo):
    page = review(bo, request_)
    begins_to_write(page)
    page.keyboard.type("Why?")
    page.route("**/threads/**", lambda route: None)
    with page.expect_request("**/threads/**"):
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("form")).to_have_count(0)  # its answer came, and what is said is read
    page.keyboard.press("t")
    form = page.get_by_role("form", name="Say something of line 3", exact=True)
    expect(form.get_by_role("textbox")).to_be_focused()
    page.unroute("**/threads/**")  # what was held goes on
    expect(page.get_by_role("article", name="Thread of Bo Lindqvist")).to_contain_text("Why?")
    page.wait_for_load_state("networkidle")
    expect(form.get_by_role("textbox")).to_be_focused()


def test_what_is_typed_while_it_is_sent_is_not_lost_with_it(review, request_, bo):
    page = review(bo, request_)
    begins_to_write(page)
    page.keyboard.type("Why?")
    page.route(SAYING, lambda route: None)
    with page.expect_request(SAYING):
        page.keyboard.press("Control+Enter")
    page.keyboard.type("And how?")
    expect(page.get_by_role("form").get_by_role("textbox")).to_have_value("Why?")
    page.unroute(SAYING)  # what was held goes on
    expect(page.get_by_role("article", name="Thread of Bo Lindqvist")).to_contain_text("Why?")


def test_what_others_say_comes_in_while_one_writes(review, request_, bo, cy):
    page = review(bo, request_)
    line(page, 30).hover()
    page.get_by_role("button", name="Say something of line 30").click()
    form = page.get_by_role("form", name="Say something of line 30")
    form.get_by_role("textbox").fill("Half a sent")
    top = form.bounding_box()["y"]
    said = add_comment(request_id=request_.id, text="Above you.", place=LINE, actor=cy)
    page.evaluate(
        "detail => document.dispatchEvent(new CustomEvent('review:event', {detail}))",
        {"type": "approvals.comment.added", "payload": {"request": str(request_.id)}},
    )
    thread = page.get_by_role("article", name="Thread of Cy Marsh")
    expect(thread).to_contain_text("Above you.")
    assert abs(form.bounding_box()["y"] - top) < 2
    page.keyboard.type("ence.")
    expect(form.get_by_role("textbox")).to_have_value("Half a sentence.")
    add_comment(request_id=request_.id, text="And more.", reply_to=said.id, actor=cy)
    page.keyboard.press("m")  # written, not meant
    form.get_by_role("button", name="Say it").click()
    expect(thread).to_contain_text("And more.")
    expect(page.get_by_text("Half a sentence.m")).to_be_visible()


def test_what_was_written_is_kept_when_it_cannot_be_sent(review, request_, bo, faults):
    page = review(bo, request_)
    line(page).hover()
    page.get_by_role("button", name="Say something of line 3", exact=True).click()
    form = page.get_by_role("form", name="Say something of line 3")
    page.route("**/comment/**", lambda route: route.abort())
    says(page, "Kept.")
    expect(form.get_by_role("alert")).to_contain_text("there is no connection")
    page.unroute("**/comment/**")
    assert "ERR_FAILED" in faults.pop()
    page.get_by_role("link", name="Split").click()
    expect(page.locator(".diff.split")).to_be_visible()
    expect(form.get_by_role("textbox")).to_have_value("Kept.")
    form.get_by_role("button", name="Say it").click()
    expect(page.locator(".diff.split .talk").get_by_text("Kept.")).to_be_visible()
    assert Comment.objects.count() == 1


def test_a_thread_on_a_fold_waits_at_the_head_until_it_is_opened(review, request_, bo, cy):
    add_comment(
        request_id=request_.id,
        text="Of one that stays.",
        place=Place(operation=0, side=Side.BEFORE, line=5),
        actor=cy,
    )
    page = review(bo, request_)
    thread = page.get_by_role("article", name="Thread of Cy Marsh")
    expect(thread).to_contain_text("Of one that stays.")
    assert line(page, 5).evaluate("row => row.nextElementSibling.matches('.talk')")


def test_without_a_script_all_of_it_is_in_the_discussion(open_browser, request_, bo, tmp_path):
    page = open_browser(java_script_enabled=False)
    log_in(page, bo)
    page.goto(f"/admin/review/{request_.id}/?tab=discussion")
    page.get_by_label("Say something").fill("Why?")
    page.screenshot(path=tmp_path / "plain.png")
    page.get_by_text("Of one place").press("Enter")
    page.get_by_label("Of", exact=True).select_option(label="edit docs/a.md")
    page.get_by_label("Line", exact=True).fill("3")
    page.get_by_role("button", name="Say it").press("Enter")
    thread = page.get_by_role("article", name="Thread of Bo Lindqvist")
    expect(thread).to_contain_text("line three, which is new")
    thread.get_by_role("button", name="Resolve").press("Enter")
    expect(thread).to_contain_text("resolved by Bo Lindqvist")
    page.get_by_label("Say something").fill("And this?")
    page.get_by_text("Of one place").press("Enter")
    page.get_by_label("Line", exact=True).fill("99")
    page.get_by_role("button", name="Say it").press("Enter")
    expect(page.get_by_label("Say something")).to_have_value("And this?")
    assert Comment.objects.get().said == Said.NOTE
