"""Proposals while the kill switch is on, and what the work of one costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import Event
from apps.policies.services.switching import pull_switch
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Graph, KeyCounter
from apps.specs.models.proposals import Proposal
from apps.specs.services.applying import apply_mutation
from apps.specs.services.closing import withdraw_mutation
from tests.specs.proposing import edit, retitle, spec, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def test_nothing_is_submitted_or_applied_and_all_can_be_taken_back(workspace, owner, contributor):
    queued = submit(workspace, contributor, retitle("REQ-1", "Mine")).proposal
    pull_switch(workspace_id=workspace.id, reason="A drill", actor=owner)
    recorded = Event.objects.count()
    create = {"op": "create", "kind": "requirement", "title": "Another"}
    with pytest.raises(KillSwitchOn):
        submit(workspace, contributor, create)
    with pytest.raises(KillSwitchOn):
        apply_mutation(proposal_id=queued.id, workspace=workspace.id)
    assert Event.objects.count() == recorded
    assert (spec("REQ-1").version, Graph.objects.get().revision) == (1, 1)
    assert not KeyCounter.objects.exists()
    assert Proposal.objects.exclude(state=ProposalState.APPLIED).get() == queued
    withdrawn = withdraw_mutation(proposal_id=queued.id, actor=contributor)
    assert withdrawn.state == ProposalState.WITHDRAWN


def test_what_a_proposal_costs(workspace, agent, contributor):
    """In round trips to the database, those of a unit's own blocks included."""
    warm = submit(workspace, contributor, edit("REQ-2", "SHALL", "MUST")).proposal
    apply_mutation(proposal_id=warm.id, workspace=workspace.id)
    with CaptureQueriesContext(connection) as submitting:
        came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    with CaptureQueriesContext(connection) as applying:
        apply_mutation(proposal_id=came.proposal.id, workspace=workspace.id)
    with CaptureQueriesContext(connection) as asking:
        submit(workspace, agent, edit("REQ-1", "2 seconds", "1 second"))
    assert (len(submitting), len(applying), len(asking)) == (25, 34, 31)
