"""A model that is away holds no search up."""

import threading
import time

import pytest

from apps.inference.models import Use
from apps.inference.services import embedding
from apps.specs.services import searching
from apps.specs.services.indexing import post_passages
from apps.specs.services.searching import search_specs
from tests.inference.wire import silence, vectors
from tests.specs.graphs import node, plant


@pytest.fixture
def search(workspace, owner, monkeypatch):
    monkeypatch.setattr(embedding, "_rests_until", {})
    monkeypatch.setattr(searching, "PATIENCE", 0.3)
    plant(workspace, [node("REQ-1", body="The till SHALL take zlotys.")])
    post_passages(workspace.id)
    return lambda: search_specs(query="zlotys", workspace_id=workspace.id, actor=owner)


@pytest.fixture
def silent(wire, settings):
    """It would say nothing for a minute, and operators give it that long."""
    released = threading.Event()
    wire.answers = [silence(released)]
    settings.EMBEDDING_TIMEOUT = 50.0
    yield wire
    released.set()


def test_a_search_goes_on_by_words_soon_and_says_so(silent, search):
    began = time.monotonic()
    found = search()
    assert time.monotonic() - began < 40
    assert [hit.version.key for hit in found.hits] == ["REQ-1"]
    assert (found.by_meaning, found.because) == (False, "model_away")


def test_one_that_was_away_is_not_asked_again_for_a_while(silent, search, settings):
    search()
    asked, uses = len(silent.asked), Use.objects.count()
    assert search().because == "model_away"
    assert (len(silent.asked), Use.objects.count()) == (asked, uses)
    silent.answers = [vectors()]
    embedding._rests_until[settings.EMBEDDING_MODEL] -= embedding.RESTS
    assert search().because == ""


def test_who_has_patience_asks_it_all_the_same(silent, search, workspace, owner):
    search()
    silent.answers = [vectors()]
    embedding.embed(["Coins"], purpose="test", workspace=workspace.id, actor=owner)
    assert search().by_meaning
