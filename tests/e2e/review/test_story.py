"""The main job of the product, from end to end: an agent proposes through the API, a reviewer sees
what depends on it, edits it and approves, a colleague agrees, everybody is told, and it is undone.
"""

from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Scope
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest
from apps.specs.models.graph import Node, Suspect
from tests.approvals.deciding import hold, policy_of
from tests.deliveries import deliver
from tests.e2e.browsing import log_in
from tests.factories import agent_of, issue
from tests.specs.graphs import node, plant
from tests.waiting import eventually

pytestmark = pytest.mark.e2e
BODY = "The shop SHALL refund a payment within 30 days.\n\nIt tells the customer by mail.\n"


@pytest.fixture
def refunds(workspace, owner, bo, cy):
    """A requirement, the goal above it and the test that hangs on it."""
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]"))
    return plant(
        workspace,
        [
            node("GOAL-1", title="Customers trust us"),
            node("REQ-12", title="Refunds", body=BODY),
            node("TEST-4", title="A refund arrives", owner_id=owner.id),
        ],
        ["REQ-12 refines GOAL-1", "TEST-4 verifies REQ-12"],
    )


@pytest.fixture
def ask(site, workspace, owner):
    """What an agent does: over HTTP, with its own key."""
    key = issue(agent_of(owner, workspace), workspace, Scope.READ, Scope.WRITE)

    def post(path: str, body: dict) -> dict:
        headers = {"X-API-Key": key, "Idempotency-Key": str(uuid4())}
        answer = httpx.post(f"{site.url}/api/v1/{path}", json=body, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


def body_of(workspace, key="REQ-12") -> str:
    return Node.objects.get(workspace=workspace, key=key).body


def approve(page: Page, request: str) -> None:
    page.goto(f"/admin/review/{request}/")
    expect(page.locator("[data-live-now]")).to_be_attached()
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    taken = ApprovalRequest.objects.filter(id=request, state=State.EFFECTIVE)
    eventually(taken.exists, what="it is approved")


def test_from_a_proposal_to_its_effect_and_back(open_browser, workspace, refunds, ask, bo, cy):
    asked = ask(
        "mutations",
        {
            "title": "Refund sooner",
            "rationale": "Customers wait too long.",
            "operations": [
                {"op": "edit", "target": "REQ-12", "old": "30 days", "new": "14 days"},
            ],
        },
    )
    assert asked["state"] == "in_review"
    request = asked["approval"]["id"]

    desk = open_browser()
    log_in(desk, bo)
    desk.goto(f"/admin/review/{request}/?tab=impact")
    expect(desk.locator("body")).to_contain_text("TEST-4")
    desk.goto(f"/admin/review/{request}/")
    expect(desk.locator("[data-live-now]")).to_be_attached()
    expect(desk.locator("ins").filter(has_text="14")).to_be_visible()
    desk.keyboard.press("e")
    desk.get_by_role("textbox", name="What REQ-12 says").fill(BODY.replace("30 days", "10 days"))
    desk.get_by_role("button", name="Approve as edited").click()
    asked_about = ApprovalRequest.objects.filter(id=request)
    eventually(asked_about.exclude(co_authors=[]).exists, what="it is edited")

    other = open_browser()
    log_in(other, cy)
    other.goto("/activity")
    other_desk = open_browser()
    log_in(other_desk, cy)
    approve(other_desk, request)
    deliver()
    assert "within 10 days" in body_of(workspace)
    expect(other.locator("body")).to_contain_text("REQ-12")
    assert Suspect.objects.filter(node__key="TEST-4", cleared_at=None).exists()

    desk.goto(f"/admin/specs/proposals/{asked['id']}/")
    desk.get_by_text("Undo it", exact=True).click()
    desk.get_by_label("Why").fill("The bank needs longer.")
    desk.get_by_role("button", name="Propose to undo it").click()
    expect(desk.locator("body")).to_contain_text("Queued")  # people ask nobody here
    deliver()
    assert body_of(workspace) == BODY
    desk.goto(f"/admin/specs/{workspace.id}/REQ-12/")
    expect(desk.locator("body")).to_contain_text("within 30 days")
