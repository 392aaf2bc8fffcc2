"""/admin/specs/: found, narrowed, now and then; by who may see it."""

import pytest

from apps.accounts.choices import Role
from tests.factories import WorkspaceFactory, at_the_console, member
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db

QUERIES = 17


def at(workspace, path="") -> str:
    return f"/admin/specs/{workspace.id}/{path}"


def keys(page) -> list[str]:
    return [row["key"] for row in page.context["nodes"]]


def test_the_way_in_leads_to_ones_own_workspace(browser, workspace):
    assert browser.get("/admin/specs/").url == at(workspace)


def test_whoever_belongs_to_several_chooses(browser, reviewer, workspace, first):
    other = WorkspaceFactory.create(name="Other", kind="organization")
    other.memberships.create(user=reviewer, role=Role.VIEWER)
    page = browser.get("/admin/specs/?all")
    counts = {str(workspace): count for workspace, count in page.context["rows"]}
    assert counts == {"Orchard": 5, "Other": 0}


def test_an_empty_workspace_says_how_the_first_comes_about(browser, workspace):
    assert "POST /api/v1/mutations" in browser.get(at(workspace)).content.decode()


def test_it_lists_what_there_is_and_the_documents(browser, workspace, second):
    page = browser.get(at(workspace))
    assert keys(page) == ["DOC-1", "GOAL-1", "REQ-1", "REQ-2", "TEST-1"]
    assert [branch["key"] for branch in page.context["tree"]] == ["DOC-1"]
    assert "Refunds below a limit" in page.content.decode()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("kind=goal", ["GOAL-1"]),
        ("label=money", ["REQ-2"]),
        ("status=draft", []),
        ("q=limit", ["REQ-1"]),
        ("q=AT+ONCE", ["REQ-1"]),
        ("parent=doc-1", ["REQ-1", "REQ-2"]),
        ("parent=DOC-1&kind=goal", []),
        ("revision=1&q=small", ["REQ-1"]),
        ("revision=0", []),
        ("as_of=2001-01-01", []),
        ("as_of=rev:1&q=small", ["REQ-1"]),
        ("as_of=whenever&kind=goal", ["GOAL-1"]),
        ("revision=99&kind=goal", ["GOAL-1"]),
        ("revision=x&kind=goal", ["GOAL-1"]),
        ("page=2", []),
        ("owner_id=nobody&kind=goal", ["GOAL-1"]),
    ],
)
def test_it_is_narrowed(browser, workspace, second, asked, found):
    assert keys(browser.get(at(workspace, f"?{asked}"))) == found


def test_the_past_is_shown_as_it_was_and_its_links_stay_in_it(browser, workspace, second):
    page = browser.get(at(workspace, "?revision=1&kind=requirement")).content.decode()
    assert "Small refunds" in page
    assert "Refunds below a limit" not in page
    assert f"{at(workspace, 'REQ-1/')}?revision=1" in page
    assert "Begin refunds" in page


def test_an_opened_document_shows_its_parts_along_the_path(browser, workspace, first):
    plant(workspace, [node("SEC-1.a", parent="REQ-1", rank="a")])
    page = browser.get(at(workspace, "?parent=REQ-1"))
    [document] = page.context["tree"]
    assert [(part["key"], len(part.get("parts", ()))) for part in document["parts"]] == [
        ("REQ-1", 1),
        ("REQ-2", 0),
    ]
    assert keys(page) == ["SEC-1.a"]
    assert f'Parts of <a href="{at(workspace, "REQ-1/")}">' in page.content.decode()


def test_what_nobody_would_see_is_spelled_out(browser, workspace):
    plant(workspace, [node("REQ-9", title="Pay\u200b now", labels=["mon\u202eey"])])
    page = browser.get(at(workspace)).content.decode()
    assert "Pay⟨U+200B" in page
    assert "\u200b" not in page
    assert "\u202e" not in page


def test_strangers_find_nothing(workspace, first, client):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    at_the_console(stranger)
    client.force_login(stranger)
    for path in ("", "graph/", "proposals/", "REQ-1/"):
        assert client.get(at(workspace, path)).status_code == 404
    proposal = first.revision.proposal_id
    assert client.get(f"/admin/specs/proposals/{proposal}/").status_code == 404


def test_a_page_goes_on_where_the_last_one_ended(browser, workspace):
    plant(workspace, [node(f"REQ-{number}") for number in range(120)])
    page = browser.get(at(workspace))
    seen = keys(page)
    while more := page.context["more"]:
        page = browser.get(at(workspace, more))
        seen += keys(page)
    assert sorted(seen) == sorted(f"REQ-{number}" for number in range(120))


@pytest.mark.parametrize("count", [1, 40])
def test_it_takes_as_many_queries_for_many(
    browser, workspace, second, reviewer, count, django_assert_num_queries
):
    more = [
        node(f"REQ-{number}0", parent="DOC-1", owner_id=reviewer.id)
        for number in range(1, count + 1)
    ]
    plant(workspace, more)
    browser.get(at(workspace))
    with django_assert_num_queries(QUERIES):
        browser.get(at(workspace))
