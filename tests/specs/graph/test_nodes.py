"""Nodes by their keys, and the graph as it is and as it was."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.common.errors import NotFound
from apps.specs.errors import MomentUnknown, NodeMissing
from apps.specs.selectors.nodes import (
    as_of,
    nodes_at,
    revision_at,
    revision_named,
    the_node,
    versions_of,
)
from tests.factories import PersonFactory, WorkspaceFactory
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.fixture
def history(workspace):
    """Of three days: REQ-1 comes, is changed, is renamed and leaves."""
    return [
        plant(workspace, [node("GOAL-1"), node("REQ-1", body="Old.\n", labels=["safety"])], at=MAY),
        plant(workspace, [node("REQ-1", body="New.\n")], at=MAY + timedelta(days=1)),
        plant(workspace, [node("REQ-1", renamed="REQ-2")], at=MAY + timedelta(days=2)),
        plant(workspace, [node("REQ-2", is_live=False)], at=MAY + timedelta(days=3)),
    ]


@pytest.fixture
def named(workspace, contributor):
    return lambda name: the_node(name=name, actor=contributor, workspace_id=workspace.id)


@pytest.fixture
def held(workspace, contributor):
    def keys(revision=None, **asked):
        found = nodes_at(
            workspace_id=workspace.id, actor=contributor, revision=revision, **asked
        ).order_by("key")
        return [row.key for row in found]

    return keys


def test_a_node_is_found_by_every_key_it_had_and_by_its_id(history, named):
    wanted = history[0]["REQ-1"].id
    for name in ("REQ-1", "req-1", "REQ-2", "Req-2", str(wanted), str(wanted).upper()):
        assert named(name).id == wanted
        assert named(name).key == "REQ-2"
    for name in ("REQ-3", "REQ-1 ", "", "\0", "\ud800", "0" * 32):
        with pytest.raises(NodeMissing):
            named(name)


def test_strangers_find_nothing(history, workspace, owner):
    elsewhere = WorkspaceFactory.create()
    id_ = str(history[0]["REQ-1"].id)
    for name in ("REQ-1", id_):
        with pytest.raises(NotFound):
            the_node(name=name, actor=PersonFactory.create(), workspace_id=workspace.id)
        with pytest.raises(NotFound):
            the_node(name=name, actor=owner, workspace_id=elsewhere.id)
    with pytest.raises(NotFound):
        nodes_at(workspace_id=workspace.id, actor=PersonFactory.create())


def test_the_graph_as_it_was(history, held):
    assert [held(number) for number in range(6)] == [
        [],
        ["GOAL-1", "REQ-1"],
        ["GOAL-1", "REQ-1"],
        ["GOAL-1", "REQ-2"],
        ["GOAL-1"],
        ["GOAL-1"],
    ]
    assert held() == ["GOAL-1"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"label": "safety"}, ["REQ-1"]),
        ({"label": "saf"}, []),
        ({"q": "nEw"}, ["REQ-1"]),
        ({"q": "about"}, ["GOAL-1", "REQ-1"]),
        ({"kind": "goal"}, ["GOAL-1"]),
        ({"status": "retired"}, []),
    ],
)
def test_the_past_is_filtered_by_what_it_said(history, held, asked, expected):
    assert held(2, **asked) == expected


def test_one_node_as_it_was(history, named):
    found = named("REQ-1")
    told = [
        (row.key, row.body, row.version, row.revision, row.changed_at)
        for row in (as_of(found, number) for number in (1, 2, 3))
    ]
    assert told == [
        ("REQ-1", "Old.\n", 1, 1, MAY),
        ("REQ-1", "New.\n", 2, 2, MAY + timedelta(days=1)),
        ("REQ-2", "New.\n", 3, 3, MAY + timedelta(days=2)),
    ]
    assert [row.version for row in versions_of(found).order_by("number")] == [1, 2, 3, 4]
    for revision in (0, 4, None):
        with pytest.raises(NodeMissing):
            as_of(found, revision)
    assert as_of(named("GOAL-1"), None).key == "GOAL-1"


def test_a_moment_is_the_last_revision_by_then(history, workspace):
    def at(moment):
        return revision_at(workspace_id=workspace.id, at=moment)

    second = timedelta(microseconds=1)
    assert [at(MAY - second), at(MAY), at(MAY + second)] == [0, 1, 1]
    assert at(MAY + timedelta(days=1) - second) == 1
    assert at(MAY + timedelta(days=9)) == 4


@pytest.mark.parametrize(
    ("name", "revision"),
    [
        ("2026-04-30", 0),
        ("2026-05-01", 1),
        ("2026-05-02T09:00:00Z", 2),
        ("2026-05-02T11:00:00+02:00", 2),
        ("2026-05-02T08:59:59", 1),
        ("rev:0", 0),
        ("rev:3", 3),
        ("rev:4", 4),
        ("2999-01-01", None),
    ],
)
def test_moments_are_named_by_day_time_or_revision(history, workspace, name, revision):
    assert revision_named(name, workspace_id=workspace.id) == revision


@pytest.mark.parametrize(
    "name", ["", "yesterday", "2026-13-01", "rev:5", "rev:-1", "rev:", "41", "9999-12-31T25:00"]
)
def test_other_names_are_refused(history, workspace, name):
    with pytest.raises(MomentUnknown):
        revision_named(name, workspace_id=workspace.id)
