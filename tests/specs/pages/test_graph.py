"""The graph as a picture, and the table that says the same."""

import pytest

from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db

QUERIES = 12


@pytest.fixture
def read(browser, workspace):
    return lambda path="": browser.get(f"/admin/specs/{workspace.id}/graph/{path}")


def boxes(page) -> list[str]:
    return sorted(box.label for box in page.context["picture"].boxes)


def test_a_small_graph_stands_open(read, second):
    page = read()
    assert boxes(page) == ["DOC-1", "GOAL-1", "REQ-1", "REQ-2", "TEST-1"]
    assert len(page.context["picture"].frames) == 3


def test_a_large_one_begins_as_its_documents_and_kinds(read, workspace):
    plant(workspace, [node("DOC-1"), node("DOC-2")])
    for document in (1, 2):
        parts = [node(f"REQ-{document}{n:03}", parent=f"DOC-{document}") for n in range(250)]
        plant(
            workspace,
            parts,
            [f"REQ-{document}{n:03} refines REQ-{document}000" for n in range(1, 250)],
        )
    page = read()
    assert boxes(page) == ["DOC-1 About DOC-1", "DOC-2 About DOC-2"]
    assert len(page.context["rows"]) == 502
    opened = read("?open=DOC-1")
    assert len(boxes(opened)) == 252
    assert len(boxes(read("?open=*"))) == 502


def test_an_open_group_is_closed_and_a_closed_one_opened(read, second):
    page = read("?open=goal,test")
    assert {frame.label: frame.url for frame in page.context["picture"].frames} == {
        "Other: goal": "?open=test",
        "Other: test": "?open=goal",
    }
    [closed] = [box for box in page.context["picture"].boxes if box.is_group]
    assert closed.url == "?open=DOC-1%2Cgoal%2Ctest"


def test_around_one_there_is_what_is_so_many_links_away(read, second):
    assert boxes(read("?around=TEST-1")) == ["REQ-1", "TEST-1"]
    assert boxes(read("?around=test-1&depth=2")) == ["GOAL-1", "REQ-1", "REQ-2", "TEST-1"]
    [centre] = [box for box in read("?around=TEST-1").context["picture"].boxes if box.is_centre]
    assert centre.label == "TEST-1"


def test_too_many_around_one_are_counted(read, workspace, monkeypatch):
    monkeypatch.setattr("apps.specs.pages.pictured.MOST_AROUND", 10)
    keys = [f"REQ-{number}" for number in range(30)]
    plant(workspace, map(node, keys), [f"{key} refines REQ-0" for key in keys[1:]])
    page = read("?around=REQ-0")
    assert len(boxes(page)) == 10
    assert page.context["left_out"] == 20


def test_too_many_in_all_are_counted(read, second, monkeypatch):
    monkeypatch.setattr("apps.specs.pages.pictured.MOST", 3)
    page = read()
    assert (len(boxes(page)), page.context["left_out"]) == (3, 2)


def test_the_table_says_the_same(read, second):
    rows = {row["node"].key: row for row in read().context["rows"]}

    def said(key):
        return [{how: [to for to, _ in ends] for how, ends in way} for way in rows[key]["ways"]]

    assert said("REQ-2") == [{"depends on": ["REQ-1"], "refines": ["GOAL-1"]}, {}]
    assert said("GOAL-1") == [{}, {"is refined by": ["REQ-1", "REQ-2"]}]


def test_the_past_has_the_links_of_then(read, second):
    lines = {line.said for line in read("?revision=1").context["picture"].lines}
    assert "REQ-2 depends on REQ-1" not in lines
    assert "REQ-2 depends on REQ-1" in {line.said for line in read().context["picture"].lines}


def test_an_unknown_spec_has_nothing_around_it(read, first):
    assert read("?around=REQ-99").status_code == 404


@pytest.mark.parametrize("count", [2, 80])
def test_it_takes_as_many_queries_for_many(read, workspace, count, django_assert_num_queries):
    keys = [f"REQ-{number}" for number in range(count)]
    plant(workspace, map(node, keys), [f"{key} refines REQ-0" for key in keys[1:]])
    read()
    with django_assert_num_queries(QUERIES):
        read()
