"""Changes of a workspace's policy as approvals ask about them, and their release once approved.

Policies lie below and reach up through their port; of the rows, the policy's is held first, then
the request's, then the draft's.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User
from apps.accounts.selectors.names import names_of
from apps.approvals.choices import Because
from apps.approvals.errors import NotReshapable
from apps.approvals.policy_impact import impact_of
from apps.approvals.ports import Affected, Change, Operation, Reshaped, Summary
from apps.approvals.selectors.requests import approval_about, approval_of, request_about
from apps.approvals.services.opening import cancel_requests_about, open_request
from apps.approvals.services.weighing import consume_request
from apps.common.actors import NOBODY, SYSTEM, Actor
from apps.common.errors import NotFound
from apps.common.texts.hidden import spelled_out
from apps.ledger.services import unit
from apps.policies.ports import Approval, Verdict
from apps.policies.selectors.changes import PolicyChange, policy_changes_among
from apps.policies.services.approving import apart_from_author, digest_of_change
from apps.policies.services.judging import scales_of
from apps.policies.services.versions import (
    change_as_act,
    check_policy,
    lock_policy,
    publish_approved,
)

KIND = "policy_change"


class PolicyChangeSubject:
    label = "Policy change"

    def summaries(self, ids: Collection[UUID]) -> Mapping[UUID, Summary]:
        found = policy_changes_among(ids)
        authors = names_of(change.draft.author_id for change in found.values())
        names = authors | {NOBODY: "A file"}
        return {
            id_: Summary(
                sentence=f"{names[change.draft.author_id]} changes the policy in {size}",
                url=reverse("admin:policies_draft", args=[change.draft.workspace_id, id_]),
                size=size,
                touches=change.parts,
            )
            for id_, change in found.items()
            for size in [f"{change.lines:,} {'line' if change.lines == 1 else 'lines'}"]
        }

    def change(self, subject_id: UUID) -> Change:
        found = _found(subject_id)
        if found is None:
            raise NotFound
        return Change(
            digest=digest_of_change(found.draft, found.base),
            operations=(
                Operation(
                    number=0,
                    verb="update",
                    target="policy",
                    diff=spelled_out(found.diff),
                    before=spelled_out(found.before),
                    after=spelled_out(found.draft.text),
                ),
            ),
            checks=tuple(
                {
                    "name": outcome.name,
                    "passed": outcome.passed,
                    "text": "; ".join(outcome.differences),
                }
                for outcome in check_policy(found.draft.text).outcomes
            ),
            rationale=spelled_out(found.draft.reason),
        )

    def impact(self, subject_id: UUID, *, actor: Actor) -> Sequence[Affected]:
        found = _found(subject_id)
        return impact_of(found, actor) if found and found.stands else ()

    def digest(self, subject_id: UUID) -> str | None:
        """Another version that holds is another base: it is asked about anew from there."""
        found = _found(subject_id)
        return digest_of_change(found.draft, found.base) if found and found.stands else None

    def judge(self, subject_id: UUID, *, by: UUID | None = None) -> Verdict | None:
        found, request = _found(subject_id), request_about(kind=KIND, subject=subject_id)
        if found is None or request is None or not found.stands:
            return None
        scales = scales_of(
            proposer=by or request.proposer_id,
            workspace=request.workspace_id,
            at=request.opened_at or timezone.now(),
        )
        if scales is None:
            return None
        verdict = scales.weigh(change_as_act(found.draft.text, found.draft.reason))
        return apart_from_author(verdict, found.draft)

    def reshape(
        self,
        subject_id: UUID,
        *,
        actor: Actor,  # noqa: ARG002
        edits: Mapping[str, Any] | None = None,
        operations: Sequence[int] | None = None,
    ) -> Reshaped:
        if edits is None and set(operations or ()) == {0}:
            digest, verdict = self.digest(subject_id), self.judge(subject_id)
            if digest and verdict:
                return Reshaped(digest=digest, verdict=verdict)
        raise NotReshapable(
            "A policy is decided on as it is: ask for changes, and its draft can be changed."
        )


class PolicyChangesAsked:
    """What policies reach approvals by."""

    def ask(
        self, *, draft: UUID, content: str, verdict: Verdict, actor: Actor, workspace: UUID
    ) -> Approval:
        return approval_of(
            open_request(
                kind=KIND,
                subject=draft,
                content=content,
                verdict=verdict,
                actor=actor,
                workspace=workspace,
            )
        )

    def about(self, draft: UUID) -> Approval | None:
        return approval_about(kind=KIND, subject=draft)

    def cancel(self, *, draft: UUID, actor: Actor) -> None:
        cancel_requests_about(kind=KIND, subject=draft, because=Because.CONTENT, actor=actor)


def release_approved_policy(*, draft_id: UUID, request_id: UUID, workspace: UUID) -> None:
    """Consumes the approval and has the draft hold, in one unit of work, once: if it would still
    take the place of the same version."""
    with unit(actor=SYSTEM, workspace=workspace):
        lock_policy(workspace, SYSTEM)
        if not _may_still_release(draft_id, workspace):
            gone = Because.PROPOSER_GONE
            cancel_requests_about(kind=KIND, subject=draft_id, because=gone, actor=SYSTEM)
            return
        consumed = consume_request(request_id=request_id)
        if consumed.ok and not consumed.already:
            decider = User.objects.get_queryset().filter(id=consumed.decided_by or NOBODY).first()
            publish_approved(draft_id=draft_id, workspace=workspace, actor=decider or SYSTEM)


def _may_still_release(draft: UUID, workspace: UUID) -> bool:
    """Whoever asked to release it has to be an owner still; what a file asked for, none was."""
    request = request_about(kind=KIND, subject=draft)
    if request is None or request.proposer_id == NOBODY:
        return True
    owners = Membership.objects.standing().filter(workspace_id=workspace, role=Role.OWNER)
    return owners.filter(user_id=request.proposer_id).exists()


def _found(draft: UUID) -> PolicyChange | None:
    return policy_changes_among([draft]).get(draft)
