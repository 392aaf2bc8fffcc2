"""What is different between two moments: of a node, and of the whole graph."""

import pytest

from apps.specs.selectors.comparing import changed_between, differences
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def between(workspace, contributor):
    def compare(one, other):
        found = changed_between(
            workspace_id=workspace.id, actor=contributor, one=one, other=other
        ).order_by("key")
        return {each.key: each for each in differences(found, one, other)}

    return compare


@pytest.fixture
def graph(workspace):
    """Four revisions."""
    plant(
        workspace,
        [node("GOAL-1"), node("REQ-1", body="One.\nTwo.\n", attributes={"risk": 1}), node("REQ-2")],
        ["REQ-1 refines GOAL-1"],
    )
    plant(
        workspace,
        [node("REQ-1", title="Later", body="One.\nThree.\n", attributes={"risk": True})],
        ["REQ-2 refines GOAL-1"],
        unlinks=["REQ-1 refines GOAL-1"],
    )
    plant(workspace, [node("REQ-3", parent="GOAL-1"), node("REQ-2", is_live=False)])
    plant(
        workspace,
        [node("REQ-1", title="About REQ-1", body="One.\nTwo.\n", attributes={"risk": 1})],
        ["REQ-1 refines GOAL-1"],
    )


def test_between_two_moments_nodes_change_come_and_go(graph, between):
    found = between(1, 3)
    assert list(found) == ["REQ-1", "REQ-2", "REQ-3"]
    assert found["REQ-1"].fields == {
        "title": ("About REQ-1", "Later"),
        "attributes.risk": (1, True),
    }
    (hunk,) = found["REQ-1"].hunks
    assert [line.kind + line.text for line in hunk.lines] == [" One.", "-Two.", "+Three."]
    assert (found["REQ-1"].before.version, found["REQ-1"].after.version) == (1, 2)
    assert (found["REQ-2"].before.title, found["REQ-2"].after) == ("About REQ-2", None)
    assert found["REQ-2"].fields["status"] == ("active", None)
    assert (found["REQ-3"].before, found["REQ-3"].after.title) == (None, "About REQ-3")
    assert "labels" not in found["REQ-3"].fields


def test_links_belong_to_where_they_come_from(graph, between):
    found = between(1, 2)
    assert [str(link.kind) for link in found["REQ-1"].lost] == ["refines"]
    assert [str(link.kind) for link in found["REQ-2"].gained] == ["refines"]
    assert (found["REQ-2"].fields, found["REQ-2"].hunks) == ({}, ())
    assert "GOAL-1" not in found
    assert found["REQ-1"].lost[0].target == found["REQ-2"].gained[0].target


def test_what_was_changed_back_is_no_difference(graph, between):
    assert list(between(1, 4)) == ["REQ-2", "REQ-3"]
    assert between(2, 2) == {}


def test_looked_at_from_the_other_end_it_is_the_other_way_round(graph, between):
    forwards, backwards = between(1, 3), between(3, 1)
    assert list(forwards) == list(backwards)
    for key, found in forwards.items():
        assert (found.before, found.after) == (backwards[key].after, backwards[key].before)
        assert found.fields == {
            name: (after, before) for name, (before, after) in backwards[key].fields.items()
        }
        assert (found.gained, found.lost) == (backwards[key].lost, backwards[key].gained)


def test_from_nothing_to_the_present(graph, between):
    found = between(0, 4)
    assert list(found) == ["GOAL-1", "REQ-1", "REQ-3"]
    assert all(each.before is None for each in found.values())


def test_it_asks_as_often_however_much_has_changed(
    graph, workspace, between, django_assert_num_queries
):
    with django_assert_num_queries(6):
        between(1, 2)
    plant(workspace, [node(f"TASK-{number}") for number in range(30)])
    with django_assert_num_queries(6):
        assert len(between(0, 5)) > 30
