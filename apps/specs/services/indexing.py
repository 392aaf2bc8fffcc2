"""The index that specs are searched by: passages and places with the revision that brings them,
postings and vectors soon after.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.common.actors import SYSTEM
from apps.common.prepared import prepared
from apps.common.rows import insert
from apps.inference.errors import BudgetSpent, TextsRefused
from apps.inference.ports import current_embedding_model, embedding_model
from apps.inference.services.embedding import embed
from apps.ledger.services import unit
from apps.specs.models.graph import Graph, Version
from apps.specs.models.search import Corpus, Passage, Place
from apps.specs.search.passages import digest_of, passages_of
from apps.specs.search.ports import current_backend

BATCH = 200
"""Passages whose words are posted at once."""
ROUNDS = 20
"""Of these, for one part of what a revision brought."""
EMBEDDED_AT_ONCE = 64
COUNTED = 10_000
"""Of more it is said that they are so many."""
PURPOSE = "search index"
HARMLESS = "The sun rises."
"""A text that any model takes that takes texts at all."""

_POST = """
    WITH fresh AS MATERIALIZED (
        SELECT id, specs_words(text) AS read FROM specs_passage
        WHERE workspace_id = %(workspace)s AND NOT is_posted ORDER BY id LIMIT %(most)s
    ),
    said AS MATERIALIZED (
        SELECT id, lexeme, cardinality(positions) AS times,
            sum(cardinality(positions)) OVER (PARTITION BY id) AS length
        FROM fresh CROSS JOIN LATERAL unnest(read)
    ),
    stems AS MATERIALIZED (SELECT DISTINCT lexeme FROM said),
    added AS (
        INSERT INTO specs_word (workspace_id, stem) SELECT %(workspace)s, lexeme FROM stems
        WHERE NOT EXISTS (
            SELECT FROM specs_word WHERE workspace_id = %(workspace)s AND stem = lexeme)
        RETURNING id, stem
    ),
    known AS (
        SELECT id, stem FROM added
        UNION ALL
        SELECT word.id, stem FROM specs_word AS word JOIN stems ON stem = lexeme
        WHERE workspace_id = %(workspace)s
    ),
    posted AS (
        INSERT INTO specs_posting (word_id, passage_id, times, length)
        SELECT known.id, said.id, times, least(length, 32767)
        FROM said JOIN known ON stem = lexeme
    ),
    done AS (
        UPDATE specs_passage SET is_posted = true FROM fresh WHERE specs_passage.id = fresh.id
        RETURNING specs_passage.id
    )
    UPDATE specs_corpus SET
        passages = passages + (SELECT count(*) FROM done),
        length = length + coalesce((SELECT sum(times) FROM said), 0)
    WHERE workspace_id = %(workspace)s
    RETURNING (SELECT count(*) FROM done)
