"""Lattice as a newcomer starts it: the queue fills while they look, and the agent takes up what
they say.
"""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError as TookTooLong
from playwright.sync_api import expect

from tests.e2e.browsing import DESKTOP
from tests.runtime.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
REWORDED = "Northwind Agent rewords REQ-102"


@pytest.fixture
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("newcomer") / "var")
    yield house
    house.down()


def test_the_queue_is_alive_and_the_agent_listens(house, chromium):
    facts = house.up(DEMO_AGENT="1").facts()
    assert "demo.northwind" in house.children()
    context = chromium.new_context(base_url=house.url, viewport=DESKTOP)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(facts["reviewer"]["email"])
    page.get_by_label("Password", exact=True).fill(facts["reviewer"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.goto("/admin/review/")
    page.get_by_role("button", name="No, thank you").click()
    _arrives(page, "Northwind Agent deletes REQ-404")
    _arrives(page, REWORDED).click()
    page.get_by_placeholder("Reason or comment").fill("Two minutes are too bold.")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_text("You rejected it.").first).to_be_visible()  # here, or on the next one
    page.goto("/admin/review/")
    _arrives(page, REWORDED).click()
    expect(page.get_by_text("Five would still spare half of the calls").first).to_be_visible()
    context.close()


def _arrives(page, sentence):
    """While the page stands: what is new is shown once that is wanted."""
    row = page.get_by_role("link", name=sentence, exact=True)
    new = page.get_by_role("button", name=re.compile(r"^\d+ new$"))

    def is_there():
        if new.is_visible():
            with suppress(TookTooLong):  # it is shown by now
                new.click(timeout=2_000)
        return row.count()

    eventually(is_there, what=sentence)
    return row
