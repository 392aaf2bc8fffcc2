"""What the index no longer needs: what was only ever proposed, or all of it, to be made anew."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.common.actors import SYSTEM
from apps.ledger.services import unit
from apps.specs.models.search import Corpus, Passage, Place, Posting, Vector, Word
from apps.specs.search.ports import current_backend
from apps.specs.services.indexing import hold_places, model_now, waiting_in

KEPT = timedelta(days=30)
"""That a passage may stand nowhere: proposals are compared by what they would say."""
AT_ONCE = 1_000

_FORGET_STRAYS = """
    WITH stray AS MATERIALIZED (
        SELECT id, specs_words(text) AS read FROM specs_passage AS passage
        WHERE workspace_id = %(workspace)s AND is_posted AND kept_at < %(before)s
            AND NOT EXISTS (SELECT FROM specs_place WHERE passage_id = passage.id)
        ORDER BY id LIMIT %(most)s
    ),
    said AS MATERIALIZED (
        SELECT id, lexeme, cardinality(positions) AS times
        FROM stray CROSS JOIN LATERAL unnest(read)
    ),
    unposted AS (
        DELETE FROM specs_posting AS posting USING said JOIN specs_word AS word
            ON word.workspace_id = %(workspace)s AND word.stem = said.lexeme
        WHERE posting.word_id = word.id AND posting.passage_id = said.id
    ),
    unembedded AS (DELETE FROM specs_vector WHERE passage_id IN (SELECT id FROM stray)),
    counted AS (
        UPDATE specs_corpus SET
            passages = greatest(0, passages - (SELECT count(*) FROM stray)),
            length = greatest(0, length - coalesce((SELECT sum(times) FROM said), 0))
        WHERE workspace_id = %(workspace)s
    )
    DELETE FROM specs_passage WHERE id IN (SELECT id FROM stray) RETURNING id
"""


def forget_strays(workspace: UUID) -> int:
    """Passages that stand nowhere and are not new, and of how many: those of proposals that came to
    nothing. Never inside a unit of work. Raises BackendAway."""
    asked: dict[str, Any] = {
        "workspace": workspace,
        "before": timezone.now() - KEPT,
        "most": AT_ONCE,
    }
    with unit(actor=SYSTEM, workspace=workspace), connection.cursor() as cursor:
        hold_places(workspace)
        cursor.execute(_FORGET_STRAYS, asked)
        gone = [id_ for (id_,) in cursor.fetchall()]
    if gone:
        current_backend().forget(workspace=workspace, passages=gone)
    return len(gone)


def forget_leftovers(workspace: UUID) -> None:
    """What the backend keeps apart and nobody can find any more: of passages that have gone while
    it was away, and of another model once all is known to this one. Raises BackendAway."""
    backend = current_backend()
    for kept in backend.apart(workspace=workspace, model=model_now()):
        there = Passage.objects.filter(workspace=workspace, id__in=kept)
        if gone := {*kept} - {*there.values_list("id", flat=True)}:
            backend.forget(workspace=workspace, passages=gone)
    if backend.embeds and not waiting_in(workspace):
        backend.forget(workspace=workspace, but_of=model_now())


def forget_deleted() -> None:
    """The index of workspaces that are no more, in which nobody searches. Raises BackendAway."""
    deleted = Corpus.objects.exclude(workspace__deleted_at=None)
    for workspace in deleted.values_list("workspace", flat=True):
        current_backend().forget(workspace=workspace)  # where it is away, later
        forget_index(workspace)


def forget_index(workspace: UUID) -> None:
    """Raises BackendAway."""
    words = Word.objects.filter(workspace=workspace)
    with unit(actor=SYSTEM, workspace=workspace):
        hold_places(workspace)
        Posting.objects.filter(word__in=words).delete()
        for model in (Place, Vector, Passage, Word, Corpus):
            model.objects.filter(workspace=workspace).delete()
    current_backend().forget(workspace=workspace)
