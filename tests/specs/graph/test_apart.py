"""Whoever names what another workspace has by its ids reads nothing of it."""

import pytest

from apps.specs.selectors.excerpts import excerpt_of
from apps.specs.selectors.exporting import chart_of, leaves_at
from tests.factories import WorkspaceFactory
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere():
    nodes = [node("GOAL-1"), node("REQ-1", body="Secret.\n")]
    return plant(WorkspaceFactory.create(), nodes, ["REQ-1 refines GOAL-1"])


def test_what_is_changed(workspace, elsewhere):
    ids = {row.id for row in elsewhere.nodes.values()}
    found = excerpt_of(workspace.id, ids=ids, changed=ids)
    assert (found.nodes, found.links) == ({}, frozenset())


def test_what_is_exported(workspace, owner, elsewhere):
    chart = chart_of(workspace=workspace.id, actor=owner)
    assert leaves_at(chart, {str(row.id) for row in elsewhere.nodes.values()}) == {}
