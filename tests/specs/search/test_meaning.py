"""Searching by meaning, with the model that comes with Lattice."""

import pytest
from django.db import connection

from apps.inference.errors import BudgetSpent, ModelAway
from apps.inference.models import Use
from apps.specs.models.search import Passage, Vector
from apps.specs.search.backends import pgvector
from apps.specs.services import indexing, searching
from apps.specs.services.indexing import embed_passages, waiting_in
from apps.specs.services.relating import related_to
from apps.specs.services.searching import search_specs
from tests.specs.graphs import node, plant
from tests.specs.search.indexing import index

SHOP = [
    node("REQ-1", title="Card payments", body="The till SHALL accept a card within 3 seconds."),
    node("REQ-2", title="Opening hours", body="The shop SHALL open its doors at nine."),
    node("REQ-3", title="Passwords", body="A password SHALL have at least twelve characters."),
    node("REQ-4", title="Shipping", body="A parcel SHALL leave the warehouse within a day."),
]


SECRETS = "login secrets"


@pytest.fixture
def shop(workspace):
    planted = plant(workspace, SHOP)
    index(workspace)
    return planted


def search(workspace, owner, query, **more):
    return search_specs(query=query, workspace_id=workspace.id, actor=owner, **more)


def test_what_is_meant_is_found_without_a_word_in_common(shop, workspace, owner):
    found = search(workspace, owner, SECRETS)
    assert found.by_meaning
    assert found.hits[0].version.key == "REQ-3"
    assert found.hits[0].closeness > 0.3


def test_what_is_said_alike_is_embedded_once(shop, workspace):
    vectors = Vector.objects.count()
    plant(workspace, [node("REQ-1", labels=["new"]), node("REQ-2", renamed="HOURS-2")])
    plant(workspace, [node("REQ-3", status="retired"), node("REQ-9", **_saying("REQ-4"))])
    assert waiting_in(workspace.id) == 0
    assert Passage.objects.count() == Vector.objects.count() == vectors


def _saying(key):
    return {name: said[name] for said in SHOP if said["key"] == key for name in ("title", "body")}


def test_what_is_not_embedded_yet_is_found_by_its_words(shop, workspace, owner):
    plant(workspace, [node("REQ-9", body="A giraffe SHALL NOT pay by card.")])
    found = search(workspace, owner, "giraffe")
    assert found.hits[0].version.key == "REQ-9"
    assert found.waiting == 1


def test_the_past_is_searched_by_what_it_meant(shop, workspace, owner):
    plant(workspace, [node("REQ-3", title="Cats", body="Cats SHALL be fed.")])
    index(workspace)
    then = search(workspace, owner, SECRETS, revision=shop.revision.number)
    assert then.hits[0].version.title == "Passwords"
    assert search(workspace, owner, "feline food").hits[0].version.title == "Cats"
    assert search(workspace, owner, SECRETS).hits[0].version.title != "Passwords"


@pytest.mark.parametrize("error", [BudgetSpent, ModelAway])
def test_without_its_model_it_goes_on_by_words(shop, workspace, owner, monkeypatch, error):
    def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr(searching, "embed", refuse)
    found = search(workspace, owner, "password")
    assert [hit.version.key for hit in found.hits] == ["REQ-3"]
    assert (found.by_meaning, found.because) == (False, error.code)


def test_with_no_backend_no_model_is_asked(shop, workspace, owner, settings):
    settings.EMBEDDINGS_BACKEND = "none"
    uses = Use.objects.count()
    found = search(workspace, owner, "password")
    assert (found.by_meaning, found.because, found.waiting) == (False, "", 0)
    assert embed_passages(workspace.id) == 0
    assert Use.objects.count() == uses


def test_another_model_embeds_all_anew(shop, workspace, monkeypatch):
    monkeypatch.setattr(indexing, "model_now", lambda: "another/384")
    assert waiting_in(workspace.id) == len(SHOP)
    index(workspace)
    assert waiting_in(workspace.id) == 0
    assert set(Vector.objects.values_list("model", flat=True)) == {"another/384"}


def test_an_index_of_vectors_finds_the_same(shop, workspace, owner, monkeypatch):
    exact = search(workspace, owner, SECRETS)
    connection.check_constraints()
    pgvector.index_vectors(indexing.model_now(), 384)
    monkeypatch.setattr(searching, "INDEXED_FROM", 0)
    indexed = search(workspace, owner, SECRETS)
    assert [hit.version.key for hit in indexed.hits] == [hit.version.key for hit in exact.hits]


def test_what_is_related_says_how(shop, workspace):
    planted = plant(
        workspace, [node("REQ-9", title="Card payments", body="The till shall take a card in 3 s.")]
    )
    index(workspace)
    first, *_ = related_to(planted["REQ-9"])
    assert (first.hit.version.key, first.how) == ("REQ-1", "says nearly the same")


def test_without_vectors_rare_words_relate(workspace, settings):
    settings.EMBEDDINGS_BACKEND = "none"
    planted = plant(workspace, [*SHOP, node("REQ-9", body="Twelve characters of a password.")])
    index(workspace)
    [only] = related_to(planted["REQ-9"])
    assert (only.hit.version.key, only.how) == ("REQ-3", "shares rare words with it")


def test_what_is_not_embedded_yet_is_related_by_its_meaning(shop, workspace, settings):
    said = node("REQ-9", title="Login secrets", body="Each SHALL be twelve characters long.")
    planted = plant(workspace, [said])
    [first, *_] = related_to(planted["REQ-9"])
    assert first.hit.version.key == "REQ-3"
    assert (first.hit.closeness or 0) > 0.45
    uses = Use.objects.count()
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = "openai/elsewhere", 8
    assert {one.hit.closeness for one in related_to(planted["REQ-9"])} <= {None}
    assert Use.objects.count() == uses
