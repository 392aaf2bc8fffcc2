"""What is different between versions of a spec, and between moments of the graph."""

import pytest

from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db

QUERIES = 16


@pytest.fixture
def read(browser, workspace):
    return lambda path: browser.get(f"/admin/specs/{workspace.id}/{path}")


def told(page) -> list[str]:
    return [f"{one['told'].verb} {one['target']}" for one in page.context["tab"]["operations"]]


def fields(page) -> set[str]:
    return {field["name"] for one in page.context["tab"]["operations"] for field in one["fields"]}


def test_two_versions_are_compared_word_by_word(read, second):
    page = read("REQ-1/versions/")
    text = page.content.decode()
    assert (page.context["since"], page.context["until"]) == (1, 2)
    assert told(page) == ["changed REQ-1 Refunds below a limit"]
    assert "<ins> at once</ins>" in text
    assert fields(page) == {"title"}
    assert "data-hunk" in read("REQ-1/versions/?lines=split").content.decode()


def test_links_that_came_between_versions_are_told(read, second, workspace):
    plant(workspace, [node("REQ-2", title="All of them")])
    assert fields(read("REQ-2/versions/")) == {"title", "depends on"}


def test_any_two_versions_may_be_chosen_either_way(read, second, workspace):
    plant(workspace, [node("REQ-1", body="It SHALL pay.\n", title="Small refunds")])
    same = read("REQ-1/versions/?since=1&until=3")
    assert "No line of it changes." in same.content.decode()
    back = read("REQ-1/versions/?since=2&until=1")
    assert "<del> at once</del>" in back.content.decode()
    beyond = read("REQ-1/versions/?since=0&until=99")
    assert (beyond.context["since"], beyond.context["until"]) == (1, 3)


def test_the_last_revision_is_what_changed_last(read, second):
    page = read("changes/")
    assert told(page) == ["changed REQ-1 Refunds below a limit", "changed REQ-2 Large refunds"]
    assert "depends on" in fields(page)
    assert [one["number"] for one in page.context["revisions"]] == [2, 1]


def test_moments_apart_show_what_came_and_went(read, second, workspace):
    plant(workspace, [node("TEST-1", is_live=False), node("GOAL-2", owner_id=None)])
    assert told(read("changes/?since=0&until=1"))[0] == "added DOC-1 Refunds"
    assert told(read("changes/?since=2&until=3")) == [
        "added GOAL-2 About GOAL-2",
        "removed TEST-1 Pays back",
    ]
    assert told(read("changes/?since=3&until=3")) == []


def test_nodes_and_people_are_called_by_their_names(read, second, workspace, reviewer):
    plant(workspace, [node("REQ-2", parent="GOAL-1", owner_id=reviewer.id)])
    text = read("REQ-2/versions/").content.decode()
    assert reviewer.name in text
    assert "<ins>GOAL</ins>" in text


def test_before_the_first_there_is_nothing_to_compare(read):
    assert "Nothing was applied yet." in read("changes/").content.decode()


def test_many_changes_are_shown_in_pages(read, workspace, monkeypatch):
    monkeypatch.setattr("apps.specs.pages.changes.SHOWN", 4)
    plant(workspace, [node(f"REQ-{number}") for number in range(10)])
    page = read("changes/")
    seen = told(page)
    while more := page.context["more"]:
        page = read(f"changes/{more}")
        seen += told(page)
    assert len(set(seen)) == 10


@pytest.mark.parametrize("count", [1, 25])
def test_it_takes_as_many_queries_for_many(read, workspace, count, django_assert_num_queries):
    keys = [f"REQ-{number}" for number in range(count + 1)]
    plant(workspace, map(node, keys), [f"{key} refines REQ-0" for key in keys[1:]])
    read("changes/")
    with django_assert_num_queries(QUERIES):
        read("changes/")
