"""What the demo workspace says: the documents of a shop, and what has happened to them since.

Both are done as anybody would have done it: imported, proposed, decided on and applied, under the
policy that holds there.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from django.conf import settings

from apps.accounts.models import User
from apps.accounts.services import demo
from apps.approvals.choices import Decision, State, Via
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.voting import Wanted, cast_vote
from apps.common.actors import SYSTEM
from apps.common.errors import DomainError
from apps.ledger.services import unit
from apps.specs.choices import KIND, Op, ProposalState
from apps.specs.models.graph import Graph
from apps.specs.models.proposals import Proposal
from apps.specs.paper.differing import Present
from apps.specs.paper.folder import read_folder
from apps.specs.paper.leaves import Library
from apps.specs.schemas import read_operations
from apps.specs.services.applying import apply_mutation, queue_approved_mutation
from apps.specs.services.closing import close_mutation
from apps.specs.services.drawing import hear_mutation
from apps.specs.services.importing import Source, from_files, import_library
from apps.specs.services.submitting import submit_mutation

FOLDER = settings.BASE_DIR / "demo"
PEOPLE = {
    "reviewer": demo.REVIEWER,
    "colleague": demo.COLLEAGUE,
    "third": demo.THIRD,
    "developer": demo.DEVELOPER,
    "agent": demo.AGENT,
    "scribe": demo.SCRIBE,
}
LOOKS_AFTER = {
    "payments": "colleague",
    "privacy": "colleague",
    "refunds": "colleague",
    "orders": "third",
    "delivery": "third",
    "catalogue": "reviewer",
    "accounts": "developer",
}
"""By label. Files cannot say it: ids of people are others in each workspace."""


class _NotApplied(Exception):
    """A step of the history did not come to pass."""


def furnish(workspace: UUID) -> int:
    """Once, and all or nothing: where anything was ever applied, it stays as it is. A policy may
    have been released meanwhile that does not let it be: then there is none. Returns at which
    revision the graph is."""
    if not is_furnished(workspace):
        with suppress(DomainError, _NotApplied), unit(actor=SYSTEM, workspace=workspace):
            people = {name: _named(address) for name, (address, _) in PEOPLE.items()}
            _import(FOLDER / "specs", workspace, people)
            for told in yaml.safe_load((FOLDER / "history.yaml").read_text()):
                _do(told, workspace, people)
    graph = Graph.objects.filter(workspace_id=workspace).first()
    return graph.revision if graph else 0


def is_furnished(workspace: UUID) -> bool:
    return Graph.objects.filter(workspace_id=workspace).exists()


def _named(address: str) -> User:
    return User.objects.get_queryset().get(email=address)


def _import(folder: Path, workspace: UUID, people: Mapping[str, User]) -> None:
    source = from_files(read_folder(folder), name="the team's documents", workspace=workspace)
    [imported] = import_library(
        source=_looked_after(source, people), workspace=workspace, actor=people["developer"]
    ).proposals
    _approve(imported.proposal, [people["third"], people["reviewer"], people["colleague"]])


def _looked_after(source: Source, people: Mapping[str, User]) -> Source:
    def library(present: Present) -> Library:
        read = source.library(present)
        leaves = tuple(replace(leaf, owner=_owner(leaf.labels, people)) for leaf in read.leaves)
        return replace(read, leaves=leaves)

    return replace(source, library=library)


def _owner(labels: Iterable[str], people: Mapping[str, User]) -> str | None:
    found = (LOOKS_AFTER[label] for label in labels if label in LOOKS_AFTER)
    return next((str(people[name].id) for name in found), None)


def _do(told: Mapping[str, Any], workspace: UUID, people: Mapping[str, User]) -> None:
    asked: dict[str, Any] = {
        "title": told["title"],
        "rationale": told["rationale"],
        "operations": read_operations([_with_owner(each, people) for each in told["operations"]]),
        "actor": people[told["by"]],
        "workspace": workspace,
    }
    proposal = submit_mutation(**asked, hearing=hear_mutation(**asked)).proposal
    if no := told.get("reject"):
        _vote(proposal, people[no["by"]], Decision.REJECT, no["text"])
        close_mutation(proposal_id=proposal.id, workspace=workspace)
    else:
        _approve(proposal, [people[name] for name in told.get("approve", ())])


def _with_owner(operation: dict[str, Any], people: Mapping[str, User]) -> dict[str, Any]:
    if operation["op"] != Op.CREATE:
        return operation
    return {**operation, "owner": _owner(operation["labels"], people)}


def _approve(proposal: Proposal, voters: Sequence[User]) -> None:
    """As many of them as it takes, and then without the moments in which that could be undone."""
    request = request_about(kind=KIND, subject=proposal.id)
    if request is not None:
        request.undo_seconds = 0
        request.save(update_fields=["undo_seconds"])
        for voter in voters:
            if _vote(proposal, voter, Decision.APPROVE) == State.EFFECTIVE:
                break
        queue_approved_mutation(
            proposal_id=proposal.id, request_id=request.id, workspace=proposal.workspace_id
        )
    apply_mutation(proposal_id=proposal.id, workspace=proposal.workspace_id)
    proposal.refresh_from_db()
    if proposal.state != ProposalState.APPLIED:
        raise _NotApplied(proposal.title)


def _vote(proposal: Proposal, voter: User, decision: Decision, text: str = "") -> str:
    request = request_about(kind=KIND, subject=proposal.id)
    if request is None:
        raise _NotApplied(proposal.title)
    wanted = Wanted(decision=decision, digest=request.view_digest, via=Via.CONSOLE, comment=text)
    return cast_vote(request_id=request.id, wanted=wanted, actor=voter).request.state