"""


def place_versions(workspace: UUID, versions: Sequence[Version]) -> None:
    """Where the texts of these stand from now on, instead of what stood there before. In the
    transaction that writes them."""
    if changed := {one.node_id for one in versions if one.number > 1}:
        Place.objects.filter(node__in=changed, until=None).update(until=versions[0].since)
    stand(workspace, [one for one in versions if one.is_live])


def stand(workspace: UUID, versions: Iterable[Version]) -> None:
    said = [(one, passages_of(one.title, one.body)) for one in versions]
    ids = keep_passages(workspace, {text for _, texts in said for text in texts})
    insert(
        Place(
            workspace_id=workspace,
            passage_id=ids[text],
            node_id=one.node_id,
            version_id=one.id,
            number=number,
            kind=one.kind,
            status=one.status,
            labels=one.labels,
            since=one.since,
            until=one.until,
        )
        for one, texts in said
        for number, text in enumerate(texts)
    )


def keep_passages(workspace: UUID, texts: Collection[str]) -> dict[str, int]:
    """Each with its id. What is there already stays."""
    digests = {digest_of(text): text for text in sorted(texts)}
    ids = _passages_with(digests.keys(), workspace)
    if new := digests.keys() - ids.keys():
        insert(
            (
                Passage(workspace_id=workspace, digest=digest, text=digests[digest])
                for digest in sorted(new)
            ),
            ignore_conflicts=True,
        )
        ids |= _passages_with(new, workspace)
    return {text: ids[digest] for digest, text in digests.items()}


def _passages_with(digests: Collection[bytes], workspace: UUID) -> dict[bytes, int]:
    rows = _by_digest(workspace=workspace, digests=list(digests))
    return {bytes(digest): id_ for digest, id_ in rows}


@prepared
def _by_digest(*, workspace: UUID, digests: list[bytes]) -> QuerySet[Passage, tuple[Any, int]]:
    found = Passage.objects.filter(workspace=workspace, digest__in=digests)
    return found.values_list("digest", "id")


def post_passages(workspace: UUID, *, most: int = BATCH) -> int:
    """Of so many the words. Returns of how many; 0: all are posted."""
    with transaction.atomic(), connection.cursor() as cursor:
        Corpus.objects.bulk_create([Corpus(workspace_id=workspace)], ignore_conflicts=True)
        # Whoever posts for a workspace sees the words that those before have added.
        Corpus.objects.select_for_update(no_key=True).get(workspace=workspace)
        cursor.execute(_POST, {"workspace": workspace, "most": most})
        [done] = cursor.fetchone()
    return int(done)


def model_now() -> str:
    """As it stands beside vectors: those of one can be compared."""
    name, dimensions = current_embedding_model()
    return f"{name}/{dimensions}"


def embedded_now() -> str:
    """Whose vectors, kept where, are those that searches ask. Empty: none are."""
    backend = current_backend()
    return f"{model_now()} in {backend.name}" if backend.embeds else ""


def index_all(workspace: UUID) -> None:
    """However long that takes. Never inside a unit of work. Raises ModelAway, BackendAway; what a
    budget does not pay for waits for another one."""
    while post_passages(workspace):
        pass
    embed_all(workspace)
    grow_index(workspace)


def index_some(workspace: UUID, ids: Collection[int]) -> None:
    """The meaning of these, and their words unless very much stands before them; likewise."""
    for _ in range(ROUNDS):
        if not post_passages(workspace):
            break
    embed_all(workspace, ids)


def embed_all(workspace: UUID, ids: Collection[int] | None = None) -> None:
    with suppress(BudgetSpent):
        while embed_passages(workspace, ids=ids):
            pass


def grow_index(workspace: UUID) -> None:
    corpus = Corpus.objects.filter(workspace=workspace).first()
    if corpus and embedded_now():
        _, dimensions = current_embedding_model()
        current_backend().grow(model=model_now(), size=dimensions, passages=corpus.passages)


def brought_by(workspace: UUID, revision: int) -> list[list[int]]:
    """The passages that came with it, as many at once as are embedded at once, the latest first."""
    said = Place.objects.filter(workspace=workspace, since=revision)
    ids = sorted({*said.values_list("passage", flat=True)}, reverse=True)
    return [ids[at : at + EMBEDDED_AT_ONCE] for at in range(0, len(ids), EMBEDDED_AT_ONCE)]


def place_missing(workspace: UUID, *, most: int = BATCH) -> int:
    """Of so many versions that stand nowhere, such as those of before there was an index, the
    latest first. Returns of how many; 0: all stand."""
    with unit(actor=SYSTEM, workspace=workspace):
        hold_places(workspace)
        found = list(unplaced(workspace).order_by("-id")[:most])
        stand(workspace, found)
    return len(found)


def hold_places(workspace: UUID) -> None:
    """Whoever applies something holds this row while they say where it stands."""
    list(Graph.objects.select_for_update(no_key=True).filter(workspace=workspace))


def unplaced(workspace: UUID) -> QuerySet[Version]:
    return Version.objects.filter(workspace=workspace, is_live=True, places=None)


def waiting_in(workspace: UUID) -> int:
    """Passages whose meaning is still to be found."""
    return _unembedded(workspace)[:COUNTED].count()


def refused_in(workspace: UUID) -> int:
    """Passages whose texts the model does not take."""
    passages = Passage.objects.filter(workspace=workspace)
    return passages.filter(embedded_as__startswith=_refused()).count()


def embed_passages(workspace: UUID, *, ids: Collection[int] | None = None) -> int:
    """The meaning of some, the latest first. Returns of how many; 0: there are none left. Never
    inside a unit of work. Raises BudgetSpent, ModelAway, BackendAway."""
    found = _unembedded(workspace)
    if ids is not None:
        found = found.filter(id__in=ids)
    texts = [*found.order_by("-id").values_list("id", "text")[:EMBEDDED_AT_ONCE]]
    at_once = embedding_model().at_once
    for first in range(0, len(texts), at_once):  # each is kept before the next one is paid for
        _embed(workspace, texts[first : first + at_once])
    return len(texts)


def _embed(workspace: UUID, texts: Sequence[tuple[int, str]]) -> None:
    """What the model refuses in halves, until the text stands alone that it does not take."""
    ids = [id_ for id_, _ in texts]
    ask = partial(embed, purpose=PURPOSE, workspace=workspace, actor=SYSTEM)
    try:
        answered = ask([text for _, text in texts])
    except TextsRefused as error:
        if middle := len(texts) // 2:
            _embed(workspace, texts[:middle])
            _embed(workspace, texts[middle:])
            return
        ask([HARMLESS])  # raises where it is not about the text
        embedded_as = _refused(error.details[0]["because"])
    else:
        vectors = dict(zip(ids, answered.vectors, strict=True))
        current_backend().keep(workspace=workspace, model=model_now(), vectors=vectors)
        embedded_as = embedded_now()
    Passage.objects.filter(id__in=ids).update(embedded_as=embedded_as)


def _refused(because: str = "") -> str:
    return f"refused by {model_now()}: {because}"[:150]


def _unembedded(workspace: UUID) -> QuerySet[Passage]:
    now = embedded_now()
    found = Passage.objects.filter(workspace=workspace)
    if not now:
        return found.none()
    return found.exclude(embedded_as=now).exclude(embedded_as__startswith=_refused())
