"""Proposals that take the place of others, and those that undo them."""

import pytest

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.specs.choices import ProposalState
from apps.specs.errors import NothingToRevert, ProposalMoved
from apps.specs.models.graph import Version
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import read_operations
from apps.specs.services.submitting import revert_mutation, revise_mutation
from tests.factories import agent_of, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import (
    decide,
    delivered,
    edit,
    link,
    links_now,
    request_of,
    retitle,
    spec,
    submit,
    types_since,
    unlink,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def revise(proposal, actor, *operations):
    return revise_mutation(
        proposal_id=proposal.id,
        operations=read_operations(operations),
        title="Again",
        rationale="Better.",
        actor=actor,
    ).proposal


def reverted(proposal, actor):
    return revert_mutation(proposal_id=proposal.id, rationale="It was wrong.", actor=actor)


@pytest.mark.parametrize("decision", [None, "request_changes"])
def test_a_newer_one_takes_its_place(workspace, agent, reviewer, decision):
    first = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    if decision:
        decide(first, reviewer, decision, comment="Shorter.")
    second = revise(first, agent, retitle("REQ-1", "Better"))
    first = delivered(first)
    assert (first.state, first.because) == (ProposalState.SUPERSEDED, "revised")
    assert (second.follows, second.state) == (first, ProposalState.IN_REVIEW)
    assert request_of(second).follows == request_of(first)
    assert decide(second, reviewer).state == ProposalState.APPLIED
    told = Event.objects.filter(type="specs.proposal.submitted").latest("seq").payload
    assert told["follows"] == str(first.id)


def test_so_does_one_after_a_conflict(workspace, agent, contributor):
    first = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    delivered(submit(workspace, contributor, retitle("REQ-1", "Theirs")).proposal)
    assert delivered(first).state == ProposalState.CONFLICTED
    second = revise(first, agent, retitle("REQ-1", "Both"))
    assert delivered(first).state == ProposalState.SUPERSEDED
    assert second.state == ProposalState.IN_REVIEW


def test_where_nobody_has_to_be_asked_any_more_the_earlier_request_is_over(workspace, agent, owner):
    first = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    second = revise(first, owner, retitle("REQ-1", "Better"))
    assert second.state == ProposalState.QUEUED
    assert request_of(first).state == State.SUPERSEDED
    assert delivered(first).state == ProposalState.SUPERSEDED


def test_one_that_comes_to_nothing_leaves_the_earlier_one_as_it_is(workspace, agent):
    first = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    second = revise(first, agent, {"op": "delete", "target": "GOAL-1"})
    assert second.state == ProposalState.POLICY_DENIED
    assert delivered(first).state == ProposalState.IN_REVIEW
    assert request_of(first).state == State.PENDING


def test_only_who_has_a_part_in_it_puts_another_in_its_place(
    workspace, owner, agent, contributor, before
):
    first = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    recorded = types_since(before)
    with pytest.raises(NotAllowed):
        revise(first, contributor, retitle("REQ-1", "Theirs"))
    assert types_since(before) == recorded
    sibling = agent_of(owner, workspace)
    assert revise(first, sibling, retitle("REQ-1", "Ours")).state == ProposalState.IN_REVIEW


def test_what_is_on_its_way_is_taken_back_first(workspace, contributor, before):
    queued = submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal
    recorded = types_since(before)
    with pytest.raises(ProposalMoved):
        revise(queued, contributor, retitle("REQ-1", "Other"))
    assert types_since(before) == recorded


def test_a_draft_that_is_revised_stays_the_same_one(workspace, agent):
    draft = submit(workspace, agent, retitle("REQ-1", "Mine"), draft=True).proposal
    again = revise(draft, agent, edit("REQ-1", "3 seconds", "2 seconds"))
    assert (again.id, again.state, again.title) == (draft.id, ProposalState.DRAFT, "Again")
    assert again.words == "rewords REQ-1"


def test_what_was_applied_is_undone_by_another_proposal(workspace, agent, reviewer, contributor):
    came = submit(
        workspace,
        contributor,
        edit("REQ-1", "3 seconds", "2 seconds"),
        {"op": "create", "kind": "task", "key": "TASK-2", "title": "More"},
        link("TASK-2", "implements", "REQ-2"),
        unlink("TEST-1", "verifies", "REQ-1"),
        {"op": "move", "target": "DOC-1.two", "after": None},
        {"op": "rename", "target": "REQ-2", "key": "PAY-2"},
    )
    applied = delivered(came.proposal)
    undo = reverted(applied, agent).proposal
    assert (undo.state, undo.reverts) == (ProposalState.IN_REVIEW, applied)
    assert undo.title == "Revert “A change”"
    assert decide(undo, reviewer).state == ProposalState.APPLIED
    assert delivered(applied).state == ProposalState.REVERTED
    told = Event.objects.get(type="specs.proposal.reverted").payload
    assert (told["by"], told["revision"]) == (str(undo.id), 3)
    assert links_now() == {"REQ-1 refines GOAL-1", "TEST-1 verifies REQ-1"}
    assert not spec("TASK-2").is_live
    for key in ("REQ-1", "REQ-2", "DOC-1.two"):
        first = Version.objects.get(node=spec(key), number=1)
        assert (spec(key).body, spec(key).key) == (first.body, first.key)


def test_what_was_deleted_comes_back_with_its_links(workspace, contributor):
    gone = delivered(
        submit(
            workspace,
            contributor,
            unlink("TEST-1", "verifies", "REQ-1"),
            {"op": "delete", "target": "REQ-1"},
            {"op": "delete", "target": "TEST-1"},
        ).proposal
    )
    assert gone.state == ProposalState.APPLIED
    assert links_now() == set()
    assert delivered(reverted(gone, contributor).proposal).state == ProposalState.APPLIED
    assert links_now() == {"REQ-1 refines GOAL-1", "TEST-1 verifies REQ-1"}
    assert spec("REQ-1").is_live


def test_it_is_undone_once(workspace, agent, contributor, before):
    applied = delivered(submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal)
    reverted(applied, agent)
    recorded, count = types_since(before), Proposal.objects.count()
    with pytest.raises(NothingToRevert):
        reverted(applied, contributor)
    assert (types_since(before), Proposal.objects.count()) == (recorded, count)
    queued = submit(workspace, contributor, retitle("REQ-2", "Mine")).proposal
    with pytest.raises(NothingToRevert):
        reverted(queued, contributor)


@pytest.mark.parametrize(
    "less", [{"operations": [1]}, {"edits": {"operations": [retitle("REQ-1", "Other")]}}]
)
def test_what_was_undone_in_part_is_not_reverted(
    workspace, contributor, agent, reviewer, other_reviewer, less
):
    both = (retitle("REQ-1", "Mine"), retitle("REQ-2", "Mine too"))
    applied = delivered(submit(workspace, contributor, *both).proposal)
    undo = reverted(applied, agent).proposal
    vote(undo, reviewer, **less)
    undo.refresh_from_db()
    assert undo.findings[0]["message"].startswith("“A change” stays applied")
    told = Event.objects.get(type="specs.proposal.reshaped").payload
    assert told["reverts"] == str(applied.id)
    if "edits" in less:
        vote(undo, other_reviewer)
    assert delivered(undo).state == ProposalState.APPLIED
    assert delivered(applied).state == ProposalState.APPLIED
    assert reverted(applied, contributor).proposal.reverts == applied


def test_an_owner_who_has_left_is_not_given_it_back(workspace, contributor, owner):
    gone, here = member(workspace, Role.CONTRIBUTOR), str(owner.id)
    plant(workspace, [node("REQ-1", owner_id=gone.id), node("REQ-2", owner_id=gone.id)])
    changes = {"owner": here, "title": "Mine"}
    update = {"op": "update", "target": "REQ-1", "changes": changes}
    handed = {**update, "target": "REQ-2", "changes": {"owner": here}}
    applied = delivered(submit(workspace, contributor, update, handed).proposal)
    alone = delivered(
        submit(workspace, contributor, handed | {"changes": {"owner": None}}).proposal
    )
    gone.memberships.all().delete()
    undo = reverted(applied, contributor).proposal
    assert {found["message"] for found in undo.findings if found["check"] == "undoing"} == {
        "The owner of REQ-1 stays: the one before is not here any more.",
        "The owner of REQ-2 stays: the one before is not here any more.",
    }
    assert delivered(undo).state == ProposalState.APPLIED
    assert (spec("REQ-1").title, spec("REQ-1").owner_id) == ("Pay by card", owner.id)
    owner.memberships.all().delete()
    with pytest.raises(NothingToRevert):
        reverted(alone, contributor)


def test_undoing_what_has_changed_since_shows_both(workspace, contributor):
    applied = delivered(submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal)
    delivered(submit(workspace, contributor, retitle("REQ-1", "Later")).proposal)
    undo = reverted(applied, contributor).proposal
    assert undo.state == ProposalState.CONFLICTED
    assert undo.conflicts[0]["theirs"] == "Later"
    assert delivered(applied).state == ProposalState.APPLIED


def test_a_revert_that_is_proposed_anew_as_it_is_still_reverts(
    workspace, contributor, agent, reviewer
):
    applied = delivered(submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal)
    undo = reverted(applied, agent).proposal
    again = revise(undo, agent, retitle("REQ-1", "Pay by card"))
    assert again.reverts == applied
    assert decide(again, reviewer).state == ProposalState.APPLIED
    assert delivered(applied).state == ProposalState.REVERTED


def test_one_that_undoes_it_otherwise_says_that_it_stays(workspace, contributor, agent, reviewer):
    applied = delivered(submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal)
    undo = reverted(applied, agent).proposal
    again = revise(undo, agent, retitle("REQ-1", "Other"))
    assert again.reverts is None
    assert again.findings[0]["message"].startswith("“A change” stays applied")
    assert decide(again, reviewer).state == ProposalState.APPLIED
    assert reverted(applied, contributor).proposal.reverts == applied
