"""A month of models and its budget, in a browser: light, dark, on a phone, by keyboard alone."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.inference.choices import Outcome
from apps.inference.models import Budget, Use
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import at_the_console, member

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_budget_is_set_by_keyboard_on_a_phone(open_browser, workspace, scheme):
    owner = member(workspace, Role.OWNER)
    at_the_console(owner)
    for purpose in ("specs.search", "specs.index"):
        Use.objects.create(
            workspace=workspace,
            actor_id=owner.id,
            actor_kind="person",
            model="openai/text-embedding-3-small-with-a-long-name",
            purpose=purpose,
            texts=12_345,
            tokens=1_234_567,
            cost=Decimal("0.0246913"),
            ms=300,
            outcome=Outcome.DONE,
        )
    page = open_browser(color_scheme=scheme, viewport=PHONE)
    log_in(page, owner)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto("/admin/inference/budget/")
    expect(page.get_by_role("row", name="specs.index")).to_contain_text("0.0246913")
    assert serious_faults(page) == []
    assert not too_wide(page)

    page.get_by_label("US dollars a month").focus()
    page.keyboard.type("0.04")
    page.keyboard.press("Enter")
    expect(page.get_by_text("0.04 USD may be spent each month.")).to_be_visible()
    expect(page.get_by_text("The budget is spent")).to_be_visible()
    assert Budget.objects.get(workspace=workspace).monthly == Decimal("0.04")
    assert serious_faults(page) == []
