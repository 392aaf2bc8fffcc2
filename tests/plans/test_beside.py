"""Plans beside each other: how large each is, what it touches, and which others touch the same."""

import pytest

from apps.accounts.choices import Role
from apps.approvals.ports import subjects
from apps.plans.models import Plan
from apps.plans.services.proposing import MOST_PATHS
from tests.factories import WorkspaceFactory, member
from tests.plans.deciding import decide, request_of

pytestmark = pytest.mark.django_db
PLANS = subjects["plan"]


@pytest.fixture
def propose(api, agent, policy):
    def proposed(*changes, **more) -> Plan:
        sent = {"intent": "x", "changes": changes, **more}
        answer = api(agent).post("/plan", sent)
        assert answer.status_code == 201, answer.content
        return Plan.objects.get(id=answer.json()["id"])

    return proposed


def new(path, lines=1):
    return {"path": path, "action": "create", "new": "x\n" * lines}


def told(plan):
    return PLANS.summaries([plan.id])[plan.id]


def impact(plan, actor):
    return [(each.of, each.label, each.how) for each in PLANS.impact(plan.id, actor=actor)]


def test_a_plan_says_how_large_it_is_and_what_it_touches(propose):
    plan = propose(new("docs/a.md"), {"path": "docs/b.md", "action": "rename", "to": "docs/c.md"})
    assert told(plan).size == "2 files, 1 line"
    assert told(plan).touches == {"docs/a.md", "docs/b.md", "docs/c.md"}
    note = propose()
    assert told(note).size.startswith("1 file, ")
    assert told(note).touches == {f"{note.file[:-5]}.md"}


def test_only_so_many_paths_are_told(propose, monkeypatch):
    monkeypatch.setattr("apps.plans.services.proposing.MOST_PATHS", 1)
    plan = propose(new("docs/a.md"), new("docs/b.md"))
    assert told(plan).touches == {"docs/a.md"}
    assert MOST_PATHS == 200


def test_an_older_plan_touches_nothing_that_is_known(propose):
    plan = propose(new("docs/a.md"))
    Plan.objects.update(sealed_touched=None, sealed_paths=None)
    assert told(plan).touches == frozenset()
    assert told(plan).sentence.endswith("proposes 1 change")


def test_what_is_narrowed_touches_less(propose, reviewer):
    plan = propose(new("docs/a.md"), new("docs/b.md"))
    decide(plan, reviewer, operations=[1])
    assert told(plan).touches == {"docs/b.md"}


def test_plans_that_wait_and_touch_the_same_are_told_by_file(propose, agent, reviewer):
    plan = propose(new("docs/a.md"), new("docs/b.md"), new("docs/c.md"))
    both, one = propose(new("docs/a.md"), new("docs/b.md", 2)), propose(new("docs/b.md"))
    propose(new("docs/other.md"))
    edited = f"{agent.name} creates docs/"
    assert impact(plan, reviewer) == [
        ("", "docs/a.md", "created here"),
        ("docs/a.md", f"{edited}a.md and creates docs/b.md", "waits, and touches the same file"),
        ("", "docs/b.md", "created here"),
        ("docs/b.md", f"{edited}b.md", "waits, and touches the same file"),
        ("docs/b.md", f"{edited}a.md and creates docs/b.md", "waits, and touches the same file"),
    ]
    urls = {each.key: each.url for each in PLANS.impact(plan.id, actor=reviewer)}
    assert urls[str(one.id)] == f"/admin/review/{request_of(one).id}/"
    assert urls[str(both.id)] == f"/admin/review/{request_of(both).id}/"


def test_what_waits_no_more_is_not_in_the_way(propose, reviewer):
    plan, other = propose(new("docs/a.md")), propose(new("docs/a.md", 2))
    assert len(impact(plan, reviewer)) == 2
    decide(other, reviewer)
    assert impact(plan, reviewer) == []


def test_nobody_is_told_of_plans_elsewhere(propose, reviewer):
    plan = propose(new("docs/a.md"))
    propose(new("docs/a.md", 2))
    assert impact(plan, member(WorkspaceFactory.create(), Role.OWNER)) == []


def test_impact_takes_as_many_queries_for_many(propose, reviewer, django_assert_num_queries):
    plan = propose(new("docs/a.md"))
    for lines in range(2, 6):
        propose(new("docs/a.md", lines))
    with django_assert_num_queries(9):
        assert len(impact(plan, reviewer)) == 5
