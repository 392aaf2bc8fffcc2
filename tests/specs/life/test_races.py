"""What happens to proposals when several do something at once, each on a connection of their own.

Which side wins is left to the machine; that exactly one does is not.
"""

import threading

import pytest

from apps.accounts.choices import Role
from apps.common.errors import DomainError
from apps.ledger.models import Event
from apps.ledger.verification import verify
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.errors import ChangedSince
from apps.specs.models.graph import Graph, Link, Node, Revision, Suspect, Version, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import read_operations
from apps.specs.selectors.prospects import revision_of
from apps.specs.services.applying import apply_mutation, queue_approved_mutation
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.submitting import revert_mutation, revise_mutation
from apps.specs.services.suspects import clear_suspects
from tests.approvals.test_races import at_once
from tests.factories import WorkspaceFactory, agent_of, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import (
    BODY,
    POLICY,
    decide,
    delivered,
    edit,
    link,
    links_now,
    request_of,
    retitle,
    spec,
    submit,
    vote,
)

ROUNDS = 4


class Yard:
    """A workspace that commits, with everybody in it."""

    def __init__(self) -> None:
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        self.writer = member(self.workspace, Role.CONTRIBUTOR)
        self.reviewer = member(self.workspace, Role.REVIEWER)
        self.agent = agent_of(self.owner, self.workspace)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=self.owner)
        plant(
            self.workspace,
            [*(node(f"REQ-{number}", body=BODY) for number in range(1, 9)), node("GOAL-1")],
        )

    def queued(self, *operations) -> Proposal:
        proposal: Proposal = submit(self.workspace, self.writer, *operations).proposal
        assert proposal.state == ProposalState.QUEUED
        return proposal

    def applying(self, proposal):
        return lambda: apply_mutation(proposal_id=proposal.id, workspace=self.workspace.id)

    def states(self, *proposals):
        found = Proposal.objects.filter(id__in=[each.id for each in proposals])
        return sorted(found.values_list("state", flat=True))

    def check(self) -> None:
        """One history, without a gap: as many revisions as were applied, and the record sound."""
        applied = Event.objects.filter(type="specs.proposal.applied").count()
        planted = Proposal.objects.filter(title="Planted").count()
        assert Graph.objects.get().revision == Revision.objects.count() == planted + applied
        holding = Version.objects.filter(held_at(None))
        assert holding.values("node").distinct().count() == holding.count()
        assert verify().is_sound


@pytest.fixture
def yard(room_for_all):
    made = Yard()
    yield made
    made.check()


def test_the_same_one_applied_by_several_at_once_is_applied_once(yard):
    for number in range(ROUNDS):
        proposal = yard.queued(retitle("REQ-1", f"Mine {number}"))
        at_once(*[yard.applying(proposal)] * 4)
        assert spec("REQ-1").version == number + 2
    assert Event.objects.filter(type="specs.proposal.applied").count() == ROUNDS


def test_of_two_that_contradict_each_other_one_is_applied(yard):
    for number in range(ROUNDS):
        one, other = (yard.queued(retitle("REQ-1", f"{who} {number}")) for who in "AB")
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]


def test_two_that_get_along_are_both_applied(yard):
    for number in range(ROUNDS):
        key = f"REQ-{number + 1}"
        one, other = (
            yard.queued(edit(key, "3 seconds", "2 seconds")),
            yard.queued(retitle(key, "Anew")),
        )
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED] * 2
        assert (spec(key).title, spec(key).version) == ("Anew", 3)
        assert "2 seconds" in spec(key).body


def test_many_on_crossing_sets_of_nodes_do_not_wait_for_each_other_in_a_circle(yard):
    keys = [f"REQ-{number}" for number in range(1, 9)]
    proposals = [
        yard.queued(*(edit(key, line, f"{line}!") for key in order))
        for order, line in [
            (keys, "Well."),
            (keys[::-1], "All of them."),
            (keys[4:] + keys[:4], "3 seconds"),
        ]
    ]
    at_once(*map(yard.applying, proposals))
    assert set(yard.states(*proposals)) <= {ProposalState.APPLIED, ProposalState.APPLY_FAILED}
    assert ProposalState.APPLIED in yard.states(*proposals)


def test_a_node_is_not_deleted_while_something_is_linked_to_it(yard):
    for number in range(1, ROUNDS + 1):
        delete = yard.queued({"op": "delete", "target": f"REQ-{number}"})
        joined = yard.queued(link("REQ-8", "depends_on", f"REQ-{number}"))
        at_once(yard.applying(delete), yard.applying(joined))
        assert yard.states(delete, joined) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]
        is_live = spec(f"REQ-{number}").is_live
        assert (f"REQ-8 depends_on REQ-{number}" in links_now()) is is_live


def test_two_that_are_apart_make_no_circle_together(yard):
    for number in range(1, 1 + ROUNDS):
        here, there = f"REQ-{number}", f"REQ-{number + 4}"
        one = yard.queued(link(here, "depends_on", there))
        other = yard.queued(link(there, "depends_on", here))
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]
    assert Link.objects.filter(held_at(None)).count() == ROUNDS


def test_nor_do_moves(yard):
    for number in range(1, 1 + ROUNDS):
        here, there = f"REQ-{number}", f"REQ-{number + 4}"
        one = yard.queued({"op": "move", "target": here, "parent": there})
        other = yard.queued({"op": "move", "target": there, "parent": here})
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]


