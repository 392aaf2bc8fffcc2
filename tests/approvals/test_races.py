"""What happens when several do something at once, each on a connection of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from django.db import connections

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User, Workspace
from apps.approvals.choices import Decision, State, Via
from apps.approvals.errors import AlreadyDecided, ViewMoved
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.voting import Wanted, cast_vote
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.common.errors import DomainError
from apps.ledger.models import Event
from apps.ledger.services import unit
from apps.ledger.verification import verify
from tests.approvals.deciding import ONE, TWO, hold
from tests.approvals.deliveries import look_at_all
from tests.approvals.loaves import ask, lay_table, toast
from tests.factories import WorkspaceFactory, agent_of, member

REVIEWERS = 8
ROUNDS = 6
"""Each race is run so often: which side wins is left to the machine."""


@dataclass
class Bakery:
    workspace: Workspace
    owner: User
    baker: User
    reviewers: list[User]
    requests: list[ApprovalRequest] = field(default_factory=list)

    def ask(self) -> ApprovalRequest:
        return ask(self.workspace, self.baker)


@pytest.fixture
def bakery(room_for_all):
    lay_table()
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    hold(workspace, owner, ONE)
    reviewers = [member(workspace, Role.REVIEWER) for _ in range(REVIEWERS)]
    return Bakery(workspace, owner, agent_of(owner, workspace), reviewers)


def at_once(*works):
    """What each came to: its result, or the error it was refused with."""
    together = threading.Barrier(len(works), timeout=60)

    def run(work):
        together.wait()
        try:
            return work()
        except DomainError as refusal:
            return refusal
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(run, work) for work in works]]


def voting(request, voter, decision="approve", via=Via.API, **more):
    wanted = Wanted(decision=Decision(decision), digest=request.view_digest, via=via, **more)
    return lambda: cast_vote(request_id=request.id, wanted=wanted, actor=voter)


def consuming(request):
    def work():
        with unit(actor=SYSTEM, workspace=request.workspace_id):
            return consume_request(request_id=request.id)

    return work


def told(request, *types):
    about = Event.objects.filter(payload__request=str(request.id))
    return about.filter(type__in=[f"approvals.{type_}" for type_ in types]).count()


def test_of_many_who_decide_at_once_one_wins_and_the_others_are_told_who(bakery):
    for number in range(ROUNDS):
        request = bakery.ask()
        said = ["approve" if (place + number) % 2 else "reject" for place in range(REVIEWERS)]
        came = at_once(
            *(voting(request, who, word) for who, word in zip(bakery.reviewers, said, strict=True))
        )
        won = [cast for cast in came if not isinstance(cast, Exception)]
        lost = [refusal for refusal in came if isinstance(refusal, AlreadyDecided)]
        assert (len(won), len(lost)) == (1, REVIEWERS - 1)
        winner = won[0].vote
        assert {refusal.details[0]["decided_by"] for refusal in lost} == {str(winner.voter_id)}
        request.refresh_from_db()
        expected = State.EFFECTIVE if winner.decision == Decision.APPROVE else State.DENIED
        assert request.state == expected
        assert Vote.objects.filter(request=request).count() == 1
        assert told(request, "request.effective", "request.denied") == 1
    assert verify().is_sound


def test_of_two_who_are_both_needed_neither_is_lost(bakery):
    hold(bakery.workspace, bakery.owner, TWO)
    for _ in range(ROUNDS):
        request = bakery.ask()
        first, second = bakery.reviewers[:2]
        came = at_once(voting(request, first), voting(request, second))
        assert not [refusal for refusal in came if isinstance(refusal, Exception)]
        request.refresh_from_db()
        assert request.state == State.EFFECTIVE


def test_one_person_in_many_places_has_one_vote(bakery):
    hold(bakery.workspace, bakery.owner, TWO)
    request, [person, *_] = bakery.ask(), bakery.reviewers
    doors = [Via.API, Via.CONSOLE, Via.SOCKET, Via.EMAIL, Via.MATRIX, Via.TELEGRAM, Via.MCP]
    came = at_once(*(voting(request, person, via=door) for door in doors))
    assert sorted(cast.again for cast in came) == [False] + [True] * (len(doors) - 1)
    assert len({cast.vote.id for cast in came}) == 1
    assert told(request, "vote.cast") == 1
    request.refresh_from_db()
    assert request.state == State.PENDING


def test_a_veto_and_the_effect_do_not_both_happen(bakery):
    ends = set()
    for _ in range(ROUNDS * 2):
        request = bakery.ask()
        voting(request, bakery.reviewers[0])()
        consumption, veto = at_once(
            consuming(request), voting(request, bakery.reviewers[1], "veto", comment="No.")
        )
        request.refresh_from_db()
        ends.add(request.state)
        if consumption.ok:
            assert request.state == State.CONSUMED
            assert isinstance(veto, AlreadyDecided)
        else:
            assert (request.state, request.because) == (State.DENIED, "veto")
    assert ends <= {State.CONSUMED, State.DENIED}


def test_many_who_would_act_on_it_act_once(bakery):
    request = bakery.ask()
    voting(request, bakery.reviewers[0])()
    came = at_once(*[consuming(request)] * REVIEWERS)
    assert all(consumption.ok for consumption in came)
    assert sum(not consumption.already for consumption in came) == 1
    assert told(request, "request.consumed") == 1


def test_a_withdrawal_and_a_decision_do_not_both_happen(bakery):
    for _ in range(ROUNDS):
        request = bakery.ask()
        at_once(
            voting(request, bakery.reviewers[0]),
            lambda request=request: withdraw_request(request_id=request.id, actor=bakery.baker),
        )
        assert told(request, "request.effective") + told(request, "request.cancelled") == 1


def test_a_policy_that_is_tightened_meanwhile_is_not_passed_by(bakery):
    """Whoever wins: no single vote carries what by now takes two."""
    for _ in range(ROUNDS):
        hold(bakery.workspace, bakery.owner, ONE + f"# {_}\n")
        request = bakery.ask()
        at_once(
            voting(request, bakery.reviewers[0]),
            lambda number=_: hold(bakery.workspace, bakery.owner, TWO + f"# {number}\n"),
        )
        consuming(request)()
        request.refresh_from_db()
        assert request.state in (State.PENDING, State.INVALIDATED)
        assert told(request, "request.consumed") == 0


def test_what_was_swapped_between_look_and_vote_has_no_effect(bakery):
    request = bakery.ask()
    toast(request.subject_id)
    with pytest.raises(AlreadyDecided):
        voting(request, bakery.reviewers[0])()
    request.refresh_from_db()
    assert (request.state, request.because) == (State.CANCELLED, "content")
    assert not Vote.objects.exists()


def test_what_was_changed_under_review_is_not_approved_as_it_was(bakery):
    request = bakery.ask()
    editor, other, *_ = bakery.reviewers
    seen = voting(request, other)
    voting(request, editor, edits={"spread": "butter"})()
    with pytest.raises(ViewMoved):
        seen()


@pytest.mark.parametrize("change", ["removed", "demoted", "disabled"])
def test_who_may_decide_no_more_carries_nothing(bakery, change):
    request, [voter, *_] = bakery.ask(), bakery.reviewers
    voting(request, voter)()
    mine = Membership.objects.filter(workspace=bakery.workspace, user=voter)
    if change == "removed":
        mine.delete()
    elif change == "demoted":
        mine.update(role=Role.CONTRIBUTOR)
    else:
        User.objects.get_queryset().filter(id=voter.id).update(is_active=False)
    assert not consuming(request)().ok
    request.refresh_from_db()
    assert (request.state, request.because) == (State.INVALIDATED, "voters_gone")


def test_a_stage_falls_back_when_who_passed_it_has_gone(bakery):
    steps = ONE.replace(
        "{name: review, roles: [reviewer]}",
        "{name: review, roles: [reviewer]}, {name: sign off, roles: [admin]}",
    )
    hold(bakery.workspace, bakery.owner, steps)
    admin = member(bakery.workspace, Role.ADMIN)
    first, second, *_ = bakery.reviewers
    request = bakery.ask()
    voting(request, first)()
    Membership.objects.filter(workspace=bakery.workspace, user=first).delete()
    look_at_all(bakery.workspace)
    assert [stage.state for stage in request.stages.current()] == ["open", "waiting"]
    voting(request, second)()
    voting(request, admin)()
    assert consuming(request)().ok


def test_nobody_waits_in_a_ring(bakery):
    """Votes on two requests, removals and policies at once, all of it ends."""
    requests = [bakery.ask() for _ in range(4)]
    works = [voting(request, who) for request, who in zip(requests, bakery.reviewers, strict=False)]
    works += [lambda: look_at_all(bakery.workspace)] * 2
    works += [consuming(request) for request in requests]
    works += [lambda: hold(bakery.workspace, bakery.owner, TWO)]
    at_once(*works)
    assert verify().is_sound
