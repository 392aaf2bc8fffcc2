"""One statement that finds passages by words and by meaning and says which nodes they stand in.

Rare words count more, repeated ones less, and so do long passages (BM25); closeness of meaning is
the cosine. As neither says anything beside the other, both are counted in standard deviations of
what was found (z-scores), weighed, and added up with the share of the words that the title has. A
node stands where its best passage does. A key that was named comes before all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

POOL = 200
"""Passages that are looked at of each kind, more than are wanted."""
FRESH = 2_000
"""Passages without postings yet whose words are read from their texts, the latest first."""
COUNTING = 16
"""Words of a question that count, the rarest: each costs as much as it is often said."""
RANKED = 5_000
"""Passages, the best by their words, of which is looked where they stand: many no longer do. Where
a search is narrowed, all."""
K1, B = 1.2, 0.75


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Measured by bench/search.py, on one half of its questions; docs/search.md says what the other
    half says of them."""

    words: float = 1.0
    meaning: float = 1.0
    title: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Near:
    """What a backend gives: SQL of (passage_id, closeness), and what stands in it."""

    sql: str
    given: Mapping[str, Any]


NOTHING_NEAR = Near(sql="SELECT NULL::bigint AS passage_id, NULL::float8 AS closeness", given={})

_ASKED = """
    asked AS MATERIALIZED (
        SELECT lexeme
        FROM (
            SELECT lexeme, positions, count(*) OVER () > %(counting)s AS are_many
            FROM unnest(specs_words(%(words)s))
        ) AS said
        ORDER BY CASE WHEN are_many THEN (
            SELECT count(*) FROM (
                SELECT FROM specs_posting WHERE word_id = (
                    SELECT id FROM specs_word
                    WHERE workspace_id = %(workspace)s AND stem = lexeme
                ) LIMIT 2000
            ) AS counted
        ) END, positions[1]
        LIMIT %(counting)s
    ),
    left_out AS MATERIALIZED (
        SELECT lexeme FROM unnest(specs_words(%(without)s)) LIMIT %(counting)s
    ),
    known AS MATERIALIZED (
        SELECT word.id AS word_id, lexeme, 1.0::float8 AS sure
        FROM (SELECT lexeme FROM asked UNION SELECT lexeme FROM left_out) AS said
        JOIN specs_word AS word ON word.workspace_id = %(workspace)s AND word.stem = said.lexeme
    ),
    meant AS MATERIALIZED (
        SELECT word_id, lexeme, sure FROM known
        {alike}
    )"""

_ALIKE = """UNION ALL
        SELECT alike.id, lexeme, alike.sure
        FROM asked CROSS JOIN LATERAL (
            SELECT id, similarity(stem, lexeme)::float8 AS sure FROM specs_word
            WHERE workspace_id = %(workspace)s AND stem %% lexeme AND length(lexeme) > 3
                AND similarity(stem, lexeme) >= %(alike)s
            ORDER BY similarity(stem, lexeme) DESC, stem LIMIT 3
        ) AS alike
        WHERE lexeme NOT IN (SELECT lexeme FROM known)"""
"""Where PostgreSQL has pg_trgm."""

