"""Acting before the others have decided, and looking at that afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.errors import PeopleOnly
from apps.accounts.keyring import decrypt
from apps.approvals.choices import Because, State, Via
from apps.approvals.console import broken_glass
from apps.approvals.errors import (
    AlreadyDecided,
    BreakGlassShut,
    NotOpen,
    NotYourTurn,
    ReasonMissing,
    SelfApproval,
    ViewMissing,
    ViewMoved,
)
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.emergencies import break_glass
from apps.approvals.services.reviews import review_afterwards, sample, tell_overdue_reviews
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.ledger.services import unit
from apps.policies.choices import ActKind, Verb
from apps.policies.ports import Act, Operation
from apps.policies.services.judging import judge_act
from tests.approvals.deciding import HEAD, hold, policy_of, vote
from tests.approvals.loaves import KIND, ask, bake
from tests.factories import agent_of, member

pytestmark = pytest.mark.usefixtures("loaves")
GLASS = "break_glass: {enabled: true, roles: [admin], review_within: 4h}\n"
REVIEWED = "name: review, quorum: 2, roles: [reviewer]"


@pytest.fixture
def burning(workspace, owner, baker, reviewer, other_reviewer):
    hold(workspace, owner, policy_of(REVIEWED, more=f"{GLASS}undo: {{seconds: 60}}\n"))
    return ask(workspace, baker)


def shatter(request, actor, *, digest=None, reason="The oven is on fire."):
    request.refresh_from_db()
    seen = request.view_digest if digest is None else digest
    review = break_glass(
        request_id=request.id, reason=reason, digest=seen, actor=actor, via=Via.API
    )
    request.refresh_from_db()
    return review


def recorded():
    return list(Event.objects.order_by("seq").values_list("type", flat=True))


def unchanged(request):
    request.refresh_from_db()
    return (
        request.state == State.PENDING
        and not AfterReview.objects.exists()
        and "approvals.glass.broken" not in recorded()
    )


def test_it_takes_effect_at_once_and_a_review_is_owed(burning, workspace, admin):
    before = timezone.now()
    review = shatter(burning, admin)
    assert (burning.state, burning.because) == (State.EFFECTIVE, "break_glass")
    assert burning.effective_at == burning.settled_at
    assert burning.settled_by == admin.id
    assert timedelta(hours=4) <= review.due_at - before < timedelta(hours=4, minutes=1)
    told = recorded()
    assert told[-3:] == [
        "approvals.glass.broken",
        "approvals.request.allowed",
        "approvals.request.effective",
    ]
    with unit(actor=SYSTEM, workspace=workspace.id):
        assert consume_request(request_id=burning.id).ok


def test_the_reason_is_sealed_and_stands_in_no_event(burning, workspace, admin):
    review = AfterReview.objects.get(id=shatter(burning, admin, reason="Flour dust!").id)
    said = bytes(review.sealed_reason or b"")
    assert b"Flour" not in said
    assert decrypt(workspace.id, said, context=review.reason_context) == b"Flour dust!"
    assert not Event.objects.filter(payload__icontains="Flour").exists()


def test_who_stands_above_the_role_may_and_who_stands_below_may_not(burning, workspace, reviewer):
    with pytest.raises(BreakGlassShut):
        shatter(burning, reviewer)
    assert unchanged(burning)
    shatter(burning, member(workspace, Role.OWNER))
    assert burning.state == State.EFFECTIVE


def test_nobody_who_has_a_part_in_it_does(burning, owner, baker):
    with pytest.raises(SelfApproval):
        shatter(burning, owner)
    with pytest.raises(PeopleOnly):
        shatter(burning, baker)
    assert unchanged(burning)


def test_who_edited_it_does_not(burning, workspace, admin):
    vote(burning, admin, edits={"spread": "jam"})
    with pytest.raises(SelfApproval):
        shatter(burning, admin)
    assert unchanged(burning)


def test_it_takes_a_reason_and_what_was_seen(burning, admin):
    for refusal, told in (
        (ReasonMissing, {"reason": "  "}),
        (ViewMissing, {"digest": ""}),
        (ViewMoved, {"digest": "0" * 64}),
    ):
        with pytest.raises(refusal):
            shatter(burning, admin, **told)
    assert unchanged(burning)


def test_without_the_policy_nobody_does(workspace, owner, baker, reviewer, admin):
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]"))
    request = ask(workspace, baker)
    with pytest.raises(BreakGlassShut):
        shatter(request, admin)
    assert unchanged(request)


def test_what_was_decided_is_not_broken_open(burning, admin, reviewer):
    vote(burning, reviewer, "request_changes", comment="Less salt.")
    with pytest.raises(AlreadyDecided):
        shatter(burning, admin)
    assert not AfterReview.objects.exists()


def test_it_can_be_vetoed_until_it_is_acted_on(burning, admin, reviewer):
    shatter(burning, admin)
    vote(burning, reviewer, "veto", comment="There is no fire.")
    assert burning.state == State.DENIED


# --- afterwards


def look(request, actor, sound=True, note=""):
    return review_afterwards(request_id=request.id, sound=sound, note=note, actor=actor)


def test_somebody_else_looks_at_it_afterwards(burning, workspace, owner, baker, admin, reviewer):
    shatter(burning, admin)
    for refusal, who in ((NotYourTurn, admin), (SelfApproval, owner), (PeopleOnly, baker)):
        with pytest.raises(refusal):
            look(burning, who)
    with pytest.raises(NotAllowed):
        look(burning, member(workspace, Role.CONTRIBUTOR))
    assert AfterReview.objects.owed().count() == 1
    with pytest.raises(ReasonMissing):
        look(burning, reviewer, sound=False)
    done = look(burning, reviewer, sound=False, note="There was no fire.")
    assert (done.reviewed_by, done.sound) == (reviewer.id, False)
    note = bytes(AfterReview.objects.get().sealed_note or b"")
    assert decrypt(workspace.id, note, context=done.note_context) == b"There was no fire."
    told = Event.objects.get(type="approvals.review.done").payload
    assert (told["sound"], told["apart"]) == (False, True)


def test_where_nobody_else_is_left_who_broke_it_acknowledges_it(
    burning, workspace, owner, admin, reviewer, other_reviewer
):
    shatter(burning, admin)
    workspace.memberships.filter(user=other_reviewer).delete()
    with pytest.raises(NotYourTurn):
        look(burning, admin)
    workspace.memberships.filter(user=reviewer).delete()
    [told] = broken_glass(admin)
    assert told.note.startswith("Nobody else here may look at it: acknowledge it yourself.")
    assert look(burning, admin).reviewed_by == admin.id
    assert Event.objects.get(type="approvals.review.done").payload["apart"] is False
    assert list(broken_glass(admin)) == []


def test_the_only_person_of_a_workspace_acknowledges_what_they_broke(workspace, owner, baker):
    alone = "duties: {solo_opt_out: true}\n"
    hold(workspace, owner, policy_of("name: review, roles: [owner]", more=f"{GLASS}{alone}"))
    request = ask(workspace, baker)
    shatter(request, owner)
    look(request, owner, sound=False, note="It could have waited.")
    assert AfterReview.objects.owed().count() == 0


def test_the_first_look_stands(burning, admin, reviewer, other_reviewer):
    shatter(burning, admin)
    first = look(burning, reviewer)
    assert look(burning, reviewer).reviewed_at == first.reviewed_at
    for who, sound in ((reviewer, False), (other_reviewer, True)):
        with pytest.raises(NotOpen):
            look(burning, who, sound=sound, note="No.")
    assert recorded().count("approvals.review.done") == 1


def test_what_people_decided_takes_no_look(request_, reviewer, other_reviewer):
    vote(request_, reviewer)
    with pytest.raises(NotOpen):
        look(request_, other_reviewer)


def test_an_overdue_one_is_told_of_once(burning, admin, reviewer):
    shatter(burning, admin)
    assert tell_overdue_reviews() == 0
    AfterReview.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert (tell_overdue_reviews(), tell_overdue_reviews()) == (1, 0)
    assert recorded().count("approvals.review.overdue") == 1


# --- sampling

ALLOWED = f"{HEAD}default:\n  then: {{allow: true}}\n"
ACT = Act(kind=ActKind.SPEC_CHANGE, operations=(Operation(verb=Verb.CREATE, paths=("docs/a.md",)),))


def drawn(workspace, actor, *, content="c" * 64):
    with unit(actor=actor, workspace=workspace.id):
        loaf = bake(workspace.id, actor.id)
        return sample(
            kind=KIND,
            subject=loaf,
            content=content,
            verdict=judge_act(act=ACT, actor=actor, workspace=workspace.id),
            actor=actor,
            workspace=workspace.id,
        )


def test_what_is_drawn_is_carried_out_and_owes_a_look(workspace, owner, baker, reviewer):
    hold(workspace, owner, f"{ALLOWED}sampling: {{percent: 100, review_within: 1d}}\n")
    request = drawn(workspace, baker)
    assert (request.state, request.because) == (State.CONSUMED, "automatic")
    assert not request.stages.exists()
    assert request.after_review.because == "sampled"
    assert recorded()[-1] == "approvals.review.owed"
    with pytest.raises(SelfApproval):
        look(request, owner)
    assert look(request, reviewer).sound


def test_nothing_is_drawn_where_the_policy_does_not_sample(workspace, owner, baker, reviewer):
    hold(workspace, owner, ALLOWED)
    assert drawn(workspace, baker) is None
    assert not ApprovalRequest.objects.exists()


def test_nothing_is_drawn_where_nobody_could_look(workspace, owner, baker):
    hold(workspace, owner, f"{ALLOWED}sampling: {{percent: 100}}\n")
    assert drawn(workspace, baker) is None


def test_what_takes_approval_is_not_drawn(workspace, owner, baker, reviewer):
    hold(workspace, owner, policy_of(REVIEWED, more="sampling: {percent: 100}\n"))
    assert drawn(workspace, baker) is None


def test_about_as_many_are_drawn_as_the_policy_says(workspace, owner, baker, reviewer):
    hold(workspace, owner, f"{ALLOWED}sampling: {{percent: 30}}\n")
    found = sum(drawn(workspace, baker) is not None for _ in range(200))
    assert 24 <= found <= 104  # beyond five standard deviations: once in more than a million runs
    again = [drawn(workspace, agent_of(owner, workspace)) is not None for _ in range(60)]
    assert len(set(again)) == 2


def test_what_has_expired_is_over_for_everybody(workspace, owner, baker, reviewer, admin):
    stage = "name: review, roles: [reviewer], expires: 1h"
    hold(workspace, owner, policy_of(stage, more=GLASS))
    request = ask(workspace, baker)
    request.stages.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AlreadyDecided):
        shatter(request, admin)
    request.refresh_from_db()
    assert request.state == State.EXPIRED


def test_what_a_newer_policy_denies_is_not_done(workspace, owner, baker, burning, admin):
    shatter(burning, admin)
    hold(workspace, owner, HEAD.replace("docs, plans, api", "plans"))
    with unit(actor=SYSTEM, workspace=workspace.id):
        consumed = consume_request(request_id=burning.id)
    assert (consumed.ok, consumed.because) == (False, Because.POLICY)
