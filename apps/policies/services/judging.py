"""Judging an act: what its verdict depends on is gathered, the verdict is recorded, and a denial is
an event. Nothing here raises because of a verdict: whoever asks says `require_allowed` after.

    verdict = judge_act(act=act, actor=actor, workspace=workspace_id)
    require_allowed(verdict)
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client import Counter, Histogram

from apps.accounts.choices import Permission
from apps.accounts.keyring import encrypt
from apps.accounts.models import Membership, User
from apps.accounts.selectors.standing import require
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotFound
from apps.common.prepared import prepared
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.policies import errors, events
from apps.policies.acts import digest_of_act
from apps.policies.cases import Case, pack
from apps.policies.choices import Door, Reason
from apps.policies.engine.judging import deny_unread, judge
from apps.policies.models.acts import ActRecord, mark_of
from apps.policies.ports import (
    Act,
    Circumstances,
    Performer,
    RegoVerdict,
    Verdict,
    spending,
)
from apps.policies.rego.asking import ask_rego
from apps.policies.rules import is_name
from apps.policies.schemas import Quotas
from apps.policies.selectors.acts import acts_lately
from apps.policies.selectors.policies import InForce, policy_in_force

denied_total = Counter(
    "policy_denied_total", "Acts denied by policy, once for each reason.", ["reason"]
)
verdict_seconds = Histogram(
    "policy_verdict_seconds",
    "Time a verdict took, without what was asked outside.",
    ["kind"],
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5),
)

AGENT_ID = "agent_id"
"""The text of an act that says what its performer calls itself."""
DENIALS = (
    # The first of these that speaks against an act gives the answer its code.
    (Reason.STOPPED, errors.KillSwitchOn),
    (Reason.ERROR, errors.PolicyErred),
    (Reason.PATH, errors.PathForbidden),
    (Reason.RISK, errors.RiskPatternFound),
    (Reason.SIZE, errors.DiffTooLarge),
    (Reason.RULE, errors.PolicyDenied),
    (Reason.REGO, errors.RegoDenied),
    (Reason.QUOTA, errors.QuotaExceeded),
)
QUOTA_RETRY = 60


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """What is asked before the transaction: what Rego says, where it is asked at all."""

    circumstances: Circumstances | None = None
    """Those that Rego was told."""
    rego: RegoVerdict | None = None


def hear(*, act: Act, actor: Actor, workspace: UUID) -> Hearing:
    """A door that keeps idempotency keys calls it before its unit of work begins, since Rego may
    have to be asked over the network."""
    if not settings.OPA_ENABLE:
        return Hearing()
    performer = _performer_now(actor, workspace)
    told = _circumstances(workspace, performer, policy_in_force(workspace))
    return Hearing(circumstances=told, rego=ask_rego(act, performer, told))


def judge_act(
    *,
    act: Act,
    actor: Actor,
    workspace: UUID,
    door: Door = Door.SERVICE,
    label: str = "",
    said: Mapping[str, Any] | None = None,
    hearing: Hearing | None = None,
) -> Verdict:
    """The verdict on an act that is about to be done. It is kept, whatever it is."""
    heard = hearing or hear(act=act, actor=actor, workspace=workspace)
    with unit(actor=actor, workspace=workspace):
        _count_alone(workspace, actor)
        # Only now: a role or the policy may change while one waits.
        performer, policy = _performer_now(actor, workspace), policy_in_force(workspace)
        present = _circumstances(workspace, performer, policy)
        began = time.perf_counter()
        case = _case(policy, act, performer, present, heard)
        seconds, verdict = time.perf_counter() - began, case.verdict
        row = ActRecord(
            workspace_id=workspace,
            at=present.at,
            door=door,
            label=_kept_label(label, verdict, workspace),
            kind=act.kind,
            performer_id=performer.id,
            performer_kind=performer.kind,
            effect=verdict.effect,
            reasons=sorted({denial.reason for denial in verdict.denials}),
            risk_score=verdict.risk.score,
            risk_level=verdict.risk.level,
            policy_digest=verdict.policy_digest,
            policy_source=verdict.policy_source,
            digest=digest_of_act(act),
            duration_us=round(seconds * 1_000_000),
        )
        case = replace(case, said=said or {})
        row.sealed = encrypt(workspace, pack(case), context=row.context)
        insert([row])
        if verdict.denied:
            record(
                events.ActDenied(
                    act=row.id,
                    act_digest=row.digest,
                    kind=row.kind,
                    reasons=row.reasons,
                    risk=row.risk_level,
                    policy_digest=row.policy_digest,
                    policy_source=row.policy_source,
                )
            )
    verdict_seconds.labels(act.kind).observe(seconds)
    for reason in row.reasons:
        denied_total.labels(reason).inc()
    return replace(verdict, record=row.id)


def weigh_act(
    *,
    act: Act,
    actor: Actor,
    workspace: UUID,
    policy: InForce | None = None,
    hearing: Hearing | None = None,
) -> Verdict:
    """What the verdict would be, by the policy that holds or another one. Nothing is kept."""
    heard = hearing or hear(act=act, actor=actor, workspace=workspace)
    performer, chosen = _performer_now(actor, workspace), policy or policy_in_force(workspace)
    present = heard.circumstances or _circumstances(workspace, performer, chosen)
    return _case(chosen, act, performer, present, heard).verdict


@dataclass(frozen=True, kw_only=True)
class Scales:
    """For many acts of one actor under the same circumstances, such as the parts of a larger one.
    Nothing is kept, and Rego, which is asked about whole acts, is not asked."""

    policy: InForce
    performer: Performer
    circumstances: Circumstances

    def weigh(self, act: Act) -> Verdict:
        return verdict_by(self.policy, act, self.performer, self.circumstances)


def scales_for(*, actor: Actor, workspace: UUID) -> Scales:
    performer, policy = _performer_now(actor, workspace), policy_in_force(workspace)
    present = _circumstances(workspace, performer, policy)
    return Scales(policy=policy, performer=performer, circumstances=present)


def scales_of(*, proposer: UUID, workspace: UUID, at: datetime) -> Scales | None:
    """For what they proposed then (`at`) and what waits since: by the policy that holds now, and by
    what they are now. Quotas and budgets were asked when it was proposed, which took its share; so
    were hours. None: they are not here any more."""
    found = User.objects.get_queryset().filter(id=proposer).first()
    who: Actor | None = SYSTEM if proposer == SYSTEM.actor_id else found
    if who is None:
        return None
    try:
        performer = _performer_now(who, workspace)
    except NotFound:
        return None
    return Scales(
        policy=policy_in_force(workspace),
        performer=performer,
        circumstances=Circumstances(at=at, people=sum(_deciders(workspace=workspace))),
    )


def require_allowed(verdict: Verdict) -> None:
    """Raises what a denial answers. What needs approval passes: whoever asked sees to that."""
    if not verdict.denied:
        return
    reasons = {denial.reason for denial in verdict.denials}
    reason, kind = next((pair for pair in DENIALS if pair[0] in reasons), DENIALS[1])
    said = [denial.message for denial in verdict.denials if denial.reason == reason]
    about = {"act": str(verdict.record)} if verdict.record else {}
    raise kind(
        said[0] if reason == Reason.RULE and said else None,
        details=[
            {
                "field": denial.field,
                "message": denial.message,
                "reason": denial.reason.value,
                "rule": denial.rule,
                **about,
            }
            for denial in verdict.denials
        ],
        retry_after=QUOTA_RETRY if reason == Reason.QUOTA else None,
    )


def verdict_by(
    policy: InForce,
    act: Act,
    performer: Performer,
    circumstances: Circumstances,
    rego: RegoVerdict | None = None,
) -> Verdict:
    if policy.compiled:
        return judge(policy.compiled, act, performer, circumstances, rego=rego)
    why = "The policy that was released cannot be read."
    unread = deny_unread(act, performer, circumstances, source=policy.source, why=why)
    return replace(unread, policy_digest=policy.digest)


def _case(
    policy: InForce, act: Act, performer: Performer, present: Circumstances, heard: Hearing
) -> Case:
    """What Rego said counts for what it was told, and so for nobody whose role changed since. What
    came since then (another act of a quota) may speak against the act all the same."""
    told = heard.circumstances or present
    verdict = verdict_by(policy, act, performer, told, heard.rego)
    case = Case(act=act, performer=performer, circumstances=told, verdict=verdict, rego=heard.rego)
    if heard.rego is None or verdict.denied:
        return case
    later = verdict_by(policy, act, performer, present)
    return replace(case, circumstances=present, verdict=later, rego=None) if later.denied else case


def _kept_label(label: str, verdict: Verdict, workspace: UUID) -> str:
    """What is no name, or holds what the gate looks for, is sealed with everything else."""
    doubtful = any(hit.field == AGENT_ID for hit in verdict.hits)
    return label if not label or (is_name(label) and not doubtful) else mark_of(label, workspace)


def _performer_now(actor: Actor, workspace: UUID) -> Performer:
    here = require(actor=actor, workspace_id=workspace, permission=Permission.READ)
    return Performer(
        id=actor.actor_id,
        kind=actor.actor_kind,
        role=here.role,
        lineage=(here.owner,) if here.owner else (),
        tier=here.tier,
    )


def _circumstances(workspace: UUID, performer: Performer, policy: InForce) -> Circumstances:
    now = timezone.now()
    quotas = policy.compiled.document.quotas if policy.compiled else Quotas()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    in_hour, in_day = acts_lately(
        workspace=workspace, performer=performer.id, until=now, quotas=quotas
    )
    return Circumstances(
        at=now,
        acts_last_hour=in_hour,
        acts_last_day=in_day,
        spent_today_cents=sum(read(workspace, performer.id, midnight) for read in spending),
        people=sum(_deciders(workspace=workspace)),
    )


@prepared
def _deciders(*, workspace: UUID) -> QuerySet[Membership, int]:
    """How many people may decide there; no row where nobody may."""
    people = Membership.objects.people_permitting(Permission.DECIDE).filter(workspace_id=workspace)
    return people.values("workspace_id").annotate(count=Count("id")).values_list("count", flat=True)


def _count_alone(workspace: UUID, actor: Actor) -> None:
    """Until the unit ends, so that two acts at once do not both take the last of a quota."""
    if actor.actor_kind != "agent":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"policies.acts {workspace} {actor.actor_id}"],
        )