def test_a_part_does_not_come_back_while_its_whole_is_deleted(yard):
    for number in range(1, 1 + ROUNDS):
        part, whole = f"REQ-{number}", f"REQ-{number + 4}"
        delete = {"op": "delete", "target": part}
        yard.applying(yard.queued({"op": "move", "target": part, "parent": whole}, delete))()
        one = yard.queued({"op": "restore", "target": part})
        other = yard.queued({"op": "delete", "target": whole})
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]
        assert spec(part).is_live is spec(whole).is_live


def test_a_key_is_given_once_however_many_ask(yard):
    create = {"op": "create", "kind": "requirement", "title": "Another"}
    came = at_once(*[lambda: yard.queued(create, create)] * 4)
    keys = [operation["key"] for proposal in came for operation in proposal.operations]
    assert sorted(keys) == [f"REQ-{number}" for number in (*range(10, 17), 9)]
    at_once(*map(yard.applying, came))
    assert yard.states(*came) == [ProposalState.APPLIED] * 4


def test_a_key_that_two_chose_is_given_to_one(yard):
    for number in range(ROUNDS):
        create = {"op": "create", "kind": "task", "key": f"TASK-{number}", "title": "Mine"}
        one, other = yard.queued(create), yard.queued(create)
        at_once(yard.applying(one), yard.applying(other))
        assert yard.states(one, other) == [ProposalState.APPLIED, ProposalState.APPLY_FAILED]


def test_withdrawn_and_applied_at_once_it_is_one_of_them(yard):
    for number in range(ROUNDS):
        proposal = yard.queued(retitle("REQ-1", f"Mine {number}"))
        before = spec("REQ-1").version

        def withdraw(proposal=proposal):
            return withdraw_mutation(proposal_id=proposal.id, actor=yard.writer).state

        _, came = at_once(yard.applying(proposal), withdraw)
        applied = isinstance(came, DomainError)
        assert yard.states(proposal) == ["applied" if applied else "withdrawn"]
        assert spec("REQ-1").version == before + applied


def test_approved_while_its_base_moves_it_does_what_was_approved_or_nothing(yard):
    for number in range(ROUNDS):
        key = f"REQ-{number + 1}"
        mine = submit(yard.workspace, yard.agent, edit(key, "3 seconds", "2 seconds")).proposal
        other = yard.queued(edit(key, "3 seconds", "9 seconds"))

        def approve(mine=mine):
            vote(mine, yard.reviewer)
            queue_approved_mutation(
                proposal_id=mine.id, request_id=request_of(mine).id, workspace=yard.workspace.id
            )
            apply_mutation(proposal_id=mine.id, workspace=yard.workspace.id)

        at_once(approve, yard.applying(other))
        mine, other = delivered(mine), delivered(other)
        assert "3 seconds" not in spec(key).body
        won = "2 seconds" in spec(key).body
        assert (mine.state == ProposalState.APPLIED) is won
        assert (other.state == ProposalState.APPLIED) is not won
        if not won:
            assert mine.state in (ProposalState.CONFLICTED, ProposalState.APPLY_FAILED)


def test_making_doubtful_and_clearing_do_not_wait_for_each_other_in_a_circle(yard):
    keys = [f"TEST-{number}" for number in range(600)]
    plant(yard.workspace, map(node, keys), [f"{key} verifies GOAL-1" for key in keys])
    tests, goal = list(Node.objects.filter(kind="test")), spec("GOAL-1")
    seen = revision_of(yard.workspace.id)
    yard.applying(yard.queued(retitle("GOAL-1", "Early")))()
    applied = threading.Event()

    def apply():
        try:
            for number in range(ROUNDS):
                yard.applying(yard.queued(retitle("GOAL-1", f"Title {number}")))()
        finally:
            applied.set()

    def clear():
        """All are held, and then refused."""
        while not applied.is_set():
            with pytest.raises(ChangedSince):
                clear_suspects(
                    nodes=tests,
                    causes=[goal.id],
                    seen=seen,
                    actor=yard.owner,
                    workspace=yard.workspace.id,
                )

    at_once(apply, clear, clear)
    doubtful = Suspect.objects.filter(cleared_at=None, latest=revision_of(yard.workspace.id))
    assert doubtful.count() == len(keys)


def test_revised_by_several_at_once_it_is_by_one(yard):
    for number in range(ROUNDS):
        first = submit(yard.workspace, yard.agent, retitle("REQ-1", f"Mine {number}")).proposal
        decide(first, yard.reviewer, "request_changes", comment="Shorter.")

        def revise(first=first):
            return revise_mutation(
                proposal_id=first.id,
                operations=read_operations([retitle("REQ-1", "Less")]),
                title="Less",
                rationale="",
                actor=yard.agent,
            ).proposal

        came = at_once(*[revise] * 3)
        made = [each for each in came if isinstance(each, Proposal)]
        assert len(made) == Proposal.objects.filter(follows=first).count() == 1
        assert {each.code for each in came if each not in made} == {"proposal_moved"}


def test_reverted_by_several_at_once_it_is_by_one(yard):
    applied = yard.queued(retitle("REQ-1", "Mine"))
    yard.applying(applied)()

    def revert():
        return revert_mutation(proposal_id=applied.id, rationale="", actor=yard.writer).proposal

    came = at_once(*[revert] * 4)
    made = [each for each in came if isinstance(each, Proposal)]
    assert len(made) == 1
    assert {each.code for each in came if each not in made} == {"nothing_to_revert"}
    assert delivered(applied).state == ProposalState.REVERTED
