"""Operations as they are sent, proposed by what is no door for people: an import, a folder that is
kept alike.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from apps.common.actors import Actor
from apps.ledger.services import unit
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import MOST_OPERATIONS, fitting, read_operations
from apps.specs.services.applying import apply_mutation
from apps.specs.services.drawing import hear_mutation
from apps.specs.services.submitting import Submitted, preview_mutation, submit_mutation

__all__ = ["MOST_OPERATIONS", "applied_at_once", "fitting", "propose"]


def propose(
    *,
    title: str,
    rationale: str,
    sent: Sequence[dict[str, Any]],
    actor: Actor,
    workspace: UUID,
    asks_people: bool = False,
    follows: Proposal | None = None,
    dry_run: bool = False,
    keep: Callable[[Submitted], None] | None = None,
) -> Submitted:
    """`keep`: what is written with it, or not at all."""
    asked: dict[str, Any] = {
        "title": title,
        "rationale": rationale,
        "operations": read_operations(sent),
        "actor": actor,
        "workspace": workspace,
    }
    hearing = hear_mutation(**asked, dry_run=dry_run)
    asked |= {"asks_people": asks_people, "hearing": hearing}
    if dry_run:
        return preview_mutation(**asked)
    with unit(actor=actor, workspace=workspace):
        submitted = submit_mutation(**asked, follows=follows)
        if keep:
            keep(submitted)
    return submitted


def applied_at_once(submitted: Submitted) -> bool:
    """If nobody has to be asked: a worker that comes to it finds it done."""
    proposal = submitted.proposal
    if proposal.state == ProposalState.QUEUED:
        apply_mutation(
            proposal_id=proposal.id,
            workspace=proposal.workspace_id,
            foreseen=submitted.prospect,
        )
        proposal.refresh_from_db(fields=["state", "because"])
    return proposal.state == ProposalState.APPLIED
