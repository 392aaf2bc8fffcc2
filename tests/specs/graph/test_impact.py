"""What depends on what: every node once, by the shortest path, the nearest first."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.specs.choices import CARRIES, MUTUAL, LinkKind
from apps.specs.selectors.impact import impact_of
from tests.factories import WorkspaceFactory
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db


def impact(workspace, *keys, planted, **more):
    return impact_of([planted[key].id for key in keys], workspace.id, **more)


def told(reached):
    """The path as a sentence."""
    return " ".join([reached.key, *(f"{step.link} {step.key}" for step in reached.path)])


def test_impact_goes_backwards_along_links_that_carry(workspace):
    planted = plant(
        workspace,
        map(node, ["GOAL-1", "REQ-1", "REQ-2", "TASK-1", "TEST-1", "TEST-2"]),
        [
            "REQ-1 refines GOAL-1",
            "TASK-1 implements REQ-1",
            "TEST-1 verifies REQ-1",
            "TEST-2 relates_to REQ-1",  # carries nothing
            "GOAL-1 depends_on REQ-2",  # the other way
        ],
    )
    found = impact(workspace, "GOAL-1", planted=planted)
    assert [(one.distance, told(one)) for one in found] == [
        (1, "REQ-1 refines GOAL-1"),
        (2, "TASK-1 implements REQ-1 refines GOAL-1"),
        (2, "TEST-1 verifies REQ-1 refines GOAL-1"),
    ]
    assert (found[0].title, found[0].kind) == ("About REQ-1", "requirement")
    assert found[2].path[0].node_id == planted["REQ-1"].id


def test_what_conflicts_is_concerned_both_ways(workspace):
    planted = plant(
        workspace, map(node, ["REQ-1", "REQ-2", "REQ-3"]), ["REQ-1 conflicts_with REQ-2"]
    )
    for one, other in (("REQ-1", "REQ-2"), ("REQ-2", "REQ-1")):
        (found,) = impact(workspace, one, planted=planted)
        assert told(found) == f"{other} conflicts_with {one}"


def test_links_that_have_ended_carry_nothing(workspace):
    planted = plant(workspace, map(node, ["REQ-1", "REQ-2"]), ["REQ-2 depends_on REQ-1"])
    plant(workspace, unlinks=["REQ-2 depends_on REQ-1"])
    assert impact(workspace, "REQ-1", planted=planted) == []


def test_so_many_and_no_more_the_nearest_first(workspace):
    keys = [f"REQ-{number}" for number in range(10)]
    links = [f"{one} refines {other}" for other, one in pairwise(keys)]
    planted = plant(workspace, map(node, keys), links)
    found = impact(workspace, "REQ-0", planted=planted, most=4)
    assert [one.key for one in found] == keys[1:5]
    assert len(impact(workspace, "REQ-0", planted=planted)) == 9


def test_nodes_of_another_workspace_lead_nowhere(workspace):
    elsewhere = WorkspaceFactory.create()
    planted = plant(elsewhere, map(node, ["REQ-1", "REQ-2"]), ["REQ-2 depends_on REQ-1"])
    assert impact(workspace, "REQ-1", planted=planted) == []
    assert impact_of([], workspace.id) == []


def test_it_asks_the_database_once(workspace, django_assert_num_queries):
    planted = plant(workspace, map(node, ["REQ-1", "REQ-2"]), ["REQ-2 depends_on REQ-1"])
    with django_assert_num_queries(1):
        assert impact(workspace, "REQ-1", planted=planted)


PLACES = st.integers(0, 7)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sets(st.tuples(PLACES, st.sampled_from(LinkKind), PLACES), max_size=20),
    st.sets(PLACES, min_size=1, max_size=3),
)
def test_it_finds_what_a_plain_search_finds(workspace, links, changed):
    workspace = WorkspaceFactory.create()
    sentences = [f"REQ-{one} {kind} REQ-{other}" for one, kind, other in links if one != other]
    planted = plant(workspace, (node(f"REQ-{number}") for number in range(8)), sentences)
    steps = {(one, str(kind), other) for one, kind, other in links if kind in CARRIES}
    steps |= {(other, kind, one) for one, kind, other in steps if kind in MUTUAL}
    distances, waiting = dict.fromkeys(changed, 0), deque(changed)
    while waiting:
        at = waiting.popleft()
        for one, _, other in steps:
            if other == at and one not in distances:
                distances[one] = distances[at] + 1
                waiting.append(one)
    found = impact(workspace, *(f"REQ-{number}" for number in changed), planted=planted)
    numbers = {one.key: one.distance for one in found}
    assert numbers == {f"REQ-{at}": far for at, far in distances.items() if far}
    assert [one.distance for one in found] == sorted(numbers.values())
    for one in found:
        names = [one.key, *(step.key for step in one.path)]
        assert len(one.path) == one.distance
        assert names[-1] in {f"REQ-{number}" for number in changed}
        for source, step in zip(names, one.path, strict=False):
            assert (int(source[4:]), step.link, int(step.key[4:])) in steps
