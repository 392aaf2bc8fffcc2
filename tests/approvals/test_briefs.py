"""All that waits on somebody, in short, wherever they are a member."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.selectors.briefs import everything_waiting
from tests.approvals.deciding import ONE, hold
from tests.approvals.loaves import ask
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, member


def test_what_is_due_first_is_shown_first_of_all_that_is_counted(
    request_, workspace, baker, reviewer
):
    elsewhere = WorkspaceFactory.create()
    MembershipFactory.create(workspace=elsewhere, user=reviewer, role=Role.REVIEWER)
    boss = member(elsewhere, Role.OWNER)
    hold(elsewhere, boss, ONE)
    other_baker = agent_of(boss, elsewhere)
    asked = [request_, *(ask(workspace, baker) for _ in range(3))]
    asked += [ask(elsewhere, other_baker) for _ in range(3)]
    for place, hours in ((5, 1), (1, 2), (6, 3)):
        asked[place].due_at = timezone.now() + timedelta(hours=hours)
        asked[place].save(update_fields=["due_at"])
    with CaptureQueriesContext(connection) as found:
        shown, count = everything_waiting(reviewer, [workspace.id, elsewhere.id], limit=4)
    assert [asked.index(brief.request) for brief in shown] == [5, 1, 6, 0]
    assert count == len(asked)
    read = [query["sql"] for query in found if '"subject_kind"' in query["sql"].split("FROM")[0]]
    assert [sql.endswith("LIMIT 4") for sql in read] == [True]
