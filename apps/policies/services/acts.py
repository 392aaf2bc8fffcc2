"""What becomes of recorded acts: erased one by one, forgotten with time, made into a rule."""

from collections import Counter
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotFound
from apps.ledger.services import record, unit
from apps.policies import events
from apps.policies.amending import free_texts, rules_for, with_rules
from apps.policies.choices import Effect, Origin
from apps.policies.errors import ActUnnamed, AlwaysAllowed, DenialStands
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft
from apps.policies.selectors.acts import opened
from apps.policies.selectors.policies import policy_in_force, text_in_force
from apps.policies.services.drafts import draft_policy

BATCH = 1000


def erase_act(*, act: ActRecord, actor: Actor, reason: str = "") -> None:
    """What it said is gone. That it was judged, how, and its digest stay until its time is up.
    `reason` is on record for everybody: it must not repeat what is erased."""
    with unit(actor=actor, workspace=act.workspace_id):
        require(actor=actor, workspace_id=act.workspace_id, permission=Permission.MANAGE_WORKSPACE)
        locked = ActRecord.objects.select_for_update().filter(pk=act.pk).first()
        if locked is None:
            raise NotFound
        if locked.erased_at:
            return
        locked.sealed, locked.label = None, ""
        locked.erased_at, locked.erased_by = timezone.now(), actor.actor_id
        locked.save(update_fields=["sealed", "label", "erased_at", "erased_by"])
        record(events.ActErased(act=locked.id, act_digest=locked.digest, reason=reason))


def forget_old_acts() -> int:
    """One batch of those past their retention. 0: there were none left."""
    with unit(actor=SYSTEM):
        past = ActRecord.objects.filter(at__lt=timezone.now() - settings.POLICY_ACTS_KEPT)
        rows = past.order_by("at").select_for_update(skip_locked=True)
        found = list(rows.values_list("id", "workspace_id")[:BATCH])
        ActRecord.objects.filter(id__in=[act for act, _ in found]).delete()
        for workspace, count in sorted(Counter(place for _, place in found).items()):
            with unit(actor=SYSTEM, workspace=workspace):
                record(events.ActsForgotten(count=count))
    return len(found)


def forget_acts(*, workspace: UUID, actor: Actor) -> None:
    """Of a workspace that was deleted. Its keys are gone, so nobody could read them anyway."""
    with unit(actor=actor, workspace=workspace):
        gone = ActRecord.objects.filter(workspace_id=workspace, workspace__deleted_at__isnull=False)
        count = gone.delete()[0]
        if count:
            record(events.ActsForgotten(count=count))


def always_allow(*, act: ActRecord, actor: Actor) -> PolicyDraft:
    """A draft whose rule lets this performer do the same again unasked, and whose test says so.
    It holds nothing until an owner releases it."""
    require(actor=actor, workspace_id=act.workspace_id, permission=Permission.WRITE)
    case = opened(act)
    if case.verdict.effect == Effect.DENY:
        raise DenialStands
    if case.verdict.effect == Effect.ALLOW:
        raise AlwaysAllowed
    if unnamed := dict.fromkeys(free_texts(case)):
        message = "It is no name (64 letters, digits and . _ : / -), or the gate found something."
        raise ActUnnamed(details=[{"field": field, "message": message} for field in unnamed])
    held = policy_in_force(act.workspace_id)
    known = {rule.name for rule in held.compiled.document.rules} if held.compiled else set()
    rules, test = rules_for(case, name=f"always allow {act.id.hex[-12:]}", known=known)
    return draft_policy(
        text=with_rules(text_in_force(act.workspace_id), rules, test),
        workspace=act.workspace_id,
        actor=actor,
        reason="Always allow what was asked about once",
        origin=Origin.ALWAYS_ALLOW,
        act=act,
    )
