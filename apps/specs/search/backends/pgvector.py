"""Vectors in PostgreSQL, beside the texts, so that one statement searches both.

All vectors of what is asked for are compared, which finds the nearest for sure. What is too large
for that has an index (HNSW), which is read on until enough of what it gives is asked for.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from apps.specs.models.search import Vector
from apps.specs.search.ports import Meant, backends
from apps.specs.search.statement import Near

INDEXED_FROM = 30_000
"""Passages of a workspace; bench/search.py says what either way takes."""
LARGEST_INDEXED = 4_000
"""Dimensions: what pgvector can index."""
EFFORT = 200
"""Candidates that a search in the index keeps."""

_KEEP = """
    INSERT INTO specs_vector (passage_id, workspace_id, model, vector)
    SELECT passage, %(workspace)s, %(model)s, vector::halfvec
    FROM unnest(%(passages)s::bigint[], %(vectors)s::text[]) AS given (passage, vector)
    ON CONFLICT (passage_id) DO UPDATE SET model = excluded.model, vector = excluded.vector
"""
_EXACT = """
    SELECT place.passage_id, 1 - (vector.vector <=> %(vector)s::halfvec) AS closeness
    FROM specs_place AS place JOIN specs_vector AS vector USING (passage_id)
    WHERE vector.model = %(model)s AND {places}
    ORDER BY 2 DESC LIMIT %(near)s
"""
_INDEXED = """
    SELECT passage_id, 1 - distance AS closeness FROM (
        SELECT vector.passage_id, vector.vector::halfvec({size}) <=> %(vector)s::halfvec({size})
            AS distance
        FROM specs_vector AS vector
        WHERE vector.model = {model} AND EXISTS (
            SELECT FROM specs_place AS place
            WHERE place.passage_id = vector.passage_id AND {places}
        )
        ORDER BY vector.vector::halfvec({size}) <=> %(vector)s::halfvec({size}) LIMIT %(near)s
    ) AS nearest ORDER BY distance
"""
_INDEX = """
    CREATE INDEX {how} IF NOT EXISTS {name} ON specs_vector
    USING hnsw ((vector::halfvec({size})) halfvec_cosine_ops)
    WITH (m = 16, ef_construction = 64) WHERE model = {model}
"""


def written(vector: Sequence[float]) -> str:
    return f"[{','.join(format(number, '.6g') for number in vector)}]"


class Pgvector:
    name = "pgvector"
    embeds = True

    def keep(self, *, workspace: UUID, model: str, vectors: Mapping[int, Sequence[float]]) -> None:
        given: dict[str, Any] = {
            "workspace": workspace,
            "model": model,
            "passages": list(vectors),
            "vectors": [written(vector) for vector in vectors.values()],
        }
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, given)

    def kept(self, *, model: str, passages: Collection[int]) -> Mapping[int, Sequence[float]]:
        found = Vector.objects.filter(model=model, passage__in=passages)
        return {id_: json.loads(vector) for id_, vector in found.values_list("passage", "vector")}

    def forget(
        self, *, workspace: UUID, passages: Collection[int] | None = None, but_of: str = ""
    ) -> None:
        """They go with their passages."""
        if passages is None:
            Vector.objects.filter(workspace=workspace).exclude(model=but_of).delete()

    def apart(self, **_: object) -> Iterator[Sequence[int]]:
        return iter(())

    def grow(self, *, model: str, size: int, passages: int) -> None:
        if passages >= INDEXED_FROM and size <= LARGEST_INDEXED and not _is_indexed(model):
            index_vectors(model, size)

    def near(self, meant: Meant) -> Near:
        given = {"vector": written(meant.vector), "model": meant.model, "near": meant.most}
        places = meant.scope.places()
        size = len(meant.vector)
        if not meant.is_large or not _is_indexed(meant.model):
            return Near(sql=_EXACT.format(places=places), given=given)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', false),"
                " set_config('hnsw.ef_search', %s, false)",
                [str(EFFORT)],
            )
        sql = _INDEXED.format(places=places, size=size, model=_quoted(meant.model))
        return Near(sql=sql, given=given)


def index_vectors(model: str, size: int) -> None:
    """It takes minutes, in which others read and write on."""
    how = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute(_INDEX.format(how=how, name=_name(model), size=size, model=_quoted(model)))


def _is_indexed(model: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT true FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid",
            [_name(model)],
        )
        return cursor.fetchone() is not None


def _name(model: str) -> str:
    return f"specs_vectors_{sha256(model.encode()).hexdigest()[:16]}"


def _quoted(model: str) -> str:
    """As a constant: the index is of one model, and the planner has to see that it is this one."""
    quoted = model.replace("'", "''").replace("%", "%%")
    return f"'{quoted}'"


backends["pgvector"] = Pgvector
