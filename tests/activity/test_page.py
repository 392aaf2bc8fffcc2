"""/activity as the server renders it: who sees what, in how many queries."""

from html import escape
from itertools import groupby

import pytest

from apps.accounts.choices import Role
from apps.accounts.events import WorkspaceRenamed
from apps.accounts.services.agents import create_agent
from apps.accounts.services.workspaces import rename_workspace
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.services import begin_epoch, record, unit
from tests.factories import MembershipFactory, WorkspaceFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return WorkspaceFactory.create(name="Orchard Street")


@pytest.fixture
def browser(client, owner):
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return client


def texts(page):
    return [event.text for event in page.context["page"].events]


def test_newest_come_first_and_name_what_happened(browser, workspace, owner):
    for name in ("Scribe", "<i>Reader</i>"):
        create_agent(workspace_id=workspace.id, name=name, owner=owner, actor=owner)
    page = browser.get("/activity")
    added = f"{owner.name} added the agent"
    assert texts(page) == [
        f"{added} <i>Reader</i> to Orchard Street",
        f"{added} Scribe to Orchard Street",
    ]
    assert "<i>Reader" not in page.content.decode()
    assert page.context["facts"]["positions"] == {str(workspace.id): 2}


def test_other_workspaces_stay_out_however_they_are_named(browser, workspace, owner):
    foreign = WorkspaceFactory.create(name="Foreign Affairs")
    boss = member(foreign, Role.OWNER)
    create_agent(workspace_id=foreign.id, name="Spy", owner=boss, actor=boss)
    assert "Foreign" not in browser.get("/activity").content.decode()
    for wanted in (str(foreign.id), "x", "7"):
        answer = browser.get("/activity", {"workspace": wanted})
        assert answer.status_code == 403
        assert "Foreign" not in answer.content.decode()


def test_filters_choose_by_workspace_and_area(browser, workspace, owner):
    second = WorkspaceFactory.create(name="Compliance")
    MembershipFactory.create(workspace=second, user=owner, role=Role.OWNER)
    create_agent(workspace_id=workspace.id, name="Scribe", owner=owner, actor=owner)
    rename_workspace(workspace_id=second.id, name="Legal", actor=owner)
    assert len(texts(browser.get("/activity"))) == 2
    one = browser.get("/activity", {"workspace": str(second.id), "area": "workspace"})
    assert texts(one) == [f"{owner.name} renamed the workspace to Legal"]
    assert texts(browser.get("/activity", {"area": ["audit", "nonsense"]})) == []
    assert len(texts(browser.get("/activity", {"area": "nonsense"}))) == 2


def test_page_says_nothing_inline_and_costs_the_same_for_many(
    browser, workspace, owner, django_assert_max_num_queries
):
    for number in range(30):
        create_agent(workspace_id=workspace.id, name=f"Agent {number}", owner=owner, actor=owner)
    with django_assert_max_num_queries(9):
        page = browser.get("/activity")
    assert len(texts(page)) == 30
    assert " style=" not in page.content.decode()
    assert "unsafe" not in page.headers["Content-Security-Policy"]


class TestOlder:
    """Fifty at a time, back to the first, whatever happens meanwhile."""

    @pytest.fixture
    def long_past(self, workspace, owner):
        """130 events in two workspaces, in turns of no regular length."""
        second = WorkspaceFactory.create(name="Compliance")
        MembershipFactory.create(workspace=second, user=owner, role=Role.OWNER)
        for is_second, turn in groupby(n % 7 in (2, 3, 5) for n in range(130)):
            place = second if is_second else workspace
            with unit(actor=owner, workspace=place.id):
                for _ in turn:
                    record(WorkspaceRenamed(workspace=place.id))
        return second

    def all_pages(self, browser, address="/activity", between=lambda: None):
        while address:
            page = browser.get(address)
            yield page
            between()
            older = page.context["older"]
            assert f'href="{escape(older)}"' in page.content.decode() or not older
            address = older and f"/activity{older}"

    def keys(self, pages):
        found = [(e.workspace_id, e.seq) for page in pages for e in page.context["page"].events]
        assert len(found) == len(set(found)), "nothing twice"
        return found

    def test_each_event_is_shown_once_and_in_the_order_of_time(self, browser, long_past):
        pages = list(self.all_pages(browser))
        assert [len(texts(page)) for page in pages] == [50, 50, 30]
        assert len(self.keys(pages)) == 130
        times = [event.at for page in pages for event in page.context["page"].events]
        assert times == sorted(times, reverse=True)

    def test_what_happens_meanwhile_moves_nothing(self, browser, long_past, owner):
        def happens():
            rename_workspace(workspace_id=long_past.id, name=f"Later {uuid7()}", actor=owner)

        pages = list(self.all_pages(browser, between=happens))
        assert len(self.keys(pages)) == 130

    def test_filters_are_kept(self, browser, long_past):
        chosen = f"/activity?workspace={long_past.id}&area=workspace"
        pages = list(self.all_pages(browser, chosen))
        assert {place for place, _ in self.keys(pages)} == {long_past.id}
        assert len(self.keys(pages)) == len([n for n in range(130) if n % 7 in (2, 3, 5)])
        assert browser.get("/activity?area=audit").context["older"] == ""

    def test_a_page_of_older_ones_leads_back_to_the_newest(self, browser, long_past):
        first, second, last = self.all_pages(browser)
        assert "Newest events" not in first.content.decode()
        for page in (second, last):
            assert "Newest events" in page.content.decode()
            assert page.context["facts"]["newest"] is False
        assert "That is where it began" in last.content.decode()

    def test_a_place_that_is_none_leads_to_the_newest(self, browser, long_past):
        for older in ("x", "a.b.c", "1.2.3_4", "9" * 9000, "%00"):
            page = browser.get("/activity", {"older": older})
            assert len(texts(page)) == 50, older
            assert page.context["facts"]["newest"] is True

    def test_a_place_of_before_a_restore_leads_to_the_newest(self, browser, long_past):
        older = browser.get("/activity").context["older"]
        begin_epoch(reason="restored", actor=SYSTEM)
        assert browser.get(f"/activity{older}").context["facts"]["newest"] is True

    def test_a_place_opens_no_workspace_of_others(self, browser, long_past, owner):
        older = browser.get("/activity").context["older"]
        stranger = member(WorkspaceFactory.create(), Role.OWNER)
        browser.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
        assert texts(browser.get(f"/activity{older}")) == []

    def test_older_pages_cost_as_many_queries_as_the_first(
        self, browser, long_past, django_assert_max_num_queries
    ):
        address = "/activity"
        while address:
            with django_assert_max_num_queries(9):
                page = browser.get(address)
            older = page.context["older"]
            address = older and f"/activity{older}"
