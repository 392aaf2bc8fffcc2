"""Changes of a policy that wait: where a rule of the policy that holds asks for approval of its own
change. What it asks of everything by default it does not ask of itself.
"""

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from apps.accounts.models import User
from apps.common.actors import Actor
from apps.policies.choices import Considered, Effect
from apps.policies.models.policies import PolicyDraft
from apps.policies.ports import Approval, Verdict, policy_changes

GOES_ON = (None, "allowed")
"""Outcomes of a request with which there is nothing to ask anew."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """It does not hold yet: people are asked."""

    draft: PolicyDraft
    approval: Approval


def must_wait(verdict: Verdict) -> bool:
    return verdict.effect == Effect.REQUIRE and any(
        step.rule and step.considered == Considered.MATCHED and step.effect == Effect.REQUIRE
        for step in verdict.trace
    )


def hold_back(draft: PolicyDraft, verdict: Verdict, *, actor: Actor) -> Held:
    """In the unit of work that holds the policy's row and the draft's. Asked already, it is not
    asked again."""
    [asking] = policy_changes
    found = asking.about(draft.id)
    if found is None or found.outcome not in GOES_ON:
        found = asking.ask(
            draft=draft.id,
            content=digest_of_change(draft, draft.base_id),
            verdict=apart_from_author(verdict, draft),
            actor=actor,
            workspace=draft.workspace_id,
        )
    return Held(draft=draft, approval=found)


def give_up_approval(draft: UUID, *, actor: Actor) -> None:
    """It becomes something else than what people were asked about. Before the draft is held: of a
    request and its draft the request always comes first."""
    for asking in policy_changes:
        asking.cancel(draft=draft, actor=actor)


def approval_of_draft(draft: UUID) -> Approval | None:
    return next((asking.about(draft) for asking in policy_changes), None)


def apart_from_author(verdict: Verdict, draft: PolicyDraft) -> Verdict:
    """Whoever wrote in it, or owns an agent that did, decides as little as who releases it."""
    if not verdict.excluded:  # the only person here decides alone
        return verdict
    wrote = (draft.author_id, *draft.editors)
    authors = User.objects.get_queryset().filter(id__in=wrote)
    owners = [owner for owner in authors.values_list("owner_id", flat=True) if owner]
    return replace(verdict, excluded=tuple(dict.fromkeys((*verdict.excluded, *wrote, *owners))))


def digest_of_change(draft: PolicyDraft, base: UUID | None) -> str:
    """Of its text and why, and of the version that it would take the place of."""
    whole = "\0".join((draft.digest, draft.reason, str(base)))
    return hashlib.sha256(whole.encode()).hexdigest()
