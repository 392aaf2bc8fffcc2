"""Many votes at once, each of which is cast or refused by itself."""

from collections.abc import Sequence
from uuid import UUID

from apps.approvals.errors import TooManyAtOnce
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.voting import ENDING, Cast, Wanted, cast_vote
from apps.common.actors import Actor
from apps.common.errors import DomainError, NotFound
from apps.ledger.switch import require_running, staying_open

MOST = 100


def cast_votes(
    *, wanted: Sequence[tuple[UUID, Wanted]], workspace: UUID, actor: Actor
) -> list[Cast | DomainError]:
    """On requests of one workspace, answered in the order they were given. They are cast in the
    order of the requests: who does the same in one unit of work elsewhere never meets this one
    halfway."""
    if len(wanted) > MOST:
        raise TooManyAtOnce
    here = set(
        ApprovalRequest.objects.visible_to(actor)
        .filter(workspace_id=workspace, id__in=[request_id for request_id, _ in wanted])
        .values_list("id", flat=True)
    )
    found: dict[int, Cast | DomainError] = {}
    for place, (request_id, vote) in sorted(enumerate(wanted), key=lambda one: one[1][0]):
        try:
            if request_id not in here:
                raise NotFound
            with staying_open(vote.decision in ENDING):
                require_running(workspace)  # a unit around this asks for all of them alike
                found[place] = cast_vote(request_id=request_id, wanted=vote, actor=actor)
        except DomainError as refusal:
            found[place] = refusal
    return [found[place] for place in range(len(wanted))]
