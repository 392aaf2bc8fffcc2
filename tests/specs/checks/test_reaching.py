"""The present graph as checks ask for it: one query, whole, and of one workspace."""

import pytest
from django.utils import timezone

from apps.specs.choices import LinkKind
from apps.specs.models.graph import Link, Node
from apps.specs.selectors.reaching import reach_of
from tests.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db


def chain(workspace, keys, **said):
    nodes = [
        Node(
            workspace=workspace,
            key=key,
            kind="requirement",
            title=key,
            revision=1,
            changed_at=timezone.now(),
        )
        for key in keys
    ]
    Node.objects.bulk_create(nodes)
    return nodes


def linked(one, kind, other, until=None):
    return Link.objects.create(
        workspace=one.workspace, source=one, kind=kind, target=other, since=1, until=until
    )


def steps(legs):
    return {(leg.source_key, leg.target_key) for leg in legs}


def test_links_of_a_kind_are_followed_to_their_end_also_in_circles(
    django_assert_num_queries,
):
    workspace = WorkspaceFactory.create()
    a, b, c, d = chain(workspace, ["A-1", "B-1", "C-1", "D-1"])
    for one, other in ((a, b), (b, c), (c, a)):
        linked(one, LinkKind.REFINES, other)
    linked(a, LinkKind.DEPENDS_ON, d)
    linked(c, LinkKind.REFINES, d, until=2)
    with django_assert_num_queries(1):
        legs = reach_of(workspace).links({a.id}, LinkKind.REFINES)
    assert steps(legs) == {("A-1", "B-1"), ("B-1", "C-1"), ("C-1", "A-1")}
    assert {leg.source for leg in legs} == {a.id, b.id, c.id}


def test_parents_are_followed_upwards():
    workspace = WorkspaceFactory.create()
    a, b, c = chain(workspace, ["A-1", "B-1", "C-1"])
    Node.objects.filter(id=a.id).update(parent_id=b.id)
    Node.objects.filter(id=b.id).update(parent_id=c.id)
    assert steps(reach_of(workspace).above({a.id})) == {("A-1", "B-1"), ("B-1", "C-1")}


def test_another_workspace_is_out_of_reach():
    here, there = WorkspaceFactory.create_batch(2)
    a, b = chain(here, ["A-1", "B-1"])
    linked(a, LinkKind.REFINES, b)
    Node.objects.filter(id=a.id).update(parent_id=b.id)
    assert list(reach_of(there).links({a.id}, LinkKind.REFINES)) == []
    assert list(reach_of(there).above({a.id})) == []
