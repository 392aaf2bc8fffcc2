"""Celery's door: what became of the approvals that proposals wait for, and of the graph beneath
them. It runs in the queue `mutations`, and what searches need of it in `embeddings`.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task

from apps.inference.errors import ModelAway
from apps.inference.ports import embedding_model
from apps.ledger.deliveries import piecemeal, subscriber
from apps.ledger.models import Event
from apps.specs.errors import BackendAway
from apps.specs.models.search import Corpus
from apps.specs.selectors.proposals import open_about, open_parts_of
from apps.specs.services import (
    advising,
    applying,
    closing,
    forgetting,
    indexing,
    revalidating,
)

log = structlog.get_logger("lattice.specs")

ASKING, ASKING_HERE = timedelta(minutes=1), timedelta(seconds=10)
"""For what asks a model about some texts: elsewhere, or in this process."""


@subscriber("specs.queue_approved_mutation")
def queue_approved_mutation(event: Event) -> None:
    applying.queue_approved_mutation(
        proposal_id=UUID(event.payload["subject"]),
        request_id=UUID(event.payload["request"]),
        workspace=event.workspace_id,
    )


@subscriber("specs.close_mutation")
def close_mutation(event: Event) -> None:
    closing.close_mutation(proposal_id=UUID(event.payload["subject"]), workspace=event.workspace_id)


@subscriber("specs.apply_mutation")
def apply_mutation(event: Event) -> None:
    applying.apply_mutation(
        proposal_id=UUID(event.payload["proposal"]), workspace=event.workspace_id
    )


def _others(event: Event) -> list[UUID]:
    mine = UUID(event.payload["proposal"])
    nodes = [UUID(node) for node in event.payload["nodes"]]
    return [other for other in open_about(event.workspace_id, nodes) if other != mine]


def _parts(event: Event) -> list[UUID]:
    return open_parts_of(UUID(event.payload["proposal"]))


@piecemeal("specs.look_again", _others)
def look_again(event: Event, proposal: UUID) -> None:
    """The graph has moved beneath others."""
    revalidating.look_again(proposal_id=proposal, workspace=event.workspace_id)


@piecemeal("specs.look_again_at_parts", _parts)
def look_again_at_parts(event: Event, proposal: UUID) -> None:
    """What parts of it stood on will not come, or comes otherwise."""
    revalidating.look_again(proposal_id=proposal, workspace=event.workspace_id)


def _asking() -> timedelta:
    return ASKING_HERE if embedding_model().is_local else ASKING


def _passages(event: Event) -> list[list[int]]:
    """In parts, since a model is asked about them: so none has a unit of work around it."""
    return indexing.brought_by(event.workspace_id, event.payload["revision"])


@piecemeal("specs.index_revision", _passages, takes=_asking)
def index_revision(event: Event, passages: list[int]) -> None:
    indexing.index_some(event.workspace_id, passages)


def _proposal(event: Event) -> list[UUID]:
    """Likewise."""
    return [UUID(event.payload["proposal"])]


@piecemeal("specs.find_likeness", _proposal, takes=_asking)
def find_likeness(event: Event, proposal: UUID) -> None:
    advising.advise_on_likeness(proposal_id=proposal, workspace=event.workspace_id)


@shared_task(name="specs.index_rest")
def index_rest() -> None:
    """What was there before the index, another model, a budget that was spent, or a proposal that
    came to nothing has left over."""
    try:
        forgetting.forget_deleted()
    except BackendAway as error:
        log.warning("an index stays", because=error.code)
    living = Corpus.objects.filter(workspace__deleted_at=None)
    for workspace in living.values_list("workspace", flat=True):
        try:
            indexing.index_all(workspace)
            while forgetting.forget_strays(workspace):
                pass
            forgetting.forget_leftovers(workspace)
        except (ModelAway, BackendAway) as error:
            log.warning("an index waits", workspace=str(workspace), because=error.code)
