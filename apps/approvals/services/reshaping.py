"""Changing what is decided on, under review: edited, or narrowed to a part of it. The vote that
does so is the first on what it has become.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.approvals import events
from apps.approvals.choices import Because
from apps.approvals.errors import NobodyEligible, NotReshapable
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Reshaped, subjects
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.services import settling
from apps.approvals.services.opening import open_request
from apps.common.actors import Actor
from apps.ledger.services import record
from apps.policies.choices import Effect
from apps.policies.selectors.policies import policy_in_force
from apps.policies.services.judging import require_allowed


@dataclass(frozen=True, kw_only=True)
class Changed:
    rest: ApprovalRequest | None
    """What asks for the part that was not accepted."""


def reshape(
    sitting: Sitting,
    *,
    edits: Mapping[str, Any] | None,
    operations: Sequence[int] | None,
    actor: Actor,
) -> Changed | None:
    """Votes so far are void: they were on something else. What was not accepted is asked about by
    itself, in the name of who proposed it, where the policy wants that. None: it is as it was."""
    if edits is not None and operations is not None:
        raise NotReshapable("Edit it, or accept a part of it: one vote does one of them.")
    request = sitting.request
    before = request.view_digest
    changed = subjects[request.subject_kind].reshape(
        request.subject_id, actor=actor, edits=edits, operations=operations
    )
    if changed.digest == request.content_digest and changed.rest is None:
        return None
    require_allowed(changed.verdict)
    request.content_digest = changed.digest
    if edits is not None and actor.actor_id not in request.co_authors:
        request.co_authors = [*request.co_authors, actor.actor_id]
    _require_asked(request, changed, actor)
    policy = policy_in_force(request.workspace_id)
    settling.begin_round(sitting, changed.verdict, policy, because=Because.CONTENT, actor=actor)
    _require_others(sitting)
    record(
        events.RequestReshaped(
            **settling.named(request),
            before=before,
            view_digest=request.view_digest,
            edited=edits is not None,
            rest=changed.rest,
        )
    )
    return Changed(rest=_ask_about_rest(request, changed, actor))


def _require_asked(request: ApprovalRequest, changed: Reshaped, actor: Actor) -> None:
    """What the policy lets its proposer do unasked is not thereby free to who wrote in it, unless
    it lets them do that as well."""
    is_alone = set(request.co_authors) <= {actor.actor_id}
    is_free = is_alone and changed.of_editor and changed.of_editor.effect == Effect.ALLOW
    verdicts = (None if is_free else changed.verdict, changed.rest_verdict)
    if request.co_authors and any(each and each.effect == Effect.ALLOW for each in verdicts):
        raise NotReshapable(
            "What was edited takes the approval of somebody else, and a part of this would need "
            "none any more: ask for changes, or propose it yourself."
        )


def _require_others(sitting: Sitting) -> None:
    """Who edits it needs somebody else who approves it, in each stage."""
    authors = set(sitting.request.co_authors)
    for stage in sitting.stages if authors else ():
        if not sitting.seats(stage) - authors:
            raise NobodyEligible(
                f"Once you have edited it, the stage “{stage.name}” needs somebody else to approve "
                "it, and nobody else here may. Ask for changes instead.",
                details=[{"field": "edits", "message": "You would be the only one."}],
            )


def _ask_about_rest(
    request: ApprovalRequest, changed: Reshaped, actor: Actor
) -> ApprovalRequest | None:
    verdict = changed.rest_verdict
    if changed.rest is None or verdict is None or verdict.effect != Effect.REQUIRE:
        return None
    content = subjects[request.subject_kind].digest(changed.rest)
    assert content is not None  # noqa: S101
    return open_request(
        kind=request.subject_kind,
        subject=changed.rest,
        content=content,
        verdict=verdict,
        actor=actor,
        workspace=request.workspace_id,
        part_of=request,
    )
