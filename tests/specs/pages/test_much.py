"""Pages of what has very much of something show some of it, and say where the rest is."""

import pytest

from apps.specs.pages import nodes, pictured
from apps.specs.selectors import blame
from tests.specs.graphs import doubt, node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(browser, workspace):
    return lambda path: browser.get(f"/admin/specs/{workspace.id}/{path}")


@pytest.fixture
def hub(workspace, first, monkeypatch):
    """GOAL-1, with more links and more doubts about them than a page shows."""
    monkeypatch.setattr(nodes, "MOST_LINKS", 3)
    monkeypatch.setattr(nodes, "MOST_SUSPECTS", 3)
    keys = [f"CON-{number}" for number in range(5)]
    links = [f"GOAL-1 depends_on {key}" for key in keys]
    plant(workspace, [node(key) for key in keys], links)
    doubt(workspace, *links)


def test_of_thousands_of_links_some_are_shown_and_a_list_has_all(read, hub):
    page = read("GOAL-1/")
    assert len(page.context["links"]) == 3
    assert page.context["more_links"] == 4
    assert "And 4 more:" in page.content.decode()
    assert page.context["linked_url"].endswith("/?linked=GOAL-1")
    listed = read("?linked=GOAL-1")
    keys = [one["key"] for one in listed.context["nodes"]]
    assert keys == [*(f"CON-{number}" for number in range(5)), "REQ-1", "REQ-2"]
    assert "Linked with <code>GOAL-1</code>" in listed.content.decode()
    before = read("?linked=GOAL-1&revision=1").context["nodes"]
    assert [one["key"] for one in before] == ["REQ-1", "REQ-2"]


def test_of_thousands_of_doubts_the_oldest_are_shown_first(read, hub):
    page = read("GOAL-1/")
    assert len(page.context["suspects"]) == 3
    assert "And 2 more, which are shown once these have been looked at." in page.content.decode()
    assert page.content.decode().count('name="cause"') == 3


def test_blame_says_where_it_stops(read, workspace, first, monkeypatch):
    monkeypatch.setattr(blame, "MOST_CHARACTERS", 30)
    for number in range(4):
        plant(workspace, [node("REQ-9", body=f"It is kept.\n\nIt is {number}.\n")])
    text = read("REQ-9/?body=blame").content.decode()
    assert "before version 3: further back is not read" in text


def test_a_picture_of_too_many_says_so_and_is_narrowed(read, first, monkeypatch):
    assert 'role="search"' not in read("graph/").content.decode()
    monkeypatch.setattr(pictured, "MOST", 2)
    page = read("graph/")
    assert "At most 2 specs are drawn, and 3 more are not in the picture" in page.content.decode()
    assert 'role="search"' in page.content.decode()
    narrowed = read("graph/?kind=requirement")
    assert [row["node"].key for row in narrowed.context["rows"]] == ["REQ-1", "REQ-2"]
    assert narrowed.context["left_out"] == 0
    assert 'role="search"' in narrowed.content.decode()


def test_a_picture_of_too_many_links_says_so(read, first, monkeypatch):
    assert "of the links between them" not in read("graph/").content.decode()
    monkeypatch.setattr(pictured, "MOST_LINES", 2)
    assert "Only 2 of the links between them are drawn." in read("graph/").content.decode()
    assert read("graph/?around=GOAL-1").status_code == 200
