"""Asking again what was asked when a request was opened: what the policy requires, who may decide,
whether the subject is still the same. Before each vote, when a policy or a member changes, and in
the very unit of work that acts on what was allowed.
"""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Membership
from apps.approvals import events
from apps.approvals.choices import Because, StageState, State
from apps.approvals.errors import NobodyEligible
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.ports import Consumption, Subject, subjects
from apps.approvals.rules import Result
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.services import settling
from apps.approvals.services.cards import move_reminders
from apps.approvals.services.deadlines import follow_clock
from apps.approvals.services.opening import require_staffed
from apps.common.actors import SYSTEM
from apps.common.prepared import prepared
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Verdict
from apps.policies.selectors.policies import InForce, policy_in_force


def subject_of(request: ApprovalRequest) -> Subject:
    return subjects[request.subject_kind]


def weigh_anew(sitting: Sitting) -> None:
    """Whether it is still what was asked about, and what the policy that holds now asks of it. What
    it requires is what was required: votes stay."""
    request = sitting.request
    if request.state != State.PENDING:
        return
    subject = subject_of(request)
    content = subject.digest(request.subject_id)
    if content != request.content_digest:
        gone = Because.CONTENT if content else Because.SUBJECT_GONE
        settling.settle(request, State.CANCELLED, gone, actor=SYSTEM)
        return
    policy = policy_in_force(request.workspace_id)
    if policy.digest == request.policy_digest and not _has_another_owner(request):
        return
    verdict = subject.judge(request.subject_id)
    if verdict is None:
        settling.settle(request, State.CANCELLED, Because.SUBJECT_GONE, actor=SYSTEM)
    elif verdict.denied:
        settling.settle(request, State.DENIED, Because.POLICY, actor=SYSTEM)
    elif _asks_the_same(sitting, verdict, policy):
        settling.adopt(request, verdict, policy)
        _follow_clock(sitting, verdict, policy)
        request.save()
    elif _is_free_by_its_proposer_alone(request, verdict):
        settling.adopt(request, verdict, policy)
        request.save()
    else:
        before = request.view_digest
        settling.begin_round(sitting, verdict, policy, because=Because.POLICY, actor=SYSTEM)
        record(
            events.RequirementsChanged(
                **settling.named(request),
                before=before,
                view_digest=request.view_digest,
                stages=[stage.name for stage in sitting.stages],
                policy_digest=policy.digest,
            )
        )


def recount(sitting: Sitting) -> None:
    """Somebody may have gone, or stand otherwise now: their votes, what they proposed, and what
    they edited."""
    request = sitting.request
    if request.state not in (State.PENDING, State.ALLOWED):
        return
    if not _proposer_is_here(request):
        settling.settle(request, State.CANCELLED, Because.PROPOSER_GONE, actor=SYSTEM)
        return
    fallen = fallen_stage(sitting)
    is_let_pass = request.state == State.ALLOWED and bool(request.co_authors)
    if fallen:
        settling.reopen(sitting, fallen, Because.VOTERS_GONE)
    elif is_let_pass and (because := _no_longer_free(sitting)):
        settling.ask_again(sitting, because)
    settling.count(sitting, actor=SYSTEM)
    tell_if_stuck(sitting)


def look_soon(*, workspace: UUID) -> None:
    """A policy or a member changed: each request that waits there is weighed and counted anew by
    the clock, in a unit of its own. Votes and effects ask all the same until then."""
    waiting = ApprovalRequest.objects.filter(
        workspace_id=workspace, state__in=(State.PENDING, State.ALLOWED)
    )
    with unit(actor=SYSTEM, workspace=workspace):
        locked = waiting.order_by("id").select_for_update().values_list("id", flat=True)
        ApprovalRequest.objects.filter(id__in=list(locked)).update(next_at=timezone.now())


def look_soon_everywhere(*, user: UUID) -> None:
    """In each workspace of somebody, and of their agents, which stand and fall with them."""
    theirs = Membership.objects.filter(Q(user_id=user) | Q(user__owner_id=user))
    of_theirs = theirs.filter(workspace__deleted_at__isnull=True).order_by("workspace_id")
    for workspace in of_theirs.values_list("workspace_id", flat=True).distinct():
        look_soon(workspace=workspace)


def fallen_stage(sitting: Sitting) -> Stage | None:
    """The first that had passed and would not pass now: too few of those who approved it may still
    do so."""
    if sitting.request.because in (Because.BREAK_GLASS, Because.AUTOMATIC):
        return None
    passed = (stage for stage in sitting.stages if stage.state == StageState.PASSED)
    return next((s for s in passed if sitting.tally(s).result != Result.PASSED), None)


def consume_request(*, request_id: UUID) -> Consumption:
    """For the room that acts on what was allowed, in the unit of work of its effect: once, and only
    if all that it stood on still stands. It is held from here to the commit, so that nothing
    expires or is vetoed meanwhile. It never raises because of what it finds."""
    sitting = settling.sit(request_id)
    request = sitting.request
    if request.state == State.CONSUMED:
        return _consumption(request, ok=True, already=True)
    if request.state != State.EFFECTIVE:
        return _consumption(request, ok=False)
    because = _spoiled(sitting)
    if because:
        settling.settle(request, State.INVALIDATED, because, actor=SYSTEM)
        return _consumption(request, ok=False)
    settling.consume(request)
    return _consumption(request, ok=True)


