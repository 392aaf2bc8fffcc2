"""The tour: from the queue through a request, by keyboard alone, once."""

import re

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.approvals.models.people import Attention
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from tests.approvals.deciding import ONE, hold
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.e2e.test_plans import SENT
from tests.factories import agent_of, at_the_console, member
from tests.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def waiting(workspace, reviewer):
    owner = member(workspace, Role.OWNER)
    hold(workspace, owner, ONE)
    at_the_console(owner)
    return create_plan(
        drawing=sketch(PlanIn.model_validate(SENT)),
        budget=RiskBudget.LOW,
        actor=agent_of(owner, workspace),
        workspace=workspace.id,
    ).plan


def queue_of(page, person, *, toured=False):
    log_in(page, person, toured=toured)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto("/admin/review/")
    return page


def was_toured(person) -> bool:
    return Attention.objects.filter(person=person, toured_at__isnull=False).exists()


def test_newcomer_is_led_from_the_queue_through_a_request_by_keyboard(page, reviewer, waiting):
    queue_of(page, reviewer)
    tour = page.locator(".tour")
    expect(tour).to_be_focused()
    expect(tour).to_contain_text("1 of 5")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"/admin/review/[0-9a-f-]{36}/"))
    for number in (2, 3, 4, 5):
        expect(tour).to_contain_text(f"{number} of 5")
        expect(page.locator(".toured")).to_have_count(1)
        assert not was_toured(reviewer)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    expect(tour).to_be_hidden()
    expect(page.locator(".toured")).to_have_count(0)
    eventually(lambda: was_toured(reviewer), what="the tour to be noted")
    page.goto("/admin/review/")
    expect(tour).to_be_hidden()


def test_who_will_not_be_led_is_not_asked_again_but_may_ask(page, reviewer, waiting):
    queue_of(page, reviewer)
    tour = page.locator(".tour")
    expect(tour).to_be_focused()
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()
    eventually(lambda: was_toured(reviewer), what="the tour to be noted")
    page.keyboard.press("?")
    page.get_by_role("button", name="Show me around").click()
    expect(tour).to_contain_text("1 of 5")
    page.goto("/admin/review/?tour")
    expect(tour).to_contain_text("1 of 5")


def test_empty_queue_offers_no_tour(page, reviewer):
    queue_of(page, reviewer)
    expect(page.locator(".tour")).to_be_hidden()
    assert not was_toured(reviewer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tour_is_for_everybody_and_fits_a_phone(open_browser, reviewer, waiting, scheme):
    page = queue_of(open_browser(color_scheme=scheme, viewport=PHONE), reviewer)
    expect(page.locator(".tour")).to_be_visible()
    assert serious_faults(page) == []
    assert not too_wide(page)
