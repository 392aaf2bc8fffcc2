"""Doubtful links are cleared by who looks after them, or decides; once, and on record."""

import pytest

from apps.accounts.choices import Role
from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.ledger.models import Event
from apps.specs.console import suspect_specs
from apps.specs.errors import ChangedSince
from apps.specs.models.graph import Link, Suspect
from apps.specs.selectors.suspects import suspects_of
from apps.specs.services.suspects import clear_suspects
from tests.factories import PersonFactory, member
from tests.specs.graphs import doubt, node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(workspace):
    return member(workspace, Role.CONTRIBUTOR)


@pytest.fixture
def graph(workspace, keeper):
    """REQ-1 and REQ-2 doubt GOAL-1, REQ-1 also GOAL-2."""
    nodes = [
        *(node("GOAL-1"), node("GOAL-2")),
        *(node("REQ-1", owner_id=keeper.id), node("REQ-2", owner_id=keeper.id), node("REQ-3")),
    ]
    links = ["REQ-1 refines GOAL-1", "REQ-1 refines GOAL-2", "REQ-2 refines GOAL-1"]
    planted = plant(workspace, nodes, [*links, "REQ-3 refines GOAL-1"])
    doubt(workspace, *links)
    return planted


@pytest.fixture
def clear(workspace, graph):
    def clear(actor, *keys, seen=1, causes=None):
        return clear_suspects(
            nodes=[graph[key] for key in keys],
            seen=seen,
            causes=[graph[key].id for key in (graph.nodes if causes is None else causes)],
            actor=actor,
            workspace=workspace.id,
        )

    return clear


@pytest.fixture
def doubtful(workspace, owner):
    def told(**asked):
        found = suspects_of(workspace_id=workspace.id, actor=owner, **asked)
        return sorted(f"{one.node.key} {one.cause.key}" for one in found)

    return told


def cleared():
    found = Event.objects.filter(type="specs.suspects.cleared").order_by("seq")
    return [(event.payload["key"], event.payload["causes"]) for event in found]


def test_the_owner_clears_all_of_a_node_on_record(graph, clear, keeper, doubtful):
    assert len(clear(keeper, "REQ-1")) == 2
    assert doubtful() == ["REQ-2 GOAL-1"]
    assert cleared() == [("REQ-1", ["GOAL-1", "GOAL-2"])]
    row = Suspect.objects.exclude(cleared_at=None).first()
    assert row is not None
    assert row.cleared_by == keeper.id


def test_those_of_one_cause_and_of_several_nodes(graph, clear, keeper, doubtful):
    assert len(clear(keeper, "REQ-1", "REQ-2", causes=["GOAL-1"])) == 2
    assert doubtful() == ["REQ-1 GOAL-2"]
    assert sorted(cleared()) == [("REQ-1", ["GOAL-1"]), ("REQ-2", ["GOAL-1"])]


def test_cleared_already_they_stay_so_and_nothing_is_recorded(graph, clear, keeper):
    clear(keeper, "REQ-1")
    before = list(Suspect.objects.order_by("id").values())
    assert clear(keeper, "REQ-1") == []
    assert clear(keeper, "REQ-1", causes=[]) == []
    assert list(Suspect.objects.order_by("id").values()) == before
    assert len(cleared()) == 1


def test_of_a_link_that_has_ended_nobody_has_to_look(graph, clear, keeper, doubtful):
    Link.objects.filter(source=graph["REQ-1"], target=graph["GOAL-1"]).update(until=2)
    assert doubtful() == ["REQ-1 GOAL-2", "REQ-2 GOAL-1"]
    reading = suspect_specs(keeper)
    assert (reading.value, reading.note) == (2, "you look after; 2 in all")
    assert len(clear(keeper, "REQ-1")) == 1
    Link.objects.filter(source=graph["REQ-2"]).update(until=2)
    assert suspect_specs(keeper).value == 0


def test_doubted_again_it_is_cleared_again(graph, clear, keeper, workspace, doubtful):
    clear(keeper, "REQ-2")
    doubt(workspace, "REQ-2 refines GOAL-1")
    assert "REQ-2 GOAL-1" in doubtful()
    clear(keeper, "REQ-2")
    assert cleared() == [("REQ-2", ["GOAL-1"])] * 2


def change_goal(workspace):
    """As a revision that is applied marks what it makes doubtful."""
    changed = plant(workspace, [node("GOAL-1", title="Anew")])
    doubtful = Suspect.objects.filter(cause=changed["GOAL-1"], cleared_at=None)
    doubtful.update(latest=changed.revision.number)


def test_what_has_changed_again_since_it_was_seen_stays(graph, clear, keeper, workspace, doubtful):
    change_goal(workspace)
    with pytest.raises(ChangedSince) as refused:
        clear(keeper, "REQ-1", "REQ-2")
    assert refused.value.details == [
        {"field": "seen", "message": "GOAL-1 has changed by revision 2."}
    ]
    assert (len(doubtful()), cleared()) == (3, [])
    assert len(clear(keeper, "REQ-1", causes=["GOAL-2"])) == 1
    clear(keeper, "REQ-1", "REQ-2", seen=2)
    assert doubtful() == []


def test_nobody_has_seen_what_is_to_come(graph, clear, keeper, doubtful):
    with pytest.raises(Invalid):
        clear(keeper, "REQ-1", seen=2)
    assert (len(doubtful()), cleared()) == (3, [])


def test_who_decides_may_clear_what_others_look_after(graph, clear, reviewer, doubtful):
    clear(reviewer, "REQ-1", "REQ-2", "REQ-3")
    assert doubtful() == []


@pytest.mark.parametrize("keys", [("REQ-1",), ("REQ-2", "REQ-1")])
def test_others_may_not(graph, clear, contributor, keys, doubtful):
    with pytest.raises(NotAllowed):
        clear(contributor, *keys)
    assert len(doubtful()) == 3
    assert cleared() == []


def test_an_agent_may_not_clear_what_it_looks_after(graph, clear, agent, doubtful):
    graph["REQ-1"].owner_id = agent.id
    graph["REQ-1"].save(update_fields=["owner_id"])
    with pytest.raises(NotAllowed):
        clear(agent, "REQ-1")
    assert len(doubtful()) == 3
    assert cleared() == []


def test_one_that_is_not_mine_refuses_all(graph, clear, keeper, doubtful):
    with pytest.raises(NotAllowed):
        clear(keeper, "REQ-1", "REQ-3")
    assert len(doubtful()) == 3


def test_strangers_meet_nothing(graph, clear, workspace, doubtful):
    stranger = PersonFactory.create()
    with pytest.raises(NotFound):
        clear(stranger, "REQ-1")
    with pytest.raises(NotFound):
        suspects_of(workspace_id=workspace.id, actor=stranger)
    assert len(doubtful()) == 3


def test_they_are_listed_by_node_owner_and_cause(graph, doubtful, keeper):
    assert doubtful(node=graph["REQ-2"].id) == ["REQ-2 GOAL-1"]
    assert doubtful(cause=graph["GOAL-2"].id) == ["REQ-1 GOAL-2"]
    assert len(doubtful(node__owner_id=keeper.id)) == 3
    assert doubtful(node__owner_id=graph["REQ-1"].id) == []
