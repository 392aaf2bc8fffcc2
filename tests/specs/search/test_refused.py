"""Texts that a remote model never takes, and a model that is away."""

import pytest

from apps.inference.errors import ModelAway
from apps.inference.services import embedding
from apps.specs import tasks
from apps.specs.models.search import Corpus, Passage, Vector
from apps.specs.services import indexing
from apps.specs.services.indexing import index_all, waiting_in
from tests.factories import WorkspaceFactory
from tests.inference.wire import refusal, vectors
from tests.specs.graphs import node, plant
from tests.specs.search.test_indexing import run

pytestmark = pytest.mark.xdist_group("litellm")  # whose import takes seconds
MANY = 40
"""More than a model is given at once."""


def unless(word, status=400):
    """It refuses whatever says this."""

    def answer(door, asked):
        refuses = any(word in text.lower() for text in asked["input"])
        (refusal(status) if refuses else vectors())(door, asked)

    return answer


@pytest.fixture
def shop(workspace):
    plain = [node(f"REQ-{number}", body=f"Coin {number}.") for number in range(MANY)]
    return plant(workspace, [*plain, node("REQ-90", title="Poison", body="Rat poison.")])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_text_that_is_refused_keeps_no_other_waiting(shop, workspace, wire, status):
    wire.answers = [unless("poison", status)]
    index_all(workspace.id)
    assert Vector.objects.count() == MANY
    assert waiting_in(workspace.id) == 0
    refused = _without_vector()
    assert refused.text.startswith("Poison")
    assert str(status) in refused.embedded_as


def test_the_command_counts_what_is_refused(shop, workspace, wire):
    wire.answers = [unless("poison")]
    assert run("--workspace", str(workspace.id))["refused"] == 1


def _without_vector():
    return Passage.objects.exclude(id__in=Vector.objects.values("passage")).get()


def test_it_is_asked_about_again_when_the_model_is_another(shop, workspace, wire, settings):
    wire.answers = [unless("poison")]
    index_all(workspace.id)
    asked = len(wire.asked)
    index_all(workspace.id)
    assert len(wire.asked) == asked
    settings.EMBEDDING_MODEL = "openai/braver"
    wire.answers = [vectors()]
    assert waiting_in(workspace.id) == MANY + 1
    index_all(workspace.id)
    assert Vector.objects.count() == MANY + 1


@pytest.mark.parametrize("status", [400, 401])
def test_a_model_that_refuses_everything_is_away_and_refuses_no_text(shop, workspace, wire, status):
    wire.answers = [refusal(status)]
    with pytest.raises(ModelAway):
        index_all(workspace.id)
    assert waiting_in(workspace.id) == MANY + 1


def test_a_model_that_is_away_in_one_workspace_ends_no_other(shop, workspace, monkeypatch):
    other = WorkspaceFactory.create()
    plant(other, [node("REQ-1", body="Zlotys.")])

    def embed(texts, **asked):
        if asked["workspace"] == first:
            raise ModelAway
        return embedding.embed(texts, **asked)

    Corpus.objects.bulk_create(Corpus(workspace=each) for each in (workspace, other))
    first = Corpus.objects.values_list("workspace", flat=True)[0]
    monkeypatch.setattr(indexing, "embed", embed)
    tasks.index_rest()
    left = {each: waiting_in(each) for each in (workspace.id, other.id)}
    assert [each for each in left if left[each]] == [first]
    assert not Passage.objects.filter(is_posted=False).exists()
