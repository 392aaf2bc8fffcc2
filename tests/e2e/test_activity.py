"""/activity in a browser, and the live feed of the console's home page."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.accounts.services.agents import create_agent
from apps.accounts.services.members import change_role
from apps.accounts.services.workspaces import rename_workspace
from apps.common.actors import SYSTEM
from apps.ledger.services import begin_epoch
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import PASSWORD, MembershipFactory, WorkspaceFactory, member

pytestmark = pytest.mark.e2e


@pytest.fixture
def owner(workspace):
    person = member(workspace, Role.OWNER)
    person.name = "Ada Osei"
    person.save(update_fields=["name"])
    return person


@pytest.fixture
def watch(open_browser):
    def opened(person, path="/activity", **options) -> Page:
        page = open_browser(**options)
        page.goto(f"/accounts/login/?next={path.replace('&', '%26')}")
        page.get_by_label("E-mail").fill(person.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.mouse.move(0, 0)
        expect(page.locator(".state")).to_have_text("Live")
        return page

    return opened


def add_agent(workspace, owner, name):
    return create_agent(workspace_id=workspace.id, name=name, owner=owner, actor=owner)


def events(page):
    return page.get_by_role("feed").get_by_role("article")


def test_nobody_is_led_to_the_login(page):
    page.goto("/activity")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/activity"))


def test_event_arrives_live_as_a_sentence_with_its_details(watch, workspace, owner):
    page = watch(owner)
    expect(page.get_by_text("Nothing has happened here yet")).to_be_visible()
    add_agent(workspace, owner, "<b>Scribe</b>")
    expect(events(page)).to_have_count(1)
    text = "Ada Osei added the agent <b>Scribe</b> to Orchard Street"
    expect(events(page).first).to_contain_text(text)
    expect(events(page).first).to_contain_text("just now")
    events(page).first.get_by_text("Details").click()
    expect(events(page).first).to_contain_text("accounts.agent.created")
    page.reload()
    expect(events(page)).to_have_count(1)
    expect(events(page).first).to_contain_text(text)


def test_page_stands_without_javascript(open_browser, watch, workspace, owner):
    add_agent(workspace, owner, "Scribe")
    cookies = watch(owner).context.cookies()
    still = open_browser(java_script_enabled=False)
    still.context.add_cookies(cookies)
    still.goto("/activity")
    expect(events(still)).to_have_count(1)
    expect(still.locator(".state")).to_have_text("Not live")


def test_filters_stand_in_the_url_and_hold_for_what_arrives(watch, workspace, owner):
    second = WorkspaceFactory.create(name="Compliance")
    MembershipFactory.create(workspace=second, user=owner, role=Role.OWNER)
    add_agent(workspace, owner, "Scribe")
    page = watch(owner)
    page.get_by_role("link", name="Audit", exact=True).click()
    expect(page).to_have_url(re.compile(r"/activity\?area=audit"))
    expect(events(page)).to_have_count(0)
    expect(page.locator(".state")).to_have_text("Live")
    add_agent(workspace, owner, "Reader")
    page.get_by_role("link", name="Workspace", exact=True).click()
    expect(events(page)).to_have_count(2)
    page.get_by_label("Workspace").select_option("Compliance")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(rf"workspace={second.id}.*area=audit.*area=workspace"))
    expect(events(page)).to_have_count(0)
    expect(page.locator(".state")).to_have_text("Live")
    page.mouse.move(0, 0)
    add_agent(workspace, owner, "Third")
    rename_workspace(workspace_id=second.id, name="Legal", actor=owner)
    expect(events(page)).to_have_count(1)
    expect(events(page).first).to_contain_text("renamed the workspace to Legal")


def test_pause_holds_what_comes_and_going_on_shows_it(watch, workspace, owner):
    page = watch(owner)
    page.get_by_role("button", name="Pause").click()
    for name in ("One", "Two", "Three"):
        add_agent(workspace, owner, name)
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    expect(page.locator(".state")).to_have_text("Paused")
    expect(events(page)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(events(page)).to_have_count(3)
    expect(events(page).first).to_contain_text("Three")


def test_nothing_moves_under_the_pointer(watch, workspace, owner):
    add_agent(workspace, owner, "First")
    page = watch(owner)
    events(page).first.hover(position={"x": 40, "y": 5})
    place = events(page).first.bounding_box()
    add_agent(workspace, owner, "Second")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(events(page)).to_have_count(1)
    assert events(page).first.bounding_box() == place
    page.mouse.move(0, 0)
    expect(events(page)).to_have_count(2)
    expect(page.get_by_role("button", name="1 new")).to_be_hidden()


def test_nothing_moves_for_those_who_read_further_down(watch, workspace, owner):
    for number in range(20):
        add_agent(workspace, owner, f"Agent {number}")
    page = watch(owner)
    page.evaluate("scrollTo(0, 600)")
    add_agent(workspace, owner, "Newest")
    new = page.get_by_role("button", name="1 new")
    expect(new).to_be_in_viewport()
    expect(events(page)).to_have_count(20)
    new.click()
    expect(events(page).first).to_contain_text("Newest")
    expect(events(page).first).to_be_in_viewport()


def test_restart_is_said_and_what_was_missed_is_caught_up(
    watch, workspace, owner, restartable, faults
):
    page = watch(owner)
    restartable.kill()
    expect(page.locator(".state")).to_have_text("Reconnecting…")
    for number in range(4):
        add_agent(workspace, owner, f"Agent {number}")
    restartable.start()
    expect(page.get_by_role("status")).to_have_text("Caught up, 4 events")
    expect(page.locator(".state")).to_have_text("Live")
    expect(events(page)).to_have_count(4)
    expect(events(page).first).to_contain_text("Agent 3")
    faults[:] = [fault for fault in faults if "WebSocket connection" not in fault]


def test_workspace_that_is_refused_for_a_moment_is_asked_for_again(watch, workspace, owner):
    """As while the database is away, or when somebody belongs to very many workspaces."""
    page = watch(owner)
    refused: list[dict[str, Any]] = []

    def refuse_once(socket):
        server = socket.connect_to_server()

        def to_server(text):
            frame = json.loads(text)
            if frame["type"] != "subscribe" or refused:
                return server.send(text)
            refused.append(frame)
            error = {"code": "unavailable", "message": "", "details": [], "request_id": ""}
            return socket.send(json.dumps({"id": frame["id"], "type": "error", "error": error}))

        socket.on_message(to_server)

    page.route_web_socket("**/ws/v1/", refuse_once)
    page.reload()
    expect(page.locator(".state")).to_have_text("Live")
    assert len(refused) == 1
    add_agent(workspace, owner, "Scribe")
    expect(events(page)).to_have_count(1)


def test_what_cannot_be_resumed_is_read_again(watch, workspace, owner):
    add_agent(workspace, owner, "Before")
    page = watch(owner)
    page.evaluate("document.querySelector('.event').id = 'gone-with-the-restore'")
    add_agent(workspace, owner, "After")
    begin_epoch(reason="restored", actor=SYSTEM)
    expect(page.get_by_role("status")).to_have_text("Read again from the start")
    expect(page.locator(".state")).to_have_text("Live")
    expect(events(page)).to_have_count(2)
    expect(page.locator("#gone-with-the-restore")).to_have_count(0)
    add_agent(workspace, owner, "Newest")
    expect(events(page).first).to_contain_text("Newest")


def test_keys_alone_are_enough(watch, workspace, owner):
    for name in ("One", "Two"):
        add_agent(workspace, owner, name)
    page = watch(owner)
    page.keyboard.press("j")
    expect(events(page).nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(events(page).nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(events(page).nth(0)).to_be_focused()
    page.keyboard.press("o")
    expect(events(page).nth(0).get_by_role("definition").first).to_be_visible()
    add_agent(workspace, owner, "Three")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    page.keyboard.press("n")
    expect(events(page)).to_have_count(3)
    page.keyboard.press("p")
    expect(page.locator(".state")).to_have_text("Paused")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator(".state")).to_have_text("Paused")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.get_by_role("link", name="Everything")).to_be_focused()


def test_people_are_seen_to_come_and_to_go(watch, workspace, owner):
    page = watch(owner)
    expect(page.get_by_text("Nobody else at the moment.")).to_be_visible()
    guest = watch(member(workspace, Role.VIEWER))
    expect(guest.locator(".people")).to_have_text("Ada Osei")
    expect(page.locator(".people li")).to_have_count(1)
    guest.goto("/accounts/")
    expect(page.locator(".people li")).to_have_count(0)


def test_who_is_removed_is_told_and_sees_no_more(watch, workspace, owner):
    guest = member(workspace, Role.VIEWER)
    page = watch(guest)
    guest.is_active = False
    guest.save(update_fields=["is_active"])
    expect(page.locator(".state")).to_have_text("Ended")


def test_home_of_the_console_shows_it_live(open_browser, workspace, reviewer, owner):
    page = open_browser()
    log_in(page, reviewer)
    expect(page.locator(".state")).to_have_text("Live")
    page.mouse.move(0, 0)
    change_role(workspace_id=workspace.id, user_id=reviewer.id, role=Role.ADMIN, actor=owner)
    expect(events(page).first).to_contain_text(f"Ada Osei made {reviewer.name} an admin")
    assert serious_faults(page) == []
    page.get_by_role("link", name="All activity").click()
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}])
def test_page_fits_and_has_no_accessibility_fault(watch, workspace, owner, scheme, size):
    MembershipFactory.create(workspace=WorkspaceFactory.create(name="Compliance"), user=owner)
    for name in ("Checkout agent", "A" * 100, "Requirements scribe"):
        add_agent(workspace, owner, name)
    page = watch(owner, color_scheme=scheme, viewport=size)
    expect(events(page)).to_have_count(3)
    events(page).first.get_by_text("Details").click()
    page.keyboard.press("Escape")
    assert not too_wide(page)
    assert serious_faults(page) == []
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert serious_faults(page) == []


@pytest.fixture
def long_past(workspace, owner):
    for number in range(120):
        rename_workspace(workspace_id=workspace.id, name=f"Name {number}", actor=owner)


def test_older_events_come_below_while_new_ones_come_above(watch, workspace, owner, long_past):
    page = watch(owner)
    expect(events(page)).to_have_count(50)
    older = page.get_by_role("link", name="Older events")
    older.focus()
    page.keyboard.press("Enter")
    expect(events(page)).to_have_count(100)
    expect(events(page).nth(50)).to_be_focused()
    expect(page.locator(".state")).to_have_text("Live")
    add_agent(workspace, owner, "Scribe")
    expect(page.locator(".arrived")).to_have_text("1 new")
    page.keyboard.press("m")
    expect(events(page)).to_have_count(120)
    expect(older).to_be_hidden()
    page.keyboard.press("n")
    expect(events(page)).to_have_count(121)
    expect(events(page).first).to_contain_text("Scribe")
    seqs = [int(event.get_attribute("data-seq") or 0) for event in events(page).all()]
    assert seqs == list(range(121, 0, -1))
    assert not serious_faults(page)


def test_what_new_events_pushed_out_comes_again_when_older_ones_are_asked_for(
    watch, workspace, owner, long_past
):
    page = watch(owner)
    for number in range(160):
        rename_workspace(workspace_id=workspace.id, name=f"Later {number}", actor=owner)
    expect(events(page)).to_have_count(200)
    expect(events(page).first).to_contain_text("Later 159")
    page.get_by_role("link", name="Older events").click()
    expect(events(page)).to_have_count(250)
    seqs = [int(event.get_attribute("data-seq") or 0) for event in events(page).all()]
    assert seqs == list(range(280, 30, -1))


def test_older_page_of_its_own_tells_of_new_ones_and_leads_to_them(
    watch, workspace, owner, long_past
):
    page = watch(owner)
    older = page.get_by_role("link", name="Older events").get_attribute("href")
    page.goto(f"/activity{older}")
    expect(page.locator(".state")).to_have_text("Live")
    expect(events(page)).to_have_count(50)
    add_agent(workspace, owner, "Scribe")
    page.get_by_role("button", name="1 new").click()
    expect(events(page).first).to_contain_text("Scribe")
    expect(page.get_by_role("link", name="Newest events")).to_have_count(0)


def test_older_events_are_links_without_javascript(open_browser, owner, long_past):
    page = open_browser(java_script_enabled=False, viewport=PHONE)
    page.goto("/accounts/login/?next=/activity")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for shown in (50, 20):
        page.get_by_role("link", name="Older events").click()
        expect(events(page)).to_have_count(shown)
    expect(page.get_by_role("link", name="Older events")).to_have_count(0)
    page.get_by_role("link", name="Newest events").click()
    expect(events(page)).to_have_count(50)
