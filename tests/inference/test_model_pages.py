"""The console's pages of models: a month's use, and the budget."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.inference.models import Budget
from tests.factories import MembershipFactory, WorkspaceFactory, at_the_console, member

LONG_AGO = datetime(2025, 3, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def owner(workspace):
    return at_the_console(member(workspace, Role.OWNER))


@pytest.fixture
def reviewer(workspace):
    return at_the_console(member(workspace, Role.REVIEWER))


@pytest.fixture
def client():
    return Client(headers={"accept": "text/html"})


def page_of(workspace, query=""):
    return reverse("admin:inference_usage", args=[workspace.id]) + query


def test_the_page_shows_the_month_and_sets_the_budget(client, used, workspace, owner):
    used("0.75", purpose="specs.backfill<b>")
    client.force_login(owner)
    assert client.get(reverse("admin:inference_budget_changelist")).url == page_of(workspace)
    page = client.get(page_of(workspace)).content.decode()
    assert "0.75 USD" in page
    assert "specs.backfill&lt;b&gt;" in page
    answered = client.post(page_of(workspace), {"monthly": "0.50"}, follow=True)
    assert "0.50 USD may be spent each month." in answered.content.decode()
    assert "The budget is spent" in answered.content.decode()
    client.post(page_of(workspace), {"monthly": ""})
    assert Budget.objects.get().monthly is None


def test_what_is_no_amount_is_said_beside_the_field(client, workspace, owner):
    client.force_login(owner)
    answered = client.post(page_of(workspace), {"monthly": "-3"})
    assert answered.status_code == 422
    assert "greater than or equal to 0" in answered.content.decode()
    assert not Budget.objects.exists()


def test_others_see_why_they_cannot_set_it(client, workspace, reviewer):
    client.force_login(reviewer)
    assert "an admin or an owner sets the budget" in client.get(page_of(workspace)).content.decode()
    assert client.post(page_of(workspace), {"monthly": "1"}).status_code == 403
    assert not Budget.objects.exists()


@pytest.mark.parametrize("month", ["2025-03", "nonsense", "9999-12", "0001-01", "1999-05"])
def test_any_month_of_the_past_can_be_looked_at(client, used, workspace, owner, month):
    used("7.77", at=LONG_AGO)
    client.force_login(owner)
    answered = client.get(page_of(workspace, f"?month={month}"))
    assert answered.status_code == 200
    assert ("7.77" in answered.content.decode()) == (month == "2025-03")


def test_with_several_workspaces_each_has_a_card(client, used, workspace, owner):
    other = WorkspaceFactory.create(name="Meadow")
    MembershipFactory.create(workspace=other, user=owner, role=Role.VIEWER)
    used("0.75")
    client.force_login(owner)
    page = client.get(reverse("admin:inference_budget_changelist")).content.decode()
    assert "Meadow" in page
    assert "0.75 USD this month" in page
    assert "Nothing spent this month" in page


def test_a_stranger_finds_no_page(client, workspace):
    client.force_login(at_the_console(member(WorkspaceFactory.create(), Role.OWNER)))
    assert client.get(page_of(workspace)).status_code == 404


def test_the_page_says_that_a_price_is_not_known(client, workspace, owner, settings):
    client.force_login(owner)
    assert "EMBEDDING_PRICE" not in client.get(page_of(workspace)).content.decode()
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = "openai/orchard-embed", 8
    assert "EMBEDDING_PRICE" in client.get(page_of(workspace)).content.decode()