def is_enough(*, request_id: UUID, verdict: Verdict) -> bool:
    """For the room whose subject it is, where what that stands on has moved and the policy has not:
    whether what was asked is all that this verdict asks for."""
    sitting = settling.sit(request_id)
    return _is_enough(sitting, verdict, policy_in_force(sitting.request.workspace_id))


def _proposer_is_here(request: ApprovalRequest) -> bool:
    here = Membership.objects.standing().filter(workspace_id=request.workspace_id)
    is_system = request.proposer_kind == "system"
    return is_system or here.filter(user_id=request.proposer_id).exists()


def _has_another_owner(request: ApprovalRequest) -> bool:
    """The agent that proposed it, than when its owner was excluded."""
    if request.proposer_kind != "agent" or not request.excluded:
        return False
    owners = _owners_of(agent=request.proposer_id, workspace=request.workspace_id)
    return any(owner not in request.excluded for owner in owners)


@prepared
def _owners_of(*, agent: UUID, workspace: UUID) -> QuerySet[Membership, UUID | None]:
    """None, where it no longer stands there."""
    here = Membership.objects.standing().filter(workspace_id=workspace, user_id=agent)
    return here.values_list("user__owner_id", flat=True)


def _spoiled(sitting: Sitting) -> Because | None:
    request, subject = sitting.request, subject_of(sitting.request)
    content = subject.digest(request.subject_id)
    if content is None:
        return Because.SUBJECT_GONE
    if content != request.content_digest:
        return Because.CONTENT
    if not _proposer_is_here(request):
        return Because.PROPOSER_GONE
    if fallen_stage(sitting):
        return Because.VOTERS_GONE
    if spoiled := _no_longer_free(sitting):
        return spoiled
    policy = policy_in_force(request.workspace_id)
    if policy.digest == request.policy_digest:
        return None
    verdict = subject.judge(request.subject_id)
    if verdict is None:
        return Because.SUBJECT_GONE
    return None if _is_enough(sitting, verdict, policy) else Because.POLICY


def _no_longer_free(sitting: Sitting) -> Because | None:
    """Where nobody else was asked, since the policy would have let each who edited it do that
    themselves: it still has to, as they stand now."""
    request, subject = sitting.request, subject_of(sitting.request)
    for author in () if sitting.stages else request.co_authors:
        if author not in sitting.people.roles:
            return Because.VOTERS_GONE
        verdict = subject.judge(request.subject_id, by=author)
        if verdict is None or verdict.effect != Effect.ALLOW:
            return Because.POLICY
    return None


def _is_enough(sitting: Sitting, verdict: Verdict, policy: InForce) -> bool:
    if verdict.denied:
        return False
    asks = verdict.effect == Effect.REQUIRE and sitting.request.because != Because.BREAK_GLASS
    return not asks or _asks_the_same(sitting, verdict, policy)


def _asks_the_same(sitting: Sitting, verdict: Verdict, policy: InForce) -> bool:
    """As many of the same people, and of nobody who is now excluded. That it is due sooner or later
    asks for nothing else."""
    request = sitting.request
    asked = settling.stages_for(request, verdict.stages, policy)
    same = [stage.requirement for stage in asked] == [s.requirement for s in sitting.stages]
    return same and settling.excluded_by(request, verdict) == sorted(request.excluded)


def _follow_clock(sitting: Sitting, verdict: Verdict, policy: InForce) -> None:
    request, stage = sitting.request, sitting.stage
    asked = settling.stages_for(request, verdict.stages, policy)
    if not follow_clock(sitting, asked) or stage is None:
        return
    move_reminders(request)
    record(
        events.RequestRescheduled(
            **settling.named(request),
            stage=stage.name,
            due_at=request.due_at,
            expires_at=request.expires_at,
            policy_digest=policy.digest,
        )
    )


def _is_free_by_its_proposer_alone(request: ApprovalRequest, verdict: Verdict) -> bool:
    """Others have written in it meanwhile, and are not set free by what its proposer may do."""
    return bool(request.co_authors) and verdict.effect == Effect.ALLOW


def tell_if_stuck(sitting: Sitting) -> None:
    """Nobody is refused for it any more, but managers have to hear of it."""
    request, left = sitting.request, [s for s in sitting.stages if s.state != StageState.PASSED]
    if request.state != State.PENDING:
        return
    try:
        require_staffed(left, request.excluded, sitting.people)
    except NobodyEligible as error:
        first = error.details[0]
        record(
            events.RequestStuck(
                **settling.named(request),
                stage=first["stage"],
                lacks=first["needs"] - first["eligible"],
            )
        )


def _consumption(request: ApprovalRequest, *, ok: bool, already: bool = False) -> Consumption:
    return Consumption(
        ok=ok,
        already=already,
        because=request.because,
        decided_by=request.settled_by,
        decided_at=request.settled_at,
    )
