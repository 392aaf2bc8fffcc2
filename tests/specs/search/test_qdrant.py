"""Meanings kept in Qdrant: its own client's local mode stands in for the server."""

from datetime import timedelta

import pytest
from django.core.checks.registry import registry
from django.utils import timezone

from apps.specs.errors import BackendAway
from apps.specs.models.search import Passage, Vector
from apps.specs.search.backends import qdrant
from apps.specs.search.checks import check_search
from apps.specs.search.ports import current_backend
from apps.specs.search.statement import Scope
from apps.specs.services.forgetting import forget_index, forget_strays
from apps.specs.services.indexing import keep_passages, model_now, waiting_in
from apps.specs.services.relating import related_to
from apps.specs.services.searching import nearest, search_specs
from tests.factories import WorkspaceFactory, member
from tests.specs.graphs import node, plant
from tests.specs.search.conftest import index
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
