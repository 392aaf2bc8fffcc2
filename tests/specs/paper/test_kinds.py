"""Kinds of nodes: what all workspaces have, and what one adds or demands."""

import pytest

from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.specs.errors import KindInvalid
from apps.specs.kinds import BUILT_IN
from apps.specs.models.graph import KindOfNode
from apps.specs.selectors.kinds import kinds_of
from apps.specs.services import kinds
from apps.specs.services.kinds import define_kind
from tests.factories import WorkspaceFactory
from tests.specs.graphs import node, plant

SIZED = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}


@pytest.fixture
def defined(workspace, owner):
    def define(name="risk", prefix="RISK", schema=SIZED, actor=owner):
        return define_kind(
            name=name, prefix=prefix, schema=schema, actor=actor, workspace=workspace.id
        )

    return define


def told():
    return [row.payload for row in Event.objects.filter(type="specs.kind.defined")]


def test_every_workspace_has_the_built_in_kinds(workspace):
    kinds = kinds_of(workspace.id)
    assert {name: kind.prefix for name, kind in kinds.items()} == BUILT_IN
    assert not any(kind.schema for kind in kinds.values())


def test_a_workspace_adds_a_kind_of_its_own(workspace, defined):
    defined()
    assert kinds_of(workspace.id)["risk"].prefix == "RISK"
    assert kinds_of(workspace.id)["risk"].schema == SIZED
    assert "risk" not in kinds_of(WorkspaceFactory.create().id)
    [event] = told()
    assert (event["kind"], event["prefix"]) == ("risk", "RISK")


def test_saying_the_same_again_is_no_news(defined):
    defined()
    defined()
    assert len(told()) == 1


def test_a_built_in_kind_takes_a_schema_but_no_other_prefix(workspace, defined):
    defined("requirement", "REQ")
    assert kinds_of(workspace.id)["requirement"].schema == SIZED
    with pytest.raises(KindInvalid) as refused:
        defined("requirement", "RQ")
    assert refused.value.details[0]["field"] == "prefix"
    with pytest.raises(KindInvalid):
        defined("section", "SEC")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "Risk"}, "name"),
        ({"name": "a" * 41}, "name"),
        ({"prefix": "risk"}, "prefix"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": "REQ"}, "prefix"),
        ({"schema": {"type": "strange"}}, "schema"),
        ({"schema": {"$ref": "https://example.org/schema"}}, "schema"),
        ({"schema": {"enum": ["x" * 200_000]}}, "schema"),
    ],
)
def test_what_no_kind_can_be_is_refused_with_its_field(workspace, defined, said, field):
    with pytest.raises(KindInvalid) as refused:
        defined(**said)
    assert [fault["field"] for fault in refused.value.details] == [field]
    assert not KindOfNode.objects.filter(workspace=workspace).exists()
    assert told() == []


def test_two_kinds_do_not_share_a_prefix(defined):
    defined()
    with pytest.raises(KindInvalid) as refused:
        defined("hazard", "RISK")
    assert "risk" in refused.value.details[0]["message"]


def test_nodes_that_do_not_fit_are_told_and_stay(workspace, defined):
    big, small = {"size": "big"}, {"size": 2}
    planted = plant(workspace, [node("REQ-1", attributes=big), node("REQ-2", attributes=small)])
    assert defined("requirement", "REQ").misfits == ("REQ-1",)
    planted["REQ-1"].refresh_from_db()
    assert planted["REQ-1"].attributes == big


def test_looking_for_what_does_not_fit_takes_no_longer_than_it_may(workspace, defined, monkeypatch):
    plant(workspace, [node(f"REQ-{number}") for number in range(1, 4)])
    made = defined("requirement", "REQ")
    assert (len(made.misfits), made.all_judged) == (3, True)
    monkeypatch.setattr(kinds, "MOST_SECONDS", 0)
    made = defined("requirement", "REQ")
    assert (made.misfits, made.all_judged) == ((), False)


def test_no_more_than_some_are_told_and_that_there_are_others(workspace, defined, monkeypatch):
    plant(workspace, [node("REQ-1"), node("REQ-2")])
    monkeypatch.setattr(kinds, "MOST_TOLD", 1)
    made = defined("requirement", "REQ")
    assert (made.misfits, made.all_judged) == (("REQ-1",), False)


def test_only_who_manages_the_workspace_defines_kinds(workspace, defined, contributor, agent):
    for actor in (contributor, agent):
        with pytest.raises(NotAllowed):
            defined(actor=actor)
    assert told() == []
    assert not KindOfNode.objects.filter(workspace=workspace).exists()
