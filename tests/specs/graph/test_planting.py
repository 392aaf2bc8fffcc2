"""What the tests of this room stand on: graphs as applying proposals would leave them."""

import pytest

from apps.specs.models.graph import Graph, Key, Link, Node, Version, held_at
from tests.factories import WorkspaceFactory
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db


def test_each_planting_is_a_revision_and_each_change_a_version():
    workspace = WorkspaceFactory.create()
    first = plant(workspace, [node("GOAL-1"), node("REQ-1")], ["REQ-1 refines GOAL-1"])
    second = plant(workspace, [node("REQ-1", renamed="REQ-2", body="It SHALL.\n")])
    assert Graph.objects.get(workspace=workspace).revision == second.revision.number == 2
    assert second.revision.at > first.revision.at
    assert (second["REQ-2"].id, second["REQ-2"].version) == (first["REQ-1"].id, 2)
    held = [
        sorted(Version.objects.filter(held_at(number)).values_list("key", "number", "body"))
        for number in (1, 2, None)
    ]
    assert held[0] == [("GOAL-1", 1, ""), ("REQ-1", 1, "")]
    assert held[1] == held[2] == [("GOAL-1", 1, ""), ("REQ-2", 2, "It SHALL.\n")]
    assert set(Key.objects.filter(node__key="REQ-2").values_list("key", flat=True)) == {
        "REQ-1",
        "REQ-2",
    }
    plant(workspace, [node("REQ-1", is_live=False)])
    assert not Link.objects.filter(held_at(None)).exists()
    assert Link.objects.filter(held_at(2)).count() == 1
    assert list(Node.objects.live().values_list("key", flat=True)) == ["GOAL-1"]
