"""Releasing policies: from a draft, from a text, from a file. Owners alone do it, or an operator.

A policy change is itself an act: the policy that holds judges it, and where a rule of it asks for
that, people approve it first. An operator, who could change the files and the database anyway, is
judged too but not held back; the record says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission, Role
from apps.accounts.models import Workspace
from apps.accounts.selectors.standing import require, require_person
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotAllowed, NotFound
from apps.common.events import Event
from apps.ledger.services import record, unit
from apps.policies import events
from apps.policies.acts import digest_of_act
from apps.policies.choices import ActKind, Door, DraftState, Origin, Verb
from apps.policies.documents import Parsed, read_policy
from apps.policies.engine.compiling import CompiledPolicy, compile_policy
from apps.policies.engine.examples import Outcome, run_examples
from apps.policies.errors import PolicyMoved, PolicyTestsFailed, PolicyUnchanged
from apps.policies.folder import read_policy_file
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.ports import Act, Operation, Verdict
from apps.policies.selectors.policies import InForce, built_in_policy
from apps.policies.services.approving import Held, hold_back, must_wait
from apps.policies.services.drafts import draft_policy, lock_draft, number_of
from apps.policies.services.judging import Hearing, judge_act, require_allowed, weigh_act


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A text that is a policy, and what its own tests said."""

    text: str
    parsed: Parsed
    compiled: CompiledPolicy
    outcomes: tuple[Outcome, ...]

    @property
    def rules(self) -> int:
        return len(self.parsed.document.rules)

    @property
    def passes(self) -> bool:
        return all(outcome.passed for outcome in self.outcomes)

    def as_if_in_force(self) -> InForce:
        return InForce(compiled=self.compiled, digest=self.parsed.digest, source="draft")


@dataclass(frozen=True, kw_only=True)
class Released:
    version: PolicyVersion
    before: PolicyVersion | None
    at: datetime
    act: UUID | None = None
    """The record of the change as an act."""
    overruled: bool = False


Tell = Callable[[Released, Checked], Event]


def check_policy(text: str) -> Checked:
    """Raises PolicyInvalid. Tests that fail are in its outcomes."""
    parsed = read_policy(text)
    compiled = compile_policy(parsed, source="draft")
    return Checked(
        text=text, parsed=parsed, compiled=compiled, outcomes=tuple(run_examples(compiled))
    )


def release_policy(
    *, draft: PolicyDraft, revision: int, actor: Actor, hearing: Hearing | None = None
) -> Released | Held:
    """The draft of this revision becomes the version that holds, unless another one was released
    since it was begun. Released already, it is answered with the version it became."""
    require_may_release(workspace=draft.workspace_id, actor=actor)
    if draft.state == DraftState.RELEASED and draft.released_as:
        return Released(
            version=draft.released_as, before=draft.base, at=draft.released_as.released_at
        )
    checked = check_policy(draft.text)
    require_passing(checked)
    verdict = _judge_change(checked, draft.workspace_id, draft.reason, actor, hearing)
    with unit(actor=actor, workspace=draft.workspace_id):
        policy = lock_policy(draft.workspace_id, actor)
        locked = lock_draft(draft, revision)
        if policy.current_id != locked.base_id:
            raise PolicyMoved
        if _must_wait(verdict, actor):
            _require_news(policy, checked, verdict)
            return hold_back(locked, verdict, actor=actor)
        return _publish_draft(policy, locked, checked, verdict, actor)


def publish_approved(*, draft_id: UUID, workspace: UUID, actor: Actor) -> Released:
    """In the unit of work that holds the policy's row and has consumed the approval."""
    policy = lock_policy(workspace, SYSTEM)
    draft = PolicyDraft.objects.select_for_update(of=("self",)).get(id=draft_id)
    checked, act = check_policy(draft.text), change_as_act(draft.text, draft.reason)
    require_passing(checked)
    verdict = weigh_act(act=act, actor=SYSTEM, workspace=workspace, hearing=Hearing())
    return _publish_draft(policy, draft, checked, verdict, actor)