_HITS = """
    fresh AS MATERIALIZED (
        SELECT passage.id AS passage_id, lexeme, cardinality(positions) AS times, words
        FROM (
            SELECT id, specs_words(text) AS read FROM specs_passage
            WHERE workspace_id = %(workspace)s AND NOT is_posted ORDER BY id DESC LIMIT %(fresh)s
        ) AS passage
        CROSS JOIN LATERAL (
            SELECT lexeme, positions, sum(cardinality(positions)) OVER () AS words
            FROM unnest(passage.read)
        ) AS said
        WHERE EXISTS (SELECT FROM asked) OR EXISTS (SELECT FROM left_out)
    ),
    hits AS MATERIALIZED (
        SELECT lexeme, sure, passage_id, times, length::float8 AS length
        FROM meant JOIN specs_posting USING (word_id)
        UNION ALL
        SELECT lexeme, 1.0, passage_id, times, words
        FROM fresh
        WHERE lexeme IN (SELECT lexeme FROM asked UNION ALL SELECT lexeme FROM left_out)
    ),
    corpus AS MATERIALIZED (
        SELECT greatest(sum(passages), 1)::float8 AS passages,
            greatest(sum(length), 1)::float8 / greatest(sum(passages), 1)::float8 AS usual
        FROM specs_corpus WHERE workspace_id = %(workspace)s
    ),
    rarity AS MATERIALIZED (
        SELECT lexeme, ln(1 + (greatest(passages - n, 0) + 0.5) / (n + 0.5)) AS rare
        FROM (SELECT lexeme, count(*)::float8 AS n FROM hits GROUP BY lexeme) AS counted, corpus
        WHERE lexeme IN (SELECT lexeme FROM asked)
    ),
    worded AS MATERIALIZED (
        SELECT passage_id, sum(
            rare * sure * times * (%(k1)s + 1)
            / (times + %(k1)s * (1 - %(b)s + %(b)s * length / usual))
        ) AS score, count(*) AS shared
        FROM hits JOIN rarity USING (lexeme), corpus GROUP BY passage_id
    )"""

_FOUND = """
    near AS MATERIALIZED ({near}),
    named AS MATERIALIZED (
        SELECT DISTINCT node_id FROM specs_key
        WHERE workspace_id = %(workspace)s AND lower(key) = ANY(%(names)s)
    ),
    found AS MATERIALIZED (
        (SELECT place.id
            FROM (SELECT * FROM worded ORDER BY score DESC LIMIT {ranked}) AS best
            JOIN specs_place AS place USING (passage_id)
            WHERE {places} ORDER BY score DESC, place.id LIMIT %(pool)s)
        UNION
        (SELECT place.id FROM near JOIN specs_place AS place USING (passage_id)
            WHERE {places} ORDER BY closeness DESC, place.id LIMIT %(pool)s)
        UNION
        (SELECT place.id FROM named JOIN specs_place AS place USING (node_id)
            WHERE {places} AND place.number = 0)
        {literal}
    ),
    measured AS MATERIALIZED (
        SELECT place.node_id, place.version_id, place.passage_id,
            version.key, coalesce(worded.score, 0) AS words, coalesce(worded.shared, 0) AS shared,
            coalesce(near.closeness, CASE WHEN passage.embedded_as = %(embedded)s
                THEN (SELECT min(closeness) FROM near) END) AS meaning,
            near.closeness,
            coalesce((
                SELECT count(*)::float8 / nullif((SELECT count(*) FROM asked), 0)
                FROM unnest(specs_words(version.title)) AS said
                WHERE said.lexeme IN (SELECT lexeme FROM asked)
            ), 0) AS title,
            place.node_id IN (SELECT node_id FROM named) AS is_named,
            lower(version.title) = lower(%(words)s) AS is_titled
        FROM found JOIN specs_place AS place ON place.id = found.id
        JOIN specs_passage AS passage ON passage.id = place.passage_id
        JOIN specs_version AS version ON version.id = place.version_id
        LEFT JOIN worded ON worded.passage_id = place.passage_id
        LEFT JOIN near ON near.passage_id = place.passage_id
        WHERE {demanded}
    ),
    weighed AS (
        SELECT *,
            %(by_words)s * coalesce(
                (words - avg(words) OVER ()) / nullif(stddev_pop(words) OVER (), 0), 0)
            + %(by_meaning)s * coalesce(
                (meaning - avg(meaning) OVER ()) / nullif(stddev_pop(meaning) OVER (), 0), 0)
            + %(by_title)s * title AS score
        FROM measured
    ),
    best AS (
        SELECT DISTINCT ON (node_id) * FROM weighed ORDER BY node_id, score DESC, passage_id
    )
    SELECT node_id, version_id, passage_id, is_named, closeness, shared, score,
        (SELECT array_agg(DISTINCT stem) FROM (
            SELECT stem FROM meant JOIN specs_word AS word ON word.id = meant.word_id
                WHERE lexeme IN (SELECT lexeme FROM asked)
            UNION SELECT lexeme FROM asked) AS marked) AS stems
    FROM best ORDER BY is_named DESC, is_titled DESC, score DESC, key, node_id
    LIMIT %(most)s OFFSET %(offset)s"""

