"""Meanings kept in Qdrant: its own client's local mode stands in for the server."""

from datetime import timedelta

import pytest
from django.core.checks.registry import registry
from django.utils import timezone

from apps.specs import tasks
from apps.specs.errors import BackendAway
from apps.specs.models.search import Passage, Vector
from apps.specs.search.backends import qdrant
from apps.specs.search.checks import check_search
from apps.specs.search.ports import current_backend
from apps.specs.search.statement import Scope
from apps.specs.services.forgetting import forget_index, forget_leftovers, forget_strays
from apps.specs.services.indexing import keep_passages, model_now, waiting_in
from apps.specs.services.relating import related_to
from apps.specs.services.searching import nearest, search_specs
from tests.factories import WorkspaceFactory, member
from tests.specs.graphs import node, plant
from tests.specs.search.indexing import index
from tests.specs.search.test_meaning import SECRETS, SHOP

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


@pytest.fixture(autouse=True)
def _kept_in_qdrant(settings):
    settings.EMBEDDINGS_BACKEND, settings.QDRANT_URL = "qdrant", ":memory:"
    qdrant._client.cache_clear()
    yield
    qdrant._client.cache_clear()


@pytest.fixture
def shop(workspace):
    planted = plant(workspace, SHOP)
    index(workspace)
    return planted


def search(workspace, owner, query, **more):
    found = search_specs(query=query, workspace_id=workspace.id, actor=owner, **more)
    return [hit.version.title for hit in found.hits]


def test_what_is_meant_is_found(shop, workspace, owner):
    assert not Vector.objects.exists()
    assert waiting_in(workspace.id) == 0
    assert search(workspace, owner, SECRETS)[0] == "Passwords"


def test_it_is_narrowed_by_moment_and_kind(shop, workspace, owner):
    plant(workspace, [node("REQ-3", title="Cats", body="Cats SHALL be fed.")])
    index(workspace)
    assert "Passwords" not in search(workspace, owner, SECRETS)
    then = {"revision": shop.revision.number}
    assert search(workspace, owner, SECRETS, **then)[0] == "Passwords"
    assert search(workspace, owner, SECRETS, kinds=["test"], **then) == []


def test_workspaces_are_kept_apart(shop, workspace):
    other = WorkspaceFactory.create()
    member(other)
    plant(other, [node("REQ-3", title="Secrets", body="A secret SHALL be kept.")])
    index(other)
    near = nearest([0.1] * 384, Scope(workspace=other.id), most=10)
    assert len(near.given["near_passages"]) == 1


def test_what_is_forgotten_is_forgotten_there_too(shop, workspace):
    other = WorkspaceFactory.create()
    plant(other, SHOP[:1])
    index(other)
    forget_index(workspace.id)
    for one, left in ((workspace, 0), (other, 1)):
        near = nearest([0.1] * 384, Scope(workspace=one.id), most=10)
        assert len(near.given["near_passages"]) == left


def test_what_was_only_proposed_is_forgotten_there_too(shop, workspace):
    [near] = keep_passages(workspace.id, [SECRETS]).values()
    index(workspace)
    assert current_backend().kept(model=model_now(), passages=[near])
    Passage.objects.update(kept_at=timezone.now() - timedelta(days=31))
    assert forget_strays(workspace.id) == 1
    assert not current_backend().kept(model=model_now(), passages=[near])
    assert waiting_in(workspace.id) == 0, "the others are there"


def kept_for(workspace):
    return sorted(
        point.id
        for collection in client().get_collections().collections
        for point in client().scroll(collection.name, with_payload=True, limit=100)[0]
        if point.payload["workspace"] == str(workspace.id)
    )


def client():
    return qdrant._client(":memory:", "")


