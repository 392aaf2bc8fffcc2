"""How proposers fared, what was decided of the like, and why a request is asked about: as the
console tells it beside a change.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import State, Via
from apps.approvals.console import denial_rate, time_to_a_decision
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.charts import TALL, in_words, times_chart
from apps.approvals.selectors.records import Decided, agents_by_acceptance, record_of
from apps.approvals.selectors.similar import similar_to
from apps.approvals.services.voting import undo_decision
from tests.approvals.deciding import ONE, hold, policy_of, vote
from tests.approvals.loaves import ask
from tests.approvals.test_admin import at
from tests.approvals.test_impact import tab
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, at_the_console, member

pytestmark = pytest.mark.django_db
UNDOABLE = ONE.replace("rules:", "undo: {seconds: 60, up_to: critical}\nrules:")


def decided(workspace, baker, reviewer, decision="approve", slices=("docs/a.md",), minutes=0):
    """What was asked about so long ago, and decided on now."""
    request = ask(workspace, baker, slices)
    vote(request, reviewer, decision, comment="So it is.")
    asked = timezone.now() - timedelta(minutes=minutes)
    ApprovalRequest.objects.filter(id=request.id).update(opened_at=asked)
    return request


@pytest.fixture
def history(loaves, one_policy, workspace, baker, reviewer):
    """Three accepted, one denied, one sent back; after 1 to 5 hours."""
    for hours, decision in enumerate(
        ("approve", "approve", "approve", "reject", "request_changes"), start=1
    ):
        decided(workspace, baker, reviewer, decision, minutes=60 * hours)


def record(baker, workspace, reviewer):
    return record_of(baker.id, workspace_id=workspace.id, actor=reviewer)


def page(user, request):
    return at(user).get(reverse("admin:review_request", args=[request.id])).content.decode()


# --- records


def test_a_record_counts_what_people_decided(history, workspace, baker, reviewer):
    withdrawn = ask(workspace, baker)
    ApprovalRequest.objects.filter(id=withdrawn.id).update(
        state=State.CANCELLED, because="withdrawn", settled_at=timezone.now()
    )
    found = record(baker, workspace, reviewer)
    assert (len(found.decided), found.accepted, found.sent_back) == (5, 3, 1)
    assert (found.accepted_share, found.overturned) == (60, 0)
    assert in_words(found.median) == "3 hours"


def test_a_record_is_a_query(history, workspace, baker, reviewer, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert record(baker, workspace, reviewer).overturned == 0


def test_what_was_undone_vetoed_or_unsound_is_overturned(
    loaves, workspace, owner, baker, reviewer, other_reviewer, admin
):
    hold(workspace, owner, UNDOABLE)
    undone, vetoed, unsound = (decided(workspace, baker, reviewer) for _ in range(3))
    undo_decision(request_id=undone.id, actor=reviewer, via=Via.API)
    vote(vetoed, other_reviewer, "veto", comment="No.")
    AfterReview.objects.create(
        workspace=workspace,
        request=unsound,
        because="sampled",
        due_at=timezone.now(),
        reviewed_by=admin.id,
        reviewed_at=timezone.now(),
        sound=False,
    )
    found = record(baker, workspace, reviewer)
    assert (found.overturned, len(found.decided), found.accepted) == (3, 2, 1)


def test_whoever_is_new_has_no_record(loaves, one_policy, workspace, baker, reviewer):
    request = ask(workspace, baker)
    assert record(baker, workspace, reviewer).accepted_share is None
    assert "Nobody has decided" in page(reviewer, request)


def test_a_record_is_seen_beside_the_change(history, workspace, baker, reviewer):
    read = page(reviewer, ask(workspace, baker))
    assert "60 %" in read
    assert 'aria-label="The last 5 decisions took between 1 hour and 5 hours."' in read
    assert "Accepted after 1 hour" in read


def test_nobody_sees_a_record_of_elsewhere(history, workspace, baker):
    outsider = member(WorkspaceFactory.create())
    assert record_of(baker.id, workspace_id=workspace.id, actor=outsider).latest == []


# --- charts


def spent(*minutes):
    now = timezone.now()
    return [
        Decided(
            state=State.DENIED,
            opened_at=now - timedelta(minutes=each),
            settled_at=now,
            overturned=False,
        )
        for each in minutes
    ]


def test_bars_go_from_the_oldest_to_the_newest_and_grow_with_time():
    chart = times_chart(spent(1, 60, 1440))
    assert chart is not None
    heights = [bar.height for bar in chart.bars]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == TALL
    assert chart.bars[0].told == "Denied after 1 day"


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        ((5,), "The last decision took 5 minutes."),
        ((5, 5), "The last 2 decisions took 5 minutes."),
        ((0, 90), "The last 2 decisions took between 0 seconds and 2 hours."),
    ],
)
def test_a_chart_is_told_in_words(minutes, told):
    chart = times_chart(spent(*minutes))
    assert chart is not None
    assert chart.told == told


def test_nothing_decided_is_no_chart():
    assert times_chart([]) is None


# --- the like


def test_what_touches_the_same_is_most_alike(loaves, one_policy, workspace, baker, reviewer, owner):
    other = agent_of(owner, workspace)
    same = decided(workspace, other, reviewer, slices=("docs/a.md", "docs/b.md"))
    half = decided(workspace, other, reviewer, "reject", slices=("docs/a.md", "docs/z.md"))
    own = decided(workspace, baker, reviewer, slices=("plans/x.md",))
    decided(workspace, other, reviewer, slices=("plans/y.md",))
    request = ask(workspace, baker)
    found = similar_to(request, reviewer)
    assert [each.request.id for each in found] == [same.id, half.id, own.id]
    assert found[0].shared == ("docs/a.md", "docs/b.md")
    assert [each.same_proposer for each in found] == [False, False, True]


def test_the_like_is_told_with_its_outcome(loaves, one_policy, workspace, baker, reviewer):
    before = decided(workspace, baker, reviewer, "reject")
    read = page(reviewer, ask(workspace, baker))
    section = read[read.index('id="similar"') :]
    assert f"/admin/review/{before.id}/" in section
    assert f"by {reviewer.name}" in section
    assert "Denied" in section
    assert "Touches <code>docs/a.md</code> as well, by the same proposer" in section


def test_what_both_touch_is_spelled_out(loaves, one_policy, workspace, baker, reviewer):
    slices = ["docs/a.md"]
    decided(workspace, baker, reviewer, slices=slices)
    request = ask(workspace, baker, slices)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_loaf SET slices = %s", [["docs/\u200ba.md"]])
    [found] = similar_to(request, reviewer)
    assert found.shared == ("docs/⟨U+200B ZERO WIDTH SPACE⟩a.md",)


def test_at_most_five_are_shown_in_as_many_queries(
    loaves, one_policy, workspace, baker, reviewer, django_assert_num_queries
):
    for _ in range(6):
        decided(workspace, baker, reviewer)
    request = ask(workspace, baker)
    with django_assert_num_queries(3):
        assert len(similar_to(request, reviewer)) == 5


# --- why it is asked about


def test_the_rule_that_asked_is_shown_with_its_line(request_, reviewer, workspace):
    read = tab(reviewer, request_, "policy").content.decode()
    line = ONE.splitlines().index("  - name: agents are reviewed") + 1
    number = 1
    assert f"/admin/policies/policy/{workspace.id}/versions/{number}/#L{line}" in read
    assert "<code>- name: agents are reviewed</code>" in read
    assert "Judged again" not in read


def test_a_policy_that_was_changed_since_is_shown_as_it_holds(request_, reviewer, workspace, owner):
    hold(workspace, owner, policy_of("name: sign off, roles: [admin]"))
    read = tab(reviewer, request_, "policy").content.decode()
    assert "The policy was changed since this was asked" in read
    now, then = read.split("<details>", 1)[0], read.split("when it was asked", 1)[1]
    assert "sign off" in now
    assert "sign off" not in then
    for anchor in ('id="now-verdict"', 'id="then-verdict"'):
        assert read.count(anchor) == 1


def test_who_does_not_decide_here_sees_the_names_of_the_rules(request_, workspace):
    viewer = member(workspace, Role.VIEWER)
    MembershipFactory.create(user=viewer, role=Role.REVIEWER)  # elsewhere, so they may enter
    answer = tab(viewer, request_, "policy")
    assert "agents are reviewed" in answer.content.decode()
    assert answer.context["tab"]["recorded"] is answer.context["tab"]["now"] is None


# --- at home


def test_home_tells_how_it_goes(history, workspace, baker, reviewer):
    assert (denial_rate(reviewer).value, denial_rate(reviewer).note) == (
        "20 %",
        "1 of 5 decided in the last 30 days",
    )
    assert time_to_a_decision(reviewer).value == "3 hours"
    [agent] = agents_by_acceptance(reviewer, most=5)
    assert (agent.proposer.name, agent.percent, agent.decided) == (baker.name, 60, 5)
    at_the_console(reviewer)
    home = at(reviewer).get("/admin/").content.decode()
    assert "Agents by acceptance" in home
    assert "60 % of 5" in home


def test_home_says_nothing_of_what_nobody_decided(one_policy, reviewer, loaves):
    assert denial_rate(reviewer) is time_to_a_decision(reviewer) is None
    assert "Agents by acceptance" not in at(reviewer).get("/admin/").content.decode()
