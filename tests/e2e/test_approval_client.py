"""demo/approval_client.html in browsers: what waits is shown and decided, here and elsewhere."""

import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role, Scope
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from config.env import ROOT
from tests.approvals.deciding import ONE, hold, vote
from tests.e2e.browsing import PHONE
from tests.e2e.faults import serious_faults, too_wide
from tests.e2e.test_plans import SENT
from tests.factories import agent_of, issue, member
from tests.serving import free_port
from tests.waiting import eventually

pytestmark = pytest.mark.e2e
PAGE = "/demo/approval_client.html"


@pytest.fixture
def propose(workspace):
    owner = member(workspace, Role.OWNER)
    hold(workspace, owner, ONE)
    agent = agent_of(owner, workspace)
    agent.name = "Checkout agent"
    agent.save(update_fields=["name"])

    def proposed(**more) -> ApprovalRequest:
        plan = create_plan(
            drawing=sketch(PlanIn.model_validate(SENT | more)),
            budget=RiskBudget.LOW,
            actor=agent,
            workspace=workspace.id,
        ).plan
        return ApprovalRequest.objects.get(subject_id=plan.id)

    return proposed


def connect(page: Page, person, secret, address=PAGE, server="") -> None:
    page.goto(address)
    page.get_by_label("Your id or e-mail").fill(person.email)
    page.get_by_label("Client type").fill("web")
    if server:
        page.get_by_label("Server").fill(server)
    page.get_by_label("API key or access token").fill(secret)
    page.get_by_role("button", name="Connect", exact=True).click()


@pytest.fixture
def window(open_browser, workspace):
    def opened(person, **options) -> Page:
        page = open_browser(**options)
        connect(page, person, issue(person, workspace, *Scope))
        expect(page.locator("#state")).to_have_text("Connected")
        return page

    return opened


def cards(page, where="waiting"):
    return page.locator(f"#{where}").get_by_role("article")


def test_approval_is_given_and_seen_in_another_window(window, reviewer, workspace, propose):
    first, second = window(reviewer), window(member(workspace, Role.REVIEWER))
    expect(first.get_by_text("Nothing waits on you")).to_be_visible()
    request = propose()
    for page in (first, second):
        expect(cards(page)).to_have_count(1)
        expect(cards(page).first).to_contain_text("Checkout agent")
        expect(cards(page).first.locator("pre .plus").first).to_contain_text("+def greet(name='')")
    cards(first).first.get_by_label("Comment").fill("Reads well.")
    cards(first).first.get_by_role("button", name="Approve").click()
    for page in (first, second):
        expect(cards(page)).to_have_count(0)
        expect(cards(page, "done").first).to_contain_text(f"Approved by {reviewer.name}")
    cast = Vote.objects.get(request=request)
    assert (cast.voter_id, cast.via, cast.decision) == (reviewer.id, "websocket", "approve")


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_page_is_sound_by_keyboard_in_both_lights_and_on_a_phone(
    window, reviewer, propose, scheme, size, tmp_path
):
    propose()
    propose(intent="Say goodbye, too")
    page = window(reviewer, color_scheme=scheme, **({"viewport": size} if size else {}))
    expect(cards(page)).to_have_count(2)
    expect(page.locator("#waiting [aria-busy=true]")).to_have_count(0)
    assert serious_faults(page) == []
    page.screenshot(path=tmp_path / f"approvals-{scheme}.png", full_page=True)
    assert not too_wide(page)
    cards(page).first.get_by_role("button", name="Reject").focus()
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(1)
    expect(cards(page, "done").first).to_contain_text("Rejected by")
    page.screenshot(path=tmp_path / f"decided-{scheme}.png", full_page=True)
    assert serious_faults(page) == []
    assert page.evaluate("document.activeElement.tagName") == "ARTICLE"


def test_decision_elsewhere_and_a_changed_view_are_shown(window, reviewer, workspace, propose):
    other = member(workspace, Role.REVIEWER)
    page = window(reviewer)
    request = propose()
    expect(cards(page).first.get_by_role("button", name="Approve")).to_be_enabled()
    vote(request, other, "reject")
    expect(cards(page, "done").first).to_contain_text(f"Rejected by {other.name} · api")


def test_refusals_are_said(page, reviewer, workspace):
    connect(page, reviewer, "lat_abcdefgh_" + "x" * 40)
    expect(page.locator("#state")).to_have_text("Refused")
    expect(page.get_by_role("alert")).to_have_text("Nobody knows this key or token.")
    assert serious_faults(page) == []
    stranger = member(workspace, Role.REVIEWER)
    page.get_by_label("API key or access token").fill(issue(stranger, workspace, *Scope))
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This address is somebody else's")
    page.get_by_label("API key or access token").fill(issue(reviewer, workspace, *Scope))
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#state")).to_have_text("Connected")


@contextmanager
def folder_served():
    """As `python -m http.server 5500` in demo/."""
    port = free_port()
    words = ["-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT / "demo",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(url), what="the folder is served")
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/approval_client.html").status_code == 200
    except httpx.TransportError:
        return False


def test_page_works_from_elsewhere_with_a_key(
    open_browser, site, reviewer, workspace, propose, faults
):
    request = propose()
    key = issue(reviewer, workspace, *Scope)
    with folder_served() as elsewhere:
        page = open_browser()
        connect(page, reviewer, key, f"{elsewhere}/approval_client.html", server=site.url)
        expect(page.locator("#state")).to_have_text("Connected")
        cards(page).first.get_by_role("button", name="Approve").click()
        expect(cards(page, "done").first).to_contain_text("Approved by")
    assert Vote.objects.filter(request=request, voter_id=reviewer.id).exists()
    ours = elsewhere.removeprefix("http://")
    faults[:] = [fault for fault in faults if ours not in fault]
