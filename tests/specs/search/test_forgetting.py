"""What was only ever proposed leaves the index after a while."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.specs import tasks
from apps.specs.models.search import Corpus, Passage, Posting, Vector
from apps.specs.services.closing import withdraw_mutation
from tests.deliveries import deliver
from tests.specs.graphs import node, plant
from tests.specs.proposing import edit, submit
from tests.specs.search.indexing import index

STANDS = "The till SHALL accept credit cards."
PROPOSED = "The till SHALL accept unicorns, and unicorns alone."


def all_of(workspace):
    corpus = Corpus.objects.get(workspace=workspace)
    counts = [model.objects.count() for model in (Passage, Posting, Vector)]
    return (corpus.passages, corpus.length, *counts)


def a_month_later():
    Passage.objects.update(kept_at=timezone.now() - timedelta(days=31))


@pytest.fixture
def before(policy, workspace, reviewer):
    plant(workspace, [node("REQ-1", body=STANDS)])
    index(workspace)
    return all_of(workspace)


@pytest.fixture
def proposal(before, workspace, agent):
    made = submit(workspace, agent, edit("REQ-1", STANDS, PROPOSED)).proposal
    deliver()
    index(workspace)
    assert all_of(workspace) > before
    return made


def test_the_index_is_as_if_it_had_never_been(before, proposal, workspace, agent):
    withdraw_mutation(proposal_id=proposal.id, actor=agent)
    tasks.index_rest()
    assert all_of(workspace) > before, "it may be proposed again soon"
    a_month_later()
    tasks.index_rest()
    assert all_of(workspace) == before
    assert not Passage.objects.filter(text__contains="unicorns").exists()


def test_what_is_said_again_then_is_found_again(before, proposal, workspace, agent):
    a_month_later()
    tasks.index_rest()
    again = submit(workspace, agent, edit("REQ-1", STANDS, PROPOSED)).proposal
    deliver()
    assert again.id != proposal.id
    assert Passage.objects.get(text__contains="unicorns").embedded_as


def test_what_stood_once_stays_for_those_who_ask_about_then(before, workspace, reviewer):
    plant(workspace, [node("REQ-1", is_live=False)])
    a_month_later()
    tasks.index_rest()
    assert all_of(workspace) == before
