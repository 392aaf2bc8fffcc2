"""What the policy says to a link: by what stands at both of its ends."""

import pytest

from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from tests.specs.graphs import node, plant
from tests.specs.proposing import POLICY, link, links_now, retitle, submit, unlink

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]

FROZEN = "rules:\n  - {name: frozen, when: {labels: [frozen]}, then: {deny: It is frozen.}}"
TESTS = "rules:\n  - {name: tests, when: {node_kind: [test]}, then: {deny: Not these.}}"


def hold(workspace, owner, before, after):
    assert before in POLICY
    apply_policy(text=POLICY.replace(before, after), workspace=workspace.id, actor=owner)


@pytest.mark.parametrize("frozen", ["REQ-1", "GOAL-1"])
def test_links_of_and_to_what_is_labelled_are_denied_as_the_label_says(
    workspace, owner, contributor, frozen
):
    hold(workspace, owner, "rules:", FROZEN)
    plant(workspace, [node(frozen, labels=["frozen"])])
    for operation in (
        unlink("REQ-1", "refines", "GOAL-1"),
        link("REQ-1", "conflicts_with", "GOAL-1"),
    ):
        came = submit(workspace, contributor, operation)
        assert came.proposal.state == ProposalState.POLICY_DENIED
    free = submit(workspace, contributor, link("REQ-2", "depends_on", "TEST-1"))
    assert free.proposal.state == ProposalState.QUEUED
    assert "REQ-1 refines GOAL-1" in links_now()


def test_a_label_that_goes_in_the_same_proposal_counts(workspace, owner, contributor):
    hold(workspace, owner, "rules:", FROZEN.replace("[frozen]}", "[frozen], operation: [unlink]}"))
    plant(workspace, [node("GOAL-1", labels=["frozen"])])
    thaw = {"op": "update", "target": "GOAL-1", "changes": {"labels": []}}
    came = submit(workspace, contributor, thaw, unlink("REQ-1", "refines", "GOAL-1"))
    assert came.proposal.state == ProposalState.POLICY_DENIED


def test_the_kind_at_the_other_end_is_judged(workspace, owner, contributor):
    hold(workspace, owner, "rules:", TESTS)
    came = submit(workspace, contributor, link("REQ-2", "depends_on", "TEST-1"))
    assert came.proposal.state == ProposalState.POLICY_DENIED


def test_what_a_label_is_worth_is_in_the_risk_of_a_link(workspace, owner, contributor):
    hold(workspace, owner, "factors: {", "factors: {labels: {hot: 25}, ")
    plant(workspace, [node("GOAL-1", labels=["hot"])])
    came = submit(workspace, contributor, unlink("REQ-1", "refines", "GOAL-1"))
    assert "label" in {part.factor for part in came.verdict.risk.parts}


def test_links_that_a_node_brings_or_takes_away_are_judged_too(workspace, owner, contributor):
    hold(workspace, owner, "rules:", FROZEN)
    plant(workspace, [node("GOAL-1", labels=["frozen"])])
    to_goal = [{"kind": "refines", "target": "GOAL-1"}]
    new = {"op": "create", "kind": "requirement", "title": "Pay later", "links": to_goal}
    for operation in (new, {"op": "delete", "target": "REQ-1"}):
        came = submit(workspace, contributor, operation)
        assert came.proposal.state == ProposalState.POLICY_DENIED
    assert "REQ-1 refines GOAL-1" in links_now()


@pytest.mark.parametrize(
    ("operations", "impact"),
    [
        ([link("GOAL-1", "depends_on", "DOC-1")], 3),
        ([retitle("GOAL-1", "Take any money")], 3),
        ([retitle("TEST-1", "Any card works")], 0),
        ([retitle("TEST-1", "Any card works"), link("REQ-1", "depends_on", "REQ-2")], 0),
        ([retitle("REQ-2", "Any other")], 3),
    ],
)
def test_what_depends_on_it_is_counted_also_where_only_a_link_changes(
    workspace, contributor, operations, impact
):
    """In the graph as it is before: GOAL-1 <- REQ-1 <- TEST-1, GOAL-1 and REQ-2 in conflict."""
    plant(workspace, [], ["GOAL-1 conflicts_with REQ-2"])
    assert submit(workspace, contributor, *operations).proposal.impact == impact
