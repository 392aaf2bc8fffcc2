"""Vectors in Qdrant, one collection for each model. It is asked for the nearest of a workspace, of
any time and kind; what the search is narrowed by is looked at in PostgreSQL afterwards.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from django.conf import settings

from apps.specs.errors import BackendAway
from apps.specs.search.ports import Meant, backends
from apps.specs.search.statement import Near

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

LIBRARY = "qdrant_client"
PATIENCE = 5
"""Seconds."""
AT_ONCE = 5_000
"""Ids that are asked for."""
_OURS = "lattice-"
SPARE = 5
"""As many times more are asked for than are wanted: some stand nowhere any more, or elsewhere."""


def is_installed() -> bool:
    return find_spec(LIBRARY) is not None


@cache
def _client(url: str, key: str) -> "QdrantClient":
    """One a process. `:memory:` is for tests."""
    make: Callable[..., QdrantClient] = import_module(LIBRARY).QdrantClient
    if url == ":memory:":
        return make(url)
    return make(url=url, api_key=key or None, timeout=PATIENCE, check_compatibility=False)


class Qdrant:
    name = "qdrant"
    embeds = True

    def keep(self, *, workspace: UUID, model: str, vectors: Mapping[int, Sequence[float]]) -> None:
        models = import_module(f"{LIBRARY}.models")
        points = [
            models.PointStruct(
                id=passage, vector=list(vector), payload={"workspace": str(workspace)}
            )
            for passage, vector in vectors.items()
        ]
        size = len(next(iter(vectors.values())))
        with _asking() as client:
            name = _collection(model)
            if not client.collection_exists(name):
                shape = models.VectorParams(size=size, distance=models.Distance.COSINE)
                client.create_collection(name, vectors_config=shape)
                client.create_payload_index(name, "workspace", models.PayloadSchemaType.KEYWORD)
            client.upsert(name, points=points)

    def kept(self, *, model: str, passages: Collection[int]) -> Mapping[int, Sequence[float]]:
        with _asking() as client:
            name = _collection(model)
            if not client.collection_exists(name):
                return {}
            found = client.retrieve(name, ids=list(passages), with_vectors=True)
        vectors: Mapping[int, Any] = {int(point.id): point.vector for point in found}
        return vectors

    def forget(
        self, *, workspace: UUID, passages: Collection[int] | None = None, but_of: str = ""
    ) -> None:
        models = import_module(f"{LIBRARY}.models")
        these = [] if passages is None else [models.HasIdCondition(has_id=list(passages))]
        own = models.Filter(must=[_of(workspace), *these])
        with _asking() as client:
            for collection in client.get_collections().collections:
                if collection.name.startswith(_OURS) and collection.name != _collection(but_of):
                    client.delete(collection.name, models.FilterSelector(filter=own))

    def apart(self, *, workspace: UUID, model: str) -> Iterator[Sequence[int]]:
        models = import_module(f"{LIBRARY}.models")
        name, next_one = _collection(model), None
        while True:
            with _asking() as client:
                if not client.collection_exists(name):
                    return
                found, next_one = client.scroll(
                    name,
                    scroll_filter=models.Filter(must=[_of(workspace)]),
                    limit=AT_ONCE,
                    offset=next_one,
                    with_payload=False,
                )
            yield [int(point.id) for point in found]
            if next_one is None:
                return

    def grow(self, *, model: str, size: int, passages: int) -> None:
        """It makes its indexes by itself."""

    def near(self, meant: Meant) -> Near:
        models = import_module(f"{LIBRARY}.models")
        with _asking() as client:
            name = _collection(meant.model)
            found: Sequence[Any] = ()
            if client.collection_exists(name):
                found = client.query_points(
                    name,
                    query=list(meant.vector),
                    query_filter=models.Filter(must=[_of(meant.scope.workspace)]),
                    limit=meant.most * SPARE,
                    with_payload=False,
                ).points
        given = {
            "near_passages": [point.id for point in found],
            "near_closeness": [point.score for point in found],
        }
        return Near(sql=_GIVEN, given=given)


_GIVEN = """
    SELECT * FROM unnest(%(near_passages)s::bigint[], %(near_closeness)s::float8[])
        AS given (passage_id, closeness)
"""


def _of(workspace: UUID) -> Any:
    models = import_module(f"{LIBRARY}.models")
    return models.FieldCondition(key="workspace", match=models.MatchValue(value=str(workspace)))


def _collection(model: str) -> str:
    return f"{_OURS}{sha256(model.encode()).hexdigest()[:16]}"


@contextmanager
def _asking() -> Iterator["QdrantClient"]:
    """What goes wrong on the way is one thing for whoever asks."""
    exceptions = import_module(f"{LIBRARY}.http.exceptions")
    try:
        yield _client(settings.QDRANT_URL, settings.QDRANT_API_KEY)
    except (exceptions.ApiException, httpx.HTTPError, OSError) as error:
        raise BackendAway from error


backends["qdrant"] = Qdrant
