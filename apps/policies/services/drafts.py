"""Drafts of a workspace's policy: begun, changed, discarded. Releasing them is next door."""

from uuid import UUID

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound, PreconditionFailed
from apps.ledger.services import record, unit
from apps.policies import events
from apps.policies.choices import DraftState, Origin
from apps.policies.documents import read_policy
from apps.policies.engine.compiling import compile_policy
from apps.policies.errors import DraftClosed, TooManyDrafts
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.services.approving import give_up_approval

MOST = 100
"""Drafts that are open in a workspace at once."""


def draft_policy(
    *,
    text: str,
    workspace: UUID,
    actor: Actor,
    reason: str = "",
    origin: Origin = Origin.WRITTEN,
    act: ActRecord | None = None,
) -> PolicyDraft:
    """Against the version that holds now. A text that is no policy is refused."""
    digest = digest_of_valid(text)
    with unit(actor=actor, workspace=workspace):
        require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
        held = Policy.objects.filter(workspace_id=workspace).select_related("current").first()
        base = held.current if held else None
        if PolicyDraft.objects.open().filter(workspace_id=workspace).count() >= MOST:
            raise TooManyDrafts
        draft = PolicyDraft.objects.create(
            workspace_id=workspace,
            text=text,
            digest=digest,
            base=base,
            origin=origin,
            reason=reason,
            act=act,
            author_id=actor.actor_id,
            author_kind=actor.actor_kind,
        )
        record(
            events.PolicyDrafted(
                draft=draft.id, digest=digest, base=number_of(base), origin=origin.value
            )
        )
    return draft


def change_draft(
    *, draft: PolicyDraft, revision: int, actor: Actor, text: str, reason: str | None = None
) -> PolicyDraft:
    """Of this revision alone, and by its author or whoever manages the workspace. Who was asked to
    approve what it was is asked no more."""
    digest = digest_of_valid(text)
    with unit(actor=actor, workspace=draft.workspace_id):
        _require_may_change(draft, actor)
        give_up_approval(draft.id, actor=actor)
        locked = lock_draft(draft, revision)
        locked.text, locked.digest = text, digest
        locked.reason = locked.reason if reason is None else reason
        locked.revision += 1
        if actor.actor_id not in (locked.author_id, *locked.editors):
            locked.editors = [*locked.editors, actor.actor_id]
        locked.save(update_fields=["text", "digest", "reason", "revision", "editors", "updated_at"])
        record(events.PolicyDraftChanged(draft=locked.id, digest=digest))
    return locked


def discard_draft(*, draft: PolicyDraft, actor: Actor) -> None:
    with unit(actor=actor, workspace=draft.workspace_id):
        _require_may_change(draft, actor)
        give_up_approval(draft.id, actor=actor)
        locked = _locked(draft)
        if locked.state == DraftState.DISCARDED:
            return
        if locked.state != DraftState.OPEN:
            raise DraftClosed
        locked.state = DraftState.DISCARDED
        locked.save(update_fields=["state", "updated_at"])
        record(events.PolicyDraftDiscarded(draft=locked.id))


def lock_draft(draft: PolicyDraft, revision: int) -> PolicyDraft:
    """Open, and still as it was seen."""
    locked = _locked(draft)
    if locked.state != DraftState.OPEN:
        raise DraftClosed
    if locked.revision != revision:
        raise PreconditionFailed
    return locked


def digest_of_valid(text: str) -> str:
    parsed = read_policy(text)
    compile_policy(parsed, source="draft")
    return parsed.digest


def number_of(version: PolicyVersion | None) -> int:
    return version.number if version else 0


def _locked(draft: PolicyDraft) -> PolicyDraft:
    found = PolicyDraft.objects.select_for_update(of=("self",)).filter(pk=draft.pk).first()
    if found is None:
        raise NotFound
    return found


def _require_may_change(draft: PolicyDraft, actor: Actor) -> None:
    standing = require(actor=actor, workspace_id=draft.workspace_id, permission=Permission.WRITE)
    if draft.author_id != actor.actor_id and not standing.permits(Permission.MANAGE_WORKSPACE):
        raise NotAllowed("A draft is changed by its author, or by an admin of the workspace.")
