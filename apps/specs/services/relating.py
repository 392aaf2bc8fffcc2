"""What else says something like a text: of a spec, or of a proposal that would say it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.actors import SYSTEM
from apps.inference.ports import embedding_model
from apps.inference.services.embedding import embed
from apps.specs.changes.values import NodeState
from apps.specs.errors import BackendAway, SearchTooSlow
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from apps.specs.models.search import Passage
from apps.specs.rules import OPEN
from apps.specs.search.asked import Asked
from apps.specs.search.passages import digest_of, passages_of
from apps.specs.search.ports import current_backend
from apps.specs.search.statement import NOTHING_NEAR, Scope
from apps.specs.selectors.prospects import prospect_for
from apps.specs.services.indexing import model_now
from apps.specs.services.searching import Hit, find, nearest

LOOKED_AT = 5
"""Texts of a proposal."""
TELLING = 15
"""Words of a text, the rarest, by which others are looked for."""
PURPOSE = "related specs"
FEW_SHARED = 3
HOW = ((0.85, "says nearly the same"), (0.65, "is close to it"), (0.45, "is about the like"))
"""What closeness is called, from so much on."""
BY_WORDS = "shares rare words with it"

_TELLING = """
    SELECT string_agg(lexeme, ' ') FROM (
        SELECT lexeme FROM unnest(specs_words(%(text)s))
        JOIN specs_word AS word ON word.workspace_id = %(workspace)s AND word.stem = lexeme
        ORDER BY (
            SELECT count(*) FROM (
                SELECT FROM specs_posting WHERE word_id = word.id LIMIT 2000
            ) AS counted
        ), length(lexeme) DESC, lexeme LIMIT %(most)s
    ) AS rarest
"""


@dataclass(frozen=True, kw_only=True)
class Related:
    hit: Hit
    how: str
    """In words, that go on from its name."""


def related_to(node: Node, *, revision: int | None = None, most: int = 8) -> list[Related]:
    """For who may see it. The closest first."""
    text = passages_of(node.title, node.body)[0]
    scope = Scope(workspace=node.workspace_id, revision=revision, apart_from=[node.id])
    return like([text], scope, most)


def related_to_proposal(proposal: Proposal, *, most: int = 8) -> list[Related]:
    """What it does not touch. For who may see it."""
    texts = [passages_of(node.title, node.body)[0] for node in said_anew(proposal)[:LOOKED_AT]]
    return like(texts, Scope(workspace=proposal.workspace_id, apart_from=proposal.touches), most)


def like(texts: Sequence[str], scope: Scope, most: int) -> list[Related]:
    """For who may see what is in this scope."""
    vectors = _vectors_of(texts, scope.workspace)
    found: dict[UUID, Hit] = {}
    for text in texts:
        near = NOTHING_NEAR
        if vector := vectors.get(text):
            try:
                near = nearest(vector, scope, most=most * 2)
            except BackendAway:
                vectors = {}
        try:
            hits = find(_telling(text, scope.workspace), scope, near, most=most)
        except SearchTooSlow:
            break  # a page shows what was found
        for hit in hits:
            before = found.get(hit.version.node_id)
            if before is None or (before.closeness or 0) < (hit.closeness or 0):
                found[hit.version.node_id] = hit
    told = (Related(hit=hit, how=how) for hit in found.values() if (how := _how(hit)))
    return sorted(told, key=lambda one: (-(one.hit.closeness or 0), -one.hit.shared))[:most]


def _vectors_of(texts: Collection[str], workspace: UUID) -> dict[str, Sequence[float]]:
    """A page waits for no model but one that is here: of what is new, it is asked."""
    digests = {digest_of(text): text for text in texts}
    found = Passage.objects.filter(workspace=workspace, digest__in=list(digests))
    ids = {id_: digests[bytes(digest)] for id_, digest in found.values_list("id", "digest")}
    try:
        kept = current_backend().kept(model=model_now(), passages=ids)
    except BackendAway:
        return {}
    vectors = {ids[id_]: vector for id_, vector in kept.items()}
    new = [text for text in texts if text not in vectors]
    if new and current_backend().embeds and embedding_model().is_local:
        answered = embed(new, purpose=PURPOSE, workspace=workspace, actor=SYSTEM)
        vectors |= dict(zip(new, answered.vectors, strict=True))
    return vectors


def _telling(text: str, workspace: UUID) -> Asked:
    given: dict[str, Any] = {"text": text, "workspace": workspace, "most": TELLING}
    with connection.cursor() as cursor:
        cursor.execute(_TELLING, given)
        [words] = cursor.fetchone()
    return Asked(words=words or "", names=(), phrases=(), without=(), without_phrases=())


def _how(hit: Hit) -> str:
    if hit.closeness is None and hit.shared >= FEW_SHARED:
        return BY_WORDS
    return how_close(hit.closeness)


def how_close(closeness: float | None) -> str:
    """Empty: not so that one would say so."""
    return next((how for least, how in HOW if closeness is not None and closeness >= least), "")


def said_anew(proposal: Proposal) -> list[NodeState]:
    """What would be created or reworded by it. Empty: it is not open, or does not fit."""
    if proposal.state not in OPEN:
        return []
    played = prospect_for(proposal).played
    if played is None:
        return []
    return [
        after
        for before, after in played.changed.values()
        if after.is_live
        and (before is None or (before.title, before.body) != (after.title, after.body))
    ]
