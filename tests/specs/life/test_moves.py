"""Every way from one state to the next, walked through services."""

from types import SimpleNamespace

import pytest

from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState as S
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import read_operations
from apps.specs.services.applying import apply_mutation, queue_approved_mutation
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.submitting import revert_mutation, revise_mutation, submit_draft
from tests.specs.graphs import node, plant
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    edit,
    link,
    request_of,
    retitle,
    spec,
    submit,
    vote,
)
from tests.specs.test_rules import STORED_MOVES

pytestmark = pytest.mark.django_db
DELETE_GOAL = {"op": "delete", "target": "GOAL-1"}
MINE = edit("REQ-1", "That is all.", "That is it.")


@pytest.fixture
def house(workspace, owner, agent, contributor, reviewer, policy, graph):
    return SimpleNamespace(
        workspace=workspace, owner=owner, agent=agent, writer=contributor, reviewer=reviewer
    )


# --- how it came there


def draft(house, *operations, by="agent"):
    return submit(house.workspace, getattr(house, by), *(operations or [MINE]), draft=True).proposal


def in_review(house):
    return submit(house.workspace, house.agent, MINE).proposal


def stale(house):
    proposal = in_review(house)
    move_beneath(house)
    return delivered(proposal)


def changes_requested(house):
    return decide(in_review(house), house.reviewer, "request_changes", comment="Shorter.")


def conflicted(house):
    proposal = in_review(house)
    contradict(house)
    return delivered(proposal)


def queued(house):
    return submit(house.workspace, house.writer, MINE).proposal


def applied(house):
    return delivered(queued(house))


# --- how it goes on


def move_beneath(house):
    """What stands around what it changes."""
    line = next(line for line in spec("REQ-1").body.splitlines() if "SHALL" in line)
    change(house, edit("REQ-1", line, f"{line} Always."))


def contradict(house):
    change(house, edit("REQ-1", "That is all.", "That is more."))


def change(house, *operations):
    came = submit(house.workspace, house.writer, *operations)
    assert delivered(came.proposal).state == S.APPLIED


def forbid(house):
    text = POLICY.replace(
        "then: {require: [{name: review, roles: [reviewer]}]}", "then: {deny: No.}"
    )
    apply_policy(text=text, workspace=house.workspace.id, actor=house.owner)


def let_time_pass(proposal):
    past = "2026-01-01T00:00Z"
    request = ApprovalRequest.objects.filter(id=request_of(proposal).id)
    request.update(expires_at=past, next_at=past)
    Stage.objects.filter(request__in=request).update(expires_at=past)


def submit_it(house, proposal):
    return submit_draft(proposal_id=proposal.id, actor=house.agent)


def withdraw(house, proposal):
    people = {each.id: each for each in (house.agent, house.owner, house.writer)}
    withdraw_mutation(proposal_id=proposal.id, actor=people[proposal.proposer_id])


def revise(house, proposal):
    revise_mutation(
        proposal_id=proposal.id,
        operations=read_operations([retitle("REQ-1", "Otherwise")]),
        title="Again",
        rationale="",
        actor=house.agent,
    )


def undo(house, proposal):
    revert_mutation(proposal_id=proposal.id, rationale="", actor=house.writer)


def voting(decision):
    return lambda house, proposal: decide(proposal, house.reviewer, decision, comment="So.")


def approve_only(house, proposal):
    """Nobody applies it yet."""
    vote(proposal, house.reviewer)
    queue_approved_mutation(
        proposal_id=proposal.id,
        request_id=request_of(proposal).id,
        workspace=house.workspace.id,
    )


WAITING = {
    S.CHANGES_REQUESTED: voting("request_changes"),
    S.CONFLICTED: lambda house, proposal: contradict(house),
    S.EXPIRED: lambda house, proposal: let_time_pass(proposal),
    S.POLICY_DENIED: lambda house, proposal: forbid(house),
    S.QUEUED: approve_only,
    S.REJECTED: voting("reject"),
    S.STALE: lambda house, proposal: move_beneath(house),
    S.SUPERSEDED: revise,
    S.WITHDRAWN: withdraw,
}
WALKS = {
    **{(S.IN_REVIEW, after): (in_review, walk) for after, walk in WAITING.items()},
    **{(S.STALE, after): (stale, walk) for after, walk in WAITING.items()},
    (S.DRAFT, S.IN_REVIEW): (draft, submit_it),
    (S.DRAFT, S.WITHDRAWN): (lambda house: draft(house, by="owner"), withdraw),
    (S.DRAFT, S.POLICY_DENIED): (lambda house: draft(house, DELETE_GOAL), submit_it),
    (S.DRAFT, S.INVALID): (
        lambda house: draft(house, link("GOAL-1", "refines", "REQ-1")),
        submit_it,
    ),
    (S.DRAFT, S.CONFLICTED): (
        draft,
        lambda house, proposal: (contradict(house), submit_it(house, proposal)),
    ),
    (S.DRAFT, S.QUEUED): (
        lambda house: draft(house, by="writer"),
        lambda house, proposal: submit_draft(proposal_id=proposal.id, actor=house.writer),
    ),
    (S.CHANGES_REQUESTED, S.SUPERSEDED): (changes_requested, revise),
    (S.CONFLICTED, S.SUPERSEDED): (conflicted, revise),
    (S.QUEUED, S.APPLIED): (
        queued,
        lambda house, proposal: apply_mutation(
            proposal_id=proposal.id, workspace=house.workspace.id
        ),
    ),
    (S.QUEUED, S.APPLY_FAILED): (
        queued,
        lambda house, proposal: plant(house.workspace, [node("REQ-1", body="Gone.\n")]),
    ),
    (S.QUEUED, S.WITHDRAWN): (queued, withdraw),
    (S.APPLIED, S.REVERTED): (applied, undo),
}


def test_every_way_there_is_is_walked_here():
    assert set(WALKS) == STORED_MOVES


@pytest.mark.parametrize(("before", "after"), sorted(WALKS))
def test_it_moves(house, before, after):
    begin, walk = WALKS[before, after]
    proposal = begin(house)
    assert proposal.state == before
    digest = proposal.content_digest
    walk(house, proposal)
    if after != S.QUEUED:
        delivered(proposal)
    proposal = Proposal.objects.get(id=proposal.id)
    assert proposal.state == after
    if after == S.STALE:
        assert proposal.content_digest != digest