_LITERAL = """UNION
        (SELECT place.id FROM specs_place AS place JOIN specs_passage AS passage
            ON passage.id = place.passage_id
            WHERE {places} AND NOT EXISTS (SELECT FROM asked) AND passage.text ~* %(literal)s
            LIMIT %(pool)s)"""
"""Where nothing but words that every text has is asked for: as they stand."""
_PHRASE = "passage.text ~* %(phrase_{number})s"
_WITHOUT_WORDS = """place.node_id NOT IN (
            SELECT other.node_id FROM hits JOIN specs_place AS other USING (passage_id)
            WHERE lexeme IN (SELECT lexeme FROM left_out) AND {others})"""
_WITHOUT_PHRASE = """NOT EXISTS (
            SELECT FROM specs_place AS other JOIN specs_passage AS said
                ON said.id = other.passage_id
            WHERE other.version_id = place.version_id AND said.text ~* %(without_{number})s)"""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What of the index is searched. Revision None: as it is now."""

    workspace: Any
    revision: int | None = None
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    labels: Sequence[str] = ()
    apart_from: Sequence[Any] = ()
    """Nodes that are not looked for."""

    @property
    def given(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "revision": self.revision,
            "kinds": list(self.kinds),
            "statuses": list(self.statuses),
            "labels": list(self.labels),
            "apart_from": list(self.apart_from),
        }

    @property
    def is_narrow(self) -> bool:
        return bool(self.revision is not None or self.kinds or self.statuses or self.labels)

    def places(self, name: str = "place") -> str:
        conditions = [f"{name}.workspace_id = %(workspace)s"]
        if self.revision is None:
            conditions.append(f"{name}.until IS NULL")
        else:
            conditions.append(f"{name}.since <= %(revision)s")
            conditions.append(f"({name}.until IS NULL OR {name}.until > %(revision)s)")
        if self.kinds:
            conditions.append(f"{name}.kind = ANY(%(kinds)s)")
        if self.statuses:
            conditions.append(f"{name}.status = ANY(%(statuses)s)")
        if self.labels:
            conditions.append(f"{name}.labels @> %(labels)s::varchar[]")
        if self.apart_from:
            conditions.append(f"{name}.node_id <> ALL(%(apart_from)s)")
        return " AND ".join(conditions)


def statement(
    scope: Scope,
    near: Near,
    *,
    forgives: bool,
    phrases: int,
    without_words: bool,
    without_phrases: int,
) -> str:
    """Its parameters are those of the scope and of what is near, and: words, without, names,
    phrase_N, without_N, literal, alike, counting, fresh, pool, k1, b, embedded, by_words,
    by_meaning, by_title, most, offset."""
    places = scope.places()
    demanded = [
        *(_PHRASE.format(number=number) for number in range(phrases)),
        *(_WITHOUT_PHRASE.format(number=number) for number in range(without_phrases)),
    ]
    if without_words:
        demanded.append(_WITHOUT_WORDS.format(others=scope.places("other")))
    found = _FOUND.format(
        near=near.sql,
        ranked="ALL" if scope.is_narrow else RANKED,
        places=places,
        literal=_LITERAL.format(places=places),
        demanded=" AND ".join(demanded) or "true",
    )
    asked = _ASKED.format(alike=_ALIKE if forgives else "")
    return f"WITH {asked},{_HITS},{found}"