def apply_policy(
    *,
    text: str,
    workspace: UUID,
    actor: Actor,
    reason: str = "",
    origin: Origin = Origin.APPLIED,
    base: int | None = None,
    hearing: Hearing | None = None,
) -> Released | Held:
    """A text becomes the version that holds at once, or a draft that waits for approval. `base`:
    unless another one than this does."""
    require_may_release(workspace=workspace, actor=actor)
    checked = check_policy(text)
    require_passing(checked)
    verdict = _judge_change(checked, workspace, reason, actor, hearing)
    with unit(actor=actor, workspace=workspace):
        policy = lock_policy(workspace, actor)
        if base is not None and number_of(policy.current) != base:
            raise PolicyMoved
        if _must_wait(verdict, actor):
            _require_news(policy, checked, verdict)
            return _hold_text(policy, checked, verdict, actor, origin=origin, reason=reason)
        return _publish(
            policy, checked, verdict, actor, origin=origin, reason=reason, event=_applied
        )


def reload_policy(
    *,
    path: str,
    workspace: UUID,
    actor: Actor,
    again: bool = True,
    hearing: Hearing | None = None,
) -> Released | Held:
    """Load this file of the workspace's folder, and follow it from now on.

    The file is what its folder's owner says holds: it asks for no base. Loading what holds already
    makes no new version; without `again` it raises PolicyUnchanged if somebody has looked at this
    state of the file already, and waits for approval where people would: nobody stands behind what
    is only followed.
    """
    require_may_release(workspace=workspace, actor=actor)
    checked = check_policy(read_policy_file(workspace, path))
    require_passing(checked)
    verdict = _judge_change(checked, workspace, "", actor, hearing)
    with unit(actor=actor, workspace=workspace):
        policy = lock_policy(workspace, actor)
        if not again and policy.watched_digest == checked.parsed.digest:
            raise PolicyUnchanged
        policy.watched_path, policy.watched_digest = path, checked.parsed.digest
        policy.save(update_fields=["watched_path", "watched_digest", "updated_at"])
        waits = _must_wait(verdict, actor) or (not again and must_wait(verdict))
        if waits and _digest_in_force(policy) != checked.parsed.digest:
            _require_news(policy, checked, verdict)
            return _hold_text(policy, checked, verdict, actor, origin=Origin.FILE)
        return _publish(
            policy,
            checked,
            verdict,
            actor,
            origin=Origin.FILE,
            path=path,
            event=_reloaded,
            again=True,
        )


def require_may_release(*, workspace: UUID, actor: Actor) -> None:
    require_person(actor)
    standing = require(actor=actor, workspace_id=workspace, permission=Permission.MANAGE_WORKSPACE)
    if standing.role != Role.OWNER:
        raise NotAllowed("Only an owner of the workspace releases its policy.")


def require_passing(checked: Checked) -> None:
    if checked.passes:
        return
    raise PolicyTestsFailed(
        details=[
            {
                "field": f"tests[{number}]",
                "line": outcome.line,
                "name": outcome.name,
                "passed": outcome.passed,
                "message": "; ".join(outcome.differences) or "passed",
            }
            for number, outcome in enumerate(checked.outcomes)
        ]
    )


def lock_policy(workspace: UUID, actor: Actor) -> Policy:
    """The row that releases are serialised on; who may release is asked again once it is held."""
    if not Workspace.objects.visible_to(actor).filter(id=workspace).exists():
        raise NotFound
    Policy.objects.bulk_create([Policy(workspace_id=workspace)], ignore_conflicts=True)
    found = Policy.objects.select_for_update(of=("self",)).select_related("current")
    policy = found.get(workspace_id=workspace)
    require_may_release(workspace=workspace, actor=actor)
    return policy


def change_as_act(text: str, reason: str) -> Act:
    """How the change of a policy is judged. `max_diff_lines` does not speak of it: a policy could
    otherwise forbid whatever would replace it."""
    policy = Operation(verb=Verb.UPDATE, target="policy", node_kind="policy")
    return Act(
        kind=ActKind.POLICY_CHANGE,
        operations=(policy,),
        texts={"content": text, "reason": reason},
    )


