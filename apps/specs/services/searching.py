"""Finding specs by what they say: by words and, where a model is there, by meaning."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.extensions import has_extension
from apps.inference.errors import BudgetSpent, ModelAway
from apps.inference.services.embedding import embed
from apps.specs.errors import BackendAway, SearchTooSlow
from apps.specs.models.graph import Version
from apps.specs.models.search import Corpus
from apps.specs.search.asked import Asked, asked_in
from apps.specs.search.backends.pgvector import INDEXED_FROM
from apps.specs.search.ports import Meant, current_backend
from apps.specs.search.statement import (
    COUNTING,
    FRESH,
    K1,
    NOTHING_NEAR,
    POOL,
    B,
    Near,
    Scope,
    Weights,
    statement,
)
from apps.specs.services.indexing import embedded_now, model_now, waiting_in

ALIKE = 0.45
"""How much of its letters a word that nobody said shares with one that somebody did."""
LONGEST = 5.0
"""Seconds that the database may search."""
PURPOSE = "search"
PATIENCE = 2.0
"""Seconds that a search waits for a model that is not here, before words alone have to do."""
FURTHEST = 1_000
"""Hits that can be paged through."""
START, STOP = "\x02", "\x03"
APART, INSTEAD = "<>/", "\x04\x05\x06"
"""What keeps PostgreSQL from reading words, which the function specs_words takes out."""
_HOW = (
    f'StartSel="{START}", StopSel="{STOP}", MaxFragments=2, MinWords=12, MaxWords=32, '
    'FragmentDelimiter=" … "'
)
_AS_IT_STANDS = str.maketrans(INSTEAD, APART)
_HEADLINE = """
    SELECT passage.id, ts_headline('english',
        translate(regexp_replace(passage.text, '^[^\n]*\n\n', ''), %(odd)s, %(even)s),
        %(marked)s::tsquery, %(how)s)
    FROM specs_passage AS passage WHERE passage.id = ANY(%(passages)s)
"""


@dataclass(frozen=True, kw_only=True)
class Piece:
    text: str
    is_marked: bool


@dataclass(frozen=True, kw_only=True)
class Hit:
    version: Version
    """Of then, without its body."""
    snippet: tuple[Piece, ...]
    is_named: bool
    """By its key."""
    closeness: float | None
    """Of its meaning, from -1 to 1. None: it was found by its words."""
    shared: int
    """Words that it shares with what was asked."""
    score: float


@dataclass(frozen=True, kw_only=True)
class Found:
    hits: tuple[Hit, ...]
    has_more: bool
    by_meaning: bool
    because: str = ""
    """Why it was not searched by meaning, where it should have been: an error's code."""
    waiting: int = 0
    """Passages whose meaning is not known yet."""


WEIGHTS = Weights()

NOTHING = Found(hits=(), has_more=False, by_meaning=False)


