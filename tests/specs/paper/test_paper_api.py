"""Kinds and exports over HTTP."""

import pytest

from apps.accounts.choices import Scope
from apps.specs.models.graph import KindOfNode
from apps.specs.paper.whole import library_from
from tests.specs.graphs import node, plant

KINDS = "/api/v1/specs/kinds"
EXPORT = "/api/v1/specs/export"
RISK = {"name": "risk", "prefix": "RISK", "schema": {"required": ["likelihood"]}}


@pytest.fixture
def managing(api, owner):
    return api(owner, *Scope)


def test_a_kind_is_defined_and_listed(managing, workspace):
    plant(workspace, [node("RISK-1", kind="risk")])
    answer = managing.post(KINDS, RISK, format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {**RISK, "is_built_in": False, "misfits": ["RISK-1"], "all_judged": True},
    )
    listed = {each["name"]: each for each in managing.get(KINDS).json()}
    assert listed["risk"] == {**RISK, "is_built_in": False}
    assert listed["requirement"]["is_built_in"]


def test_what_no_kind_can_be_answers_with_its_field(managing):
    answer = managing.post(KINDS, {**RISK, "prefix": "REQ"}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "kind_invalid")
    assert answer.json()["error"]["details"][0]["field"] == "prefix"


def test_who_does_not_manage_the_workspace_may_only_look(api, contributor, workspace):
    looking = api(contributor)
    assert looking.post(KINDS, RISK, format="json").status_code == 403
    assert looking.get(KINDS).status_code == 200
    assert not KindOfNode.objects.filter(workspace=workspace).exists()


def test_all_specs_come_as_one_json(api, contributor, workspace, django_assert_num_queries):
    plant(
        workspace,
        [node("SPEC-1", kind="spec"), node("REQ-1", parent="SPEC-1"), node("GOAL-1")],
        ["REQ-1 refines GOAL-1"],
    )
    plant(workspace, [node("REQ-1", title="Later")])
    reading = api(contributor)
    reading.get(EXPORT)
    with django_assert_num_queries(6):
        answer = reading.get(EXPORT)
    library = library_from(answer.content.decode(), "answer")
    assert [leaf.key for leaf in library.leaves] == ["GOAL-1", "SPEC-1", "REQ-1"]
    assert (library.leaves[2].title, library.leaves[2].parent) == ("Later", "SPEC-1")
    assert library.leaves[2].links == (("refines", "GOAL-1"),)
    then = reading.get(EXPORT, {"as_of": "rev:1"}).json()
    assert then["nodes"][2]["title"] == "About REQ-1"
    assert reading.get(EXPORT, {"as_of": "rev:9"}).status_code == 422
