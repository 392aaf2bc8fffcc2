"""What the doctor and Prometheus are told of approvals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.approvals.choices import Via
from apps.approvals.figures import decisions_total
from apps.approvals.models.people import AfterReview
from apps.approvals.services.voting import undo_decision
from apps.approvals.vitals import approval_levels, examine_approvals
from apps.common.metrics import exposition
from apps.common.ports import Health
from tests.approvals.deciding import hold, policy_of, vote
from tests.approvals.deliveries import look, pass_time
from tests.approvals.loaves import ask
from tests.approvals.test_clock import UNDOABLE
from tests.approvals.test_emergencies import burning, shatter
from tests.factories import member

__all__ = ["burning"]
STUCK = "requests that wait for more people than there are: 1"
pytestmark = pytest.mark.usefixtures("loaves")


def test_the_doctor_and_prometheus_are_told(
    burning, admin, reviewer, django_capture_on_commit_callbacks
):
    [well] = examine_approvals()
    assert well.health == Health.OK
    levels = {level.name: level.values for level in approval_levels()}
    assert levels["lattice_approval_requests"] == {"open": 1, "overdue": 0}
    with django_capture_on_commit_callbacks(execute=True):
        shatter(burning, admin)
    told = exposition().decode()
    assert 'lattice_approval_decisions_total{channel="api",outcome="allowed"}' in told
    AfterReview.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    [late] = examine_approvals()
    assert (late.health, late.text.endswith(": 1")) == (Health.WARN, True)


def test_what_is_taken_back_is_not_counted_as_a_decision(
    workspace, owner, baker, reviewer, django_capture_on_commit_callbacks
):
    def counted():
        return decisions_total.labels("allowed", "api")._value.get()

    hold(workspace, owner, policy_of("name: review, roles: [reviewer]", more=UNDOABLE))
    request, before = ask(workspace, baker), counted()
    with django_capture_on_commit_callbacks(execute=True):
        vote(request, reviewer)
        undo_decision(request_id=request.id, actor=reviewer, via=Via.API)
    assert counted() == before
    with django_capture_on_commit_callbacks(execute=True):
        vote(request, reviewer)
        pass_time(request, minutes=11)
        look()
    assert counted() == before + 1


def test_the_doctor_sees_what_nobody_can_decide(request_, workspace, reviewer, other_reviewer):
    workspace.memberships.filter(user__in=[reviewer, other_reviewer]).delete()
    [stuck] = examine_approvals()
    assert stuck.text == STUCK


def test_the_doctor_finds_what_was_edited_by_the_only_one_who_decides(
    loaves, one_policy, workspace, baker, reviewer
):
    request, other = ask(workspace, baker), member(workspace, Role.REVIEWER)
    [fine] = examine_approvals()
    assert fine.health == Health.OK
    vote(request, reviewer, edits={"spread": "jam"})
    Membership.objects.filter(user=other).delete()
    [stuck] = examine_approvals()
    assert (stuck.health, stuck.text) == (Health.WARN, STUCK)
