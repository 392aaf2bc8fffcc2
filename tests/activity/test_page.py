"""/activity as the server renders it: who sees what, in how many queries."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.services.agents import create_agent
from apps.accounts.services.workspaces import rename_workspace
from tests.factories import MembershipFactory, WorkspaceFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return WorkspaceFactory.create(name="Orchard Street")


@pytest.fixture
def owner(workspace):
    return member(workspace, Role.OWNER)


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