def test_what_could_not_be_forgotten_while_it_was_away_is_later(shop, workspace, settings):
    before = kept_for(workspace)
    [near] = keep_passages(workspace.id, [SECRETS]).values()
    index(workspace)
    assert kept_for(workspace) == sorted([*before, near])
    Passage.objects.update(kept_at=timezone.now() - timedelta(days=31))
    settings.QDRANT_URL = "http://127.0.0.1:9"
    with pytest.raises(BackendAway):
        forget_strays(workspace.id)
    settings.QDRANT_URL = ":memory:"
    tasks.index_rest()
    assert kept_for(workspace) == before


def test_what_another_model_made_of_it_goes_once_all_is_known_to_this_one(shop, workspace):
    before = kept_for(workspace)
    there = {passage: [0.1] * 8 for passage in before}
    qdrant.Qdrant().keep(workspace=workspace.id, model="of before/8", vectors=there)
    Passage.objects.update(embedded_as="")
    forget_leftovers(workspace.id)
    assert kept_for(workspace) == sorted(before * 2)
    tasks.index_rest()
    assert kept_for(workspace) == before


def test_of_a_workspace_that_is_deleted_nothing_stays(shop, workspace, settings):
    other = WorkspaceFactory.create()
    plant(other, SHOP[:1])
    index(other)
    workspace.deleted_at = timezone.now()
    workspace.save()
    settings.QDRANT_URL = "http://127.0.0.1:9"
    tasks.index_rest()
    settings.QDRANT_URL = ":memory:"
    assert kept_for(workspace)
    tasks.index_rest()
    assert not kept_for(workspace)
    assert not Passage.objects.filter(workspace=workspace).exists()
    assert len(kept_for(other)) == 1


def test_what_stood_once_stays_there_too(shop, workspace, owner):
    before = kept_for(workspace)
    plant(workspace, [node("REQ-3", title="Cats", body="Cats SHALL be fed.")])
    Passage.objects.update(kept_at=timezone.now() - timedelta(days=31))
    tasks.index_rest()
    assert {*before} < {*kept_for(workspace)}


def test_what_is_related_is_found_without_a_model(shop, workspace):
    planted = plant(workspace, [node("REQ-9", title="Secrets", body="Passwords SHALL be long.")])
    index(workspace)
    assert related_to(planted["REQ-9"])[0].hit.version.key == "REQ-3"


def test_away_it_is_searched_by_words(shop, workspace, owner, settings):
    settings.QDRANT_URL = "http://127.0.0.1:9"
    with pytest.raises(BackendAway):
        nearest([0.1] * 384, Scope(workspace=workspace.id), most=10)
    found = search_specs(query="password", workspace_id=workspace.id, actor=owner)
    assert [hit.version.key for hit in found.hits] == ["REQ-3"]
    assert (found.by_meaning, found.because) == (False, "search_backend_away")


def test_a_vector_takes_the_place_of_the_one_before(shop, workspace):
    backend = qdrant.Qdrant()
    [passage] = nearest([0.1] * 384, Scope(workspace=workspace.id), most=1).given["near_passages"][
        :1
    ]
    first = [1.0] + [0.0] * 383
    backend.keep(workspace=workspace.id, model=model_now(), vectors={passage: first})
    assert backend.kept(model=model_now(), passages=[passage])[passage] == first


@pytest.mark.parametrize(
    ("backend", "url", "library", "wrong"),
    [
        ("pgvector", "", "of nobody", 0),
        ("qdrant", "http://q:6333", "json", 0),
        ("qdrant", "http://q:6333", "of nobody", 1),
        ("qdrant", "", "json", 1),
    ],
)
def test_what_it_needs_is_asked_for_at_the_start(
    settings, monkeypatch, backend, url, library, wrong
):
    settings.EMBEDDINGS_BACKEND, settings.QDRANT_URL = backend, url
    monkeypatch.setattr(qdrant, "LIBRARY", library)
    assert check_search in registry.get_checks()
    assert [one.id for one in check_search()] == ["lattice.E017"] * wrong