def _judge_change(
    checked: Checked, workspace: UUID, reason: str, actor: Actor, hearing: Hearing | None
) -> Verdict:
    verdict = judge_act(
        act=change_as_act(checked.text, reason),
        actor=actor,
        workspace=workspace,
        door=Door.POLICY,
        hearing=hearing,
    )
    if actor.actor_kind != "system":
        require_allowed(verdict)
    return verdict


def _must_wait(verdict: Verdict, actor: Actor) -> bool:
    return actor.actor_kind != "system" and must_wait(verdict)


def _require_news(policy: Policy, checked: Checked, verdict: Verdict) -> None:
    held = _digest_in_force(policy)
    if held != verdict.policy_digest:
        raise PolicyMoved
    if policy.current and held == checked.parsed.digest:
        raise PolicyUnchanged


def _digest_in_force(policy: Policy) -> str:
    return policy.current.digest if policy.current else built_in_policy().digest


def _hold_text(
    policy: Policy,
    checked: Checked,
    verdict: Verdict,
    actor: Actor,
    *,
    origin: Origin,
    reason: str = "",
) -> Held:
    """As a draft: the one that waits already, if somebody says the same again."""
    mine = PolicyDraft.objects.open().filter(
        workspace_id=policy.workspace_id,
        digest=checked.parsed.digest,
        base=policy.current,
        author_id=actor.actor_id,
        reason=reason,
    )
    draft = mine.select_for_update(of=("self",)).first() or draft_policy(
        text=checked.text,
        workspace=policy.workspace_id,
        actor=actor,
        reason=reason,
        origin=origin,
    )
    return hold_back(draft, verdict, actor=actor)


def _publish_draft(
    policy: Policy, draft: PolicyDraft, checked: Checked, verdict: Verdict, actor: Actor
) -> Released:
    released = _publish(
        policy,
        checked,
        verdict,
        actor,
        origin=Origin(draft.origin),
        reason=draft.reason,
        event=_applied,
    )
    draft.state, draft.released_as = DraftState.RELEASED, released.version
    draft.save(update_fields=["state", "released_as", "updated_at"])
    return released


def _publish(
    policy: Policy,
    checked: Checked,
    verdict: Verdict,
    actor: Actor,
    *,
    origin: Origin,
    event: Tell,
    reason: str = "",
    path: str = "",
    again: bool = False,
) -> Released:
    before, now = policy.current, timezone.now()
    if _digest_in_force(policy) != verdict.policy_digest:
        raise PolicyMoved
    if before and before.digest == checked.parsed.digest:
        if not again:
            raise PolicyUnchanged
        version = before
    else:
        newest = PolicyVersion.objects.filter(workspace_id=policy.workspace_id).order_by("-number")
        version = PolicyVersion.objects.create(
            workspace_id=policy.workspace_id,
            number=number_of(newest.first()) + 1,
            text=checked.text,
            digest=checked.parsed.digest,
            rules=checked.rules,
            origin=origin,
            reason=reason,
            path=path,
            released_by=actor.actor_id,
            released_by_kind=actor.actor_kind,
            released_at=now,
        )
        policy.current = version
        policy.save(update_fields=["current", "updated_at"])
    released = Released(
        version=version, before=before, at=now, act=verdict.record, overruled=verdict.denied
    )
    record(event(released, checked))
    return released


def _applied(released: Released, checked: Checked) -> Event:
    version = released.version
    return events.PolicyApplied(
        version=version.id,
        number=version.number,
        before=number_of(released.before),
        digest=version.digest,
        rules=version.rules,
        origin=version.origin,
        act=released.act,
        act_digest=digest_of_act(change_as_act(version.text, version.reason)),
        overruled=released.overruled,
        solo_opt_out=checked.parsed.document.duties.solo_opt_out,
    )


def _reloaded(released: Released, checked: Checked) -> Event:
    version = released.version
    return events.PolicyReloaded(
        version=version.id,
        number=version.number,
        before=number_of(released.before),
        digest=version.digest,
        rules=version.rules,
        loaded_at=released.at,
        path=version.path,
        act=released.act,
        act_digest=digest_of_act(change_as_act(version.text, "")),
        overruled=released.overruled,
        solo_opt_out=checked.parsed.document.duties.solo_opt_out,
    )
