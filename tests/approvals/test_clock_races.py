"""Time against people, on connections of their own: whoever holds the request first wins."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import Decision, State, Via
from apps.approvals.errors import AlreadyDecided, UndoOver
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.services.clock import claim, turn_clock
from apps.approvals.services.voting import Wanted, cast_vote, undo_decision
from apps.approvals.services.weighing import consume_request
from apps.common.errors import DomainError
from apps.ledger.services import unit
from apps.ledger.verification import verify
from tests.approvals.deciding import hold, policy_of
from tests.approvals.loaves import ask, lay_table
from tests.approvals.test_voting import recorded
from tests.factories import WorkspaceFactory, agent_of, member
from tests.waiting import eventually, lock_waiters

ROUNDS = 25
TIMED = policy_of("name: review, roles: [reviewer], expires: 1d")
UNDOABLE = policy_of(
    "name: review, roles: [reviewer], expires: 1d", more="undo: {seconds: 60, up_to: critical}\n"
)


class Bakery:
    def __init__(self, policy: str) -> None:
        lay_table()
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        self.reviewer = member(self.workspace, Role.REVIEWER)
        self.baker = agent_of(self.owner, self.workspace)
        hold(self.workspace, self.owner, policy)

    def ask(self) -> ApprovalRequest:
        return ask(self.workspace, self.baker)

    def decide(self, request: ApprovalRequest, decision: Decision = Decision.APPROVE) -> None:
        wanted = Wanted(decision=decision, digest=request.view_digest, via=Via.API, comment="So.")
        cast_vote(request_id=request.id, wanted=wanted, actor=self.reviewer)


def expires_now(request: ApprovalRequest, **later: float) -> None:
    at = timezone.now() + timedelta(**later)
    Stage.objects.filter(request=request).update(expires_at=at)
    ApprovalRequest.objects.filter(id=request.id).update(expires_at=at, next_at=at)


def takes_effect_now(request: ApprovalRequest, **later: float) -> None:
    at = timezone.now() + timedelta(**later)
    ApprovalRequest.objects.filter(id=request.id).update(effective_at=at, next_at=at)


def both(*deeds):
    """At once, each on a connection of its own; the errors of those that were refused."""
    together = threading.Barrier(len(deeds), timeout=60)

    def work(deed):
        together.wait()
        try:
            deed()
        except DomainError as error:
            return error
        finally:
            connections["default"].close()
        return None

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(work, deed) for deed in deeds]]


@pytest.mark.parametrize("moment", ["effective", "pending"])
def test_the_held_apply_wins_over_its_expiry(room_for_all, moment):
    """Time is over while an effect is under way: the clock waits for it, and finds it done."""
    bakery = Bakery(TIMED)
    request = bakery.ask()
    if moment == "effective":
        bakery.decide(request)
    errors = []

    def turn():
        try:
            turn_clock(request_id=request.id)
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            connections["default"].close()

    late = threading.Thread(target=turn)
    with unit(actor=bakery.reviewer, workspace=bakery.workspace.id):
        if moment == "pending":
            bakery.decide(request)
        assert consume_request(request_id=request.id).ok
        expires_now(request)
        late.start()
        eventually(lock_waiters)
    late.join(60)
    assert errors == []
    request.refresh_from_db()
    assert request.state == State.CONSUMED
    assert "request.expired" not in recorded(request)
    assert recorded(request).count("request.consumed") == 1


def test_expiry_and_the_last_vote_never_both_win(room_for_all):
    bakery = Bakery(TIMED)
    for turn in range(ROUNDS):
        request = bakery.ask()
        expires_now(request, milliseconds=turn)  # so that either comes first sometimes
        refused, late = both(
            lambda request=request: bakery.decide(request),
            lambda request=request: turn_clock(request_id=request.id),
        )
        assert late is None
        turn_clock(request_id=request.id)
        request.refresh_from_db()
        kinds = recorded(request)
        if refused is None:
            assert request.state == State.EFFECTIVE
            assert "request.expired" not in kinds
        else:
            assert isinstance(refused, AlreadyDecided)
            assert request.state == State.EXPIRED
            assert kinds == ["request.opened", "request.expired"]
    assert verify().is_sound


def test_undoing_and_taking_effect_never_both_win(room_for_all):
    bakery = Bakery(UNDOABLE)
    for turn in range(ROUNDS):
        request = bakery.ask()
        bakery.decide(request)
        takes_effect_now(request, milliseconds=turn)
        refused, _ = both(
            lambda request=request: undo_decision(
                request_id=request.id, actor=bakery.reviewer, via=Via.API
            ),
            lambda request=request: turn_clock(request_id=request.id),
        )
        request.refresh_from_db()
        kinds = recorded(request)
        if refused is None:
            assert request.state == State.PENDING
            assert "request.effective" not in kinds
        else:
            assert isinstance(refused, UndoOver)
            eventually(partial(turned_to, request, State.EFFECTIVE))
            assert recorded(request).count("request.effective") == 1
            assert "request.reopened" not in kinds


def test_a_veto_and_taking_effect_leave_one_denied_request(room_for_all):
    """A veto stops what was allowed until it is acted on, so it wins whichever came first."""
    bakery = Bakery(UNDOABLE)
    for turn in range(ROUNDS):
        request = bakery.ask()
        bakery.decide(request)
        takes_effect_now(request, milliseconds=turn // 2)
        assert both(
            lambda request=request: bakery.decide(request, Decision.VETO),
            lambda request=request: turn_clock(request_id=request.id),
        ) == [None, None]
        request.refresh_from_db()
        assert request.state == State.DENIED
        assert recorded(request)[-1] == "request.denied"


def test_however_many_turn_the_clock_it_strikes_once(room_for_all):
    bakery = Bakery(
        policy_of(
            "name: review, roles: [reviewer], due: 1h, expires: 2d, "
            "escalation: [{after: 1h, to: [admin]}]"
        )
    )
    request = bakery.ask()
    long_ago = timezone.now() - timedelta(hours=2)
    Stage.objects.filter(request=request).update(
        opened_at=long_ago, due_at=long_ago, expires_at=timezone.now() + timedelta(days=1)
    )
    assert both(*[lambda: turn_clock(request_id=request.id)] * 8) == [None] * 8
    assert recorded(request) == ["request.opened", "request.escalated", "request.overdue"]


def test_two_relays_never_claim_the_same_request(room_for_all):
    bakery = Bakery(TIMED)
    due = [bakery.ask() for _ in range(20)]
    for request in due:
        expires_now(request)
    claimed: list[str] = []
    both(*[lambda: claimed.extend(str(start.id) for start in claim(20))] * 4)
    claimed.extend(str(start.id) for start in claim(20))
    assert sorted(claimed) == sorted(str(request.id) for request in due)


def turned_to(request: ApprovalRequest, state: State) -> bool:
    turn_clock(request_id=request.id)
    request.refresh_from_db()
    return request.state == state
