"""Deciding on a change of specs: a part of it with what that needs, and edited under review."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest
from apps.policies.services.versions import apply_policy
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.e2e.browsing import log_in
from tests.factories import agent_of, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import POLICY, edit, link, links_now, retitle, spec, submit, vote
from tests.specs.search.indexing import index
from tests.waiting import eventually

pytestmark = pytest.mark.e2e

BODY = "It SHALL pay within a day.\n"
CREATE = {"op": "create", "kind": "requirement", "key": "REQ-9", "title": "Refunds", "body": BODY}


@pytest.fixture
def agent(workspace):
    owner = member(workspace, Role.OWNER)
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    plant(workspace, [node("REQ-1", body=BODY), node("TEST-1")])
    return agent_of(owner, workspace)


@pytest.fixture
def review(open_browser, workspace, reviewer, agent):
    """What an agent proposes, on the live page of who decides."""

    def opened(*operations) -> tuple[Page, Proposal]:
        member(workspace, Role.REVIEWER)
        proposal = submit(workspace, agent, *operations, title="").proposal
        page = open_browser()
        log_in(page, reviewer)
        page.goto(f"/admin/review/{request_of(proposal).id}/")
        expect(page.locator("[data-live-now]")).to_be_attached()
        return page, proposal

    return opened


def request_of(proposal) -> ApprovalRequest:
    return ApprovalRequest.objects.get(subject_id=proposal.id)


def test_a_part_is_accepted_with_what_it_needs(review):
    page, proposal = review(CREATE, link("TEST-1", "verifies", "REQ-9"), retitle("REQ-1", "Later"))
    expect(page.get_by_text("Only together with")).to_contain_text("REQ-9")
    page.get_by_text("Approve only some of it").click()
    made, linked = (page.get_by_role("checkbox", name=name) for name in ("create", "link TEST-1"))
    expect(page.locator("label", has=linked)).to_contain_text("with 1")
    linked.check()
    expect(made).to_be_checked()
    made.uncheck()
    expect(linked).not_to_be_checked()
    linked.check()
    page.get_by_role("button", name="Approve these").click()
    effective = ApprovalRequest.objects.filter(subject_id=proposal.id, state=State.EFFECTIVE)
    eventually(effective.exists, what="a part of it is approved")
    deliver()
    assert (links_now(), spec("REQ-1").title) == ({"TEST-1 verifies REQ-9"}, "About REQ-1")

    page.goto(f"/admin/specs/proposals/{proposal.id}/")
    expect(page.locator("body")).to_contain_text("Only a part of it was accepted.")
    page.get_by_role("link", name="retitles REQ-1").click()
    expect(page.get_by_role("link", name="one of which a part was accepted")).to_be_visible()
    expect(page.locator(".badges")).to_contain_text("In Review")


def test_it_is_edited_under_review_and_waits_for_somebody_else(review, workspace):
    page, proposal = review(edit("REQ-1", "a day", "an hour"))
    page.keyboard.press("e")
    page.get_by_role("textbox", name="What REQ-1 says").fill(BODY.replace("a day", "a minute"))
    page.get_by_role("button", name="Approve as edited").click()
    asked = ApprovalRequest.objects.filter(subject_id=proposal.id)
    eventually(asked.exclude(co_authors=[]).exists, what="it is edited")
    page.reload()
    expect(page.locator("ins").filter(has_text="minute")).to_be_visible()
    expect(page.locator("body")).to_contain_text(
        "Whoever edits cannot be the only one who approves"
    )
    assert spec("REQ-1").body == BODY

    vote(proposal, member(workspace, Role.REVIEWER))
    deliver()
    page.goto(f"/admin/specs/{workspace.id}/REQ-1/?body=blame")
    expect(page.locator(".blame")).to_contain_text("It SHALL pay within a minute.")


def test_what_says_the_same_already_comes_to_the_open_page(review, workspace):
    plant(workspace, [node("REQ-2", body="The till SHALL accept credit cards.\n")])
    index(workspace)
    page, _ = review(CREATE | {"body": "Credit cards SHALL be accepted by the till.\n"})
    page.get_by_role("link", name="Checks").click()
    shown = page.locator("[data-open-tab=checks]")
    expect(shown).to_be_visible()
    expect(shown).not_to_contain_text("says the same already")
    deliver()
    expect(shown).to_contain_text("REQ-2 says the same already: “The till SHALL accept")
    expect(shown).to_contain_text("advice")