def search_specs(
    *,
    query: str,
    workspace_id: UUID,
    actor: Actor,
    kinds: Sequence[str] = (),
    statuses: Sequence[str] = (),
    labels: Sequence[str] = (),
    revision: int | None = None,
    most: int = 20,
    offset: int = 0,
    by_meaning: bool = True,
    weights: Weights | None = None,
) -> Found:
    """The best first. Never inside a unit of work: a model may be asked."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    asked = asked_in(query)
    if asked.is_empty or offset >= FURTHEST:
        return NOTHING
    scope = Scope(
        workspace=workspace_id, revision=revision, kinds=kinds, statuses=statuses, labels=labels
    )
    near, because = NOTHING_NEAR, ""
    if by_meaning and current_backend().embeds:
        try:
            answered = embed(
                [asked.words],
                purpose=PURPOSE,
                workspace=workspace_id,
                actor=actor,
                patience=PATIENCE,
            )
            near = nearest(answered.vectors[0], scope, most=POOL + offset + most)
        except (BudgetSpent, ModelAway, BackendAway) as error:
            because = error.code
    hits = find(asked, scope, near, weights=weights or WEIGHTS, most=most + 1, offset=offset)
    return Found(
        hits=hits[:most],
        has_more=len(hits) > most,
        by_meaning=near is not NOTHING_NEAR,
        because=because,
        waiting=waiting_in(workspace_id),
    )


def nearest(vector: Sequence[float], scope: Scope, *, most: int) -> Near:
    """Raises BackendAway."""
    corpus = Corpus.objects.filter(workspace=scope.workspace).first()
    meant = Meant(
        vector=vector,
        model=model_now(),
        scope=scope,
        most=most,
        is_large=corpus is not None and corpus.passages >= INDEXED_FROM,
    )
    return current_backend().near(meant)


def find(
    asked: Asked,
    scope: Scope,
    near: Near,
    *,
    most: int,
    offset: int = 0,
    weights: Weights = WEIGHTS,
) -> tuple[Hit, ...]:
    """For who may: nobody is asked. Raises SearchTooSlow."""
    given = {
        **scope.given,
        **near.given,
        "words": asked.words,
        "without": " ".join(asked.without),
        "names": list(asked.names),
        "literal": asked.literal,
        "alike": ALIKE,
        "counting": COUNTING,
        "fresh": FRESH,
        "pool": POOL + offset + most,
        "k1": K1,
        "b": B,
        "embedded": embedded_now(),
        "by_words": weights.words,
        "by_meaning": weights.meaning,
        "by_title": weights.title,
        "most": most,
        "offset": offset,
        **{f"phrase_{number}": pattern for number, pattern in enumerate(asked.phrases)},
        **{f"without_{number}": pattern for number, pattern in enumerate(asked.without_phrases)},
    }
    sql = statement(
        scope,
        near,
        forgives=_knows_likeness(),
        phrases=len(asked.phrases),
        without_words=bool(asked.without),
        without_phrases=len(asked.without_phrases),
    )
    with _in_time(), connection.cursor() as cursor:
        cursor.execute(sql, given)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return _told(rows) if rows else ()


@cache
def _knows_likeness() -> bool:
    """Whether what nobody said can be taken for what is most like it. Asked once a process."""
    return has_extension("pg_trgm")


@contextmanager
def _in_time() -> Iterator[None]:
    """What is around it has afterwards as long as it had before."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            [before] = cursor.fetchone()
            told = "SELECT set_config('statement_timeout', %s, true)"
            cursor.execute(told, [f"{LONGEST * 1000:.0f}ms"])
            yield
            cursor.execute(told, [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooSlow from error
        raise


def _told(rows: Sequence[dict[str, Any]]) -> tuple[Hit, ...]:
    versions = Version.objects.defer("body", "heading", "attributes").in_bulk(
        [row["version_id"] for row in rows]
    )
    snippets = _snippets([row["passage_id"] for row in rows], rows[0]["stems"] or ())
    return tuple(
        Hit(
            version=versions[row["version_id"]],
            snippet=snippets[row["passage_id"]],
            is_named=row["is_named"],
            closeness=row["closeness"],
            shared=row["shared"],
            score=row["score"],
        )
        for row in rows
    )


def _snippets(passages: Sequence[int], stems: Sequence[str]) -> dict[int, tuple[Piece, ...]]:
    given: dict[str, Any] = {
        "passages": list(passages),
        "marked": " | ".join(map(_quoted, stems)),
        "odd": f"{APART}{START}{STOP}{INSTEAD}",
        "even": INSTEAD,
        "how": _HOW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HEADLINE, given)
        return {id_: tuple(_pieces(told)) for id_, told in cursor.fetchall()}


def _quoted(stem: str) -> str:
    return "'" + stem.replace("\\", "\\\\").replace("'", "''") + "'"


def _pieces(told: str) -> Iterator[Piece]:
    rest = " ".join(told.translate(_AS_IT_STANDS).split())
    while rest:
        plain, _, rest = rest.partition(START)
        if plain:
            yield Piece(text=plain, is_marked=False)
        marked, _, rest = rest.partition(STOP)
        if marked:
            yield Piece(text=marked, is_marked=True)
