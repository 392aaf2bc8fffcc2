"""What a change of the policy would decide otherwise: what waits, and what was done lately.

Acts are judged again as they were, by the text that would hold; so many, and for so long, as
somebody who looks at a page waits.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from uuid import UUID

from django.urls import reverse

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import standing_of
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Affected
from apps.approvals.selectors.subjects import GONE, summaries_of
from apps.common.actors import Actor
from apps.common.texts.clock import DAY, by_the_clock
from apps.policies.choices import ActKind, Effect
from apps.policies.engine.compiling import CompiledPolicy
from apps.policies.selectors.acts import opened_all
from apps.policies.selectors.changes import PolicyChange
from apps.policies.selectors.replays import Replayed, acts_to_replay, replayed
from apps.policies.services.versions import check_policy
from apps.policies.verdicts import SAID, act_told

DAYS = 7
MOST = 200
"""Acts, the latest ones."""
SECONDS = 1.5
WAITING = 50
KEPT_DAYS = 365
"""What waits may be older than what is looked at otherwise."""
FEW = 6
"""Acts that are named of those that would be decided otherwise in the same way."""


def impact_of(change: PolicyChange, actor: Actor) -> tuple[Affected, ...]:
    workspace = change.draft.workspace_id
    standing = standing_of(actor=actor, workspace_id=workspace)
    if standing is None or not standing.permits(Permission.DECIDE):
        return ()
    policy = check_policy(change.draft.text).compiled
    return (*_waiting(change, policy, actor), *_lately(workspace, policy, actor))


def _waiting(change: PolicyChange, policy: CompiledPolicy, actor: Actor) -> Iterator[Affected]:
    workspace = change.draft.workspace_id
    pending = ApprovalRequest.objects.visible_to(actor).pending().filter(workspace_id=workspace)
    requests = list(pending.exclude(subject_id=change.draft.id).order_by("-id")[:WAITING])
    acts = acts_to_replay(workspace_id=workspace, actor=actor, days=KEPT_DAYS)
    wanted = acts.filter(id__in=[request.act_id for request in requests if request.act_id])
    judged = {each.act.id: each for each in _in_time(replayed(policy, wanted))}
    told = summaries_of(requests)
    same = 0
    for request in requests:
        how = _then(judged.get(request.act_id)) if request.act_id else ""
        if not how:
            same += 1
            continue
        summary = told.get(request.subject_id)
        yield Affected(
            key=str(request.id),
            label=summary.sentence if summary else GONE,
            kind="request",
            how=how,
            url=reverse("admin:review_request", args=[request.id]),
        )
    if same:
        yield Affected(
            key="waiting",
            label="1 other request waits" if same == 1 else f"{same} other requests wait",
            kind="request",
            how="as before, judged anew when this is released",
        )


def _then(again: Replayed | None) -> str:
    """What becomes of what waits. Empty: as far as can be told, nothing else."""
    if again is None or again.after is None:
        return ""
    if again.after.effect == Effect.DENY:
        return "would be denied"
    if again.after.effect == Effect.ALLOW:
        return "would pass without approval"
    return "others would be asked" if again.shifted or again.flipped else ""


def _lately(workspace: UUID, policy: CompiledPolicy, actor: Actor) -> Iterator[Affected]:
    # A policy's own change was judged apart from its author, which a replay knows nothing of.
    acts = acts_to_replay(workspace_id=workspace, actor=actor, days=DAYS).exclude(
        kind=ActKind.POLICY_CHANGE
    )
    latest = list(acts.order_by("-id").values_list("id", flat=True)[:MOST])
    if not latest:
        return
    seen = list(_in_time(replayed(policy, acts.filter(id__gte=latest[-1]))))
    compared = [each for each in seen if each.readable]
    differ = sorted((each for each in compared if each.flipped or each.shifted), key=_change)
    looked = f"of {len(compared)} acts of the last {DAYS} days"
    for change, group in groupby(differ, key=_change):
        yield from _group(workspace, change, list(group), looked)
    same = len(compared) - len(differ)
    if same:
        yield Affected(
            key="as before",
            label="1 act is decided as before"
            if same == 1
            else f"{same} acts are decided as before",
            kind="acts",
            how=looked,
        )


def _group(
    workspace: UUID, change: str, group: Sequence[Replayed], looked: str
) -> Iterator[Affected]:
    count = "1 act" if len(group) == 1 else f"{len(group)} acts"
    yield Affected(key=change, label=f"{count}: {change}", kind="acts", how=looked)
    few = [each.act for each in group[-FEW:]]
    for act, case in zip(few, opened_all(workspace, few), strict=True):
        yield Affected(
            key=str(act.id),
            label=act_told(case.act) if case else act.get_kind_display(),
            kind="act",
            how=by_the_clock(act.at, DAY),
            of=change,
            url=reverse("admin:policies_actrecord_change", args=[act.id]),
        )


def _change(again: Replayed) -> str:
    assert again.before is not None  # noqa: S101
    assert again.after is not None  # noqa: S101
    if again.shifted:
        return "others would be asked"
    before, after = (SAID[Effect(each.effect)] for each in (again.before, again.after))
    return f"{before.lower()}, then {after.lower()}"


def _in_time(found: Iterator[Replayed]) -> Iterator[Replayed]:
    ends = time.monotonic() + SECONDS
    return takewhile(lambda _: time.monotonic() < ends, found)
