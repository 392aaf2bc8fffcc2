"""How long it takes to find what waits on somebody, among few requests and among very many.

    .venv/bin/python -m bench.queue [--rounds 15]

A PostgreSQL of its own. A workspace of 40 people has 100,000 requests, of which 5,000 are open,
each with two stages and two votes; another has a hundredth of that. Measured is what the doors ask:
the first page of the queue, in each order, and the page of pending requests, with everything that
is shown of them. Rounds alternate between the workspaces, and medians are shown. Ratio is how many
times longer the large one takes.

Then the console's page, rendered: for somebody on whom most of 100,000 open requests wait, for
somebody in 50 workspaces, for somebody on whom none of them waits, and beside a naive one, which
reads all that is pending, asks of each who may sit, and sorts.
"""

from collections.abc import Iterator
from statistics import median

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house, vacuum
from bench.ground.timing import milliseconds

GOAL_MS = 150.0
GOAL_RATIO = 10.0
"""A hundred times as many may take so many times as long, of the queries alone."""
SHOWN = "waits on me, as shown"
"""With people, votes and texts, whose time does not depend on how many requests there are."""
LARGE, SMALL = (100_000, 5_000), (1_000, 50)
HUGE, MANY = (100_000, 100_000), 49
NAIVE_ROUNDS = 3
"""It is that slow."""

REQUESTS = """
    INSERT INTO approvals_approvalrequest (id, workspace_id, subject_kind, subject_id, state,
        because, risk_score, risk_level, proposer_id, proposer_kind, excluded, co_authors,
        content_digest, view_digest, policy_digest, policy_source, round, undo_seconds, opened_at,
        settled_at, settled_by, settled_via, effective_at, consumed_at, due_at)
    SELECT gen_random_uuid(), %(workspace)s, 'bench', gen_random_uuid(),
        CASE WHEN n <= %(open)s THEN 'pending' ELSE 'consumed' END, 'asked', n %% 100,
        (ARRAY['low', 'medium', 'high', 'critical'])[1 + n %% 4], proposer, 'agent',
        ARRAY[proposer, people[1]], '{}', repeat('c', 64), md5(n::text) || md5(n::text),
        repeat('p', 64), 'workspace v1', 1, 0, now() - n * interval '1 minute',
        CASE WHEN n > %(open)s THEN now() END, CASE WHEN n > %(open)s THEN people[2] END, '',
        CASE WHEN n > %(open)s THEN now() END, CASE WHEN n > %(open)s THEN now() END,
        CASE WHEN n %% 3 > 0 THEN now() + n * interval '1 minute' END
    FROM generate_series(1, %(all)s) AS n,
        (SELECT %(people)s::uuid[] AS people, %(agent)s::uuid AS proposer) AS who
"""
STAGES = """
    INSERT INTO approvals_stage (id, workspace_id, request_id, round, number, name, state, quorum,
        roles, people, rules, added_roles, added_people, left_people, escalation, climbed,
        told_overdue, opened_at, due_at)
    SELECT gen_random_uuid(), workspace_id, id, 1, number, 'stage ' || number,
        CASE WHEN state = 'pending' AND number = 2 THEN 'open' ELSE 'passed' END, 2,
        CASE WHEN number = 1 OR risk_score %% 3 = 0 THEN ARRAY['reviewer']
            WHEN risk_score %% 3 = 1 THEN ARRAY['admin'] ELSE ARRAY['owner']
        END, '{}', '{}', '{}', '{}', '{}', '[]', 0, false, opened_at, due_at
    FROM approvals_approvalrequest, generate_series(1, 2) AS number
    WHERE workspace_id = %(workspace)s
"""
VOTES = """
    INSERT INTO approvals_vote (id, workspace_id, request_id, stage_id, voter_id, decision,
        view_digest, via, at)
    SELECT gen_random_uuid(), stage.workspace_id, stage.request_id, stage.id,
        who.people[1 + (request.risk_score + stage.number) %% 40], 'approve', request.view_digest,
        'api', now()
    FROM approvals_stage AS stage JOIN approvals_approvalrequest AS request
        ON request.id = stage.request_id, (SELECT %(people)s::uuid[] AS people) AS who
    WHERE stage.workspace_id = %(workspace)s
"""

FOR_OWNERS = """
    UPDATE approvals_stage SET roles = ARRAY['owner']
    WHERE workspace_id = %(workspace)s AND state = 'open'
"""


def fill(requests: int, waiting: int):
    """A workspace with so many, and somebody who decides there."""
    from django.db import connection

    from apps.accounts.choices import Role
    from tests.factories import WorkspaceFactory, agent_of, member

    workspace = WorkspaceFactory.create()
    roles = [Role.OWNER] + [Role.ADMIN] * 9 + [Role.REVIEWER] * 30
    people = [member(workspace, role) for role in roles]
    given = {
        "workspace": workspace.id,
        "people": [person.id for person in people],
        "agent": agent_of(people[0], workspace).id,
        "all": requests,
        "open": waiting,
    }
    with connection.cursor() as cursor:
        for statement in (REQUESTS, STAGES, VOTES):
            cursor.execute(statement, given)
    return workspace.id, people[5]


def asks():
    """What the doors ask, by name: the rows of the first page."""
    from apps.approvals.selectors.queue import requests_of, waiting_on
    from apps.approvals.selectors.seen import seen

    def page(found, ordering: str):
        back = "-" if ordering.startswith("-") else ""
        order = [ordering] if ordering.endswith("id") else [ordering, f"{back}id"]
        return list(found.order_by(*order)[:51])

    def waits(ordering: str):
        def ask(workspace, person):
            found = requests_of(workspace_id=workspace, actor=person)
            return page(waiting_on(person, found, workspace_id=workspace), ordering)

        return ask

    def pending(workspace, person):
        found = requests_of(workspace_id=workspace, actor=person, state="pending")
        return page(found, "due")

    def shown(workspace, person):
        return seen(waits("due")(workspace, person)[:50], person)

    return {
        "waits on me, by due": waits("due"),
        "waits on me, by risk": waits("-risk"),
        "waits on me, newest": waits("-id"),
        "pending, by due": pending,
        SHOWN: shown,
    }


def page(person) -> None:
    """As the console renders it."""
    from django.contrib.messages.storage.fallback import FallbackStorage
    from django.test import RequestFactory

    from apps.approvals.pages.queue import queue_page

    request = RequestFactory().get("/admin/review/")
    request.user, request.session = person, {}
    request._messages = FallbackStorage(request)
    assert queue_page(request).render().content.count(b"data-row=") == 50


def naive(person) -> None:
    """The rows of the page, found by reading everything."""
    from apps.approvals.models.requests import NEVER, ApprovalRequest
    from apps.approvals.selectors.electorate import electorates_of, sittings_of
    from apps.approvals.selectors.seen import seen

    pending = list(ApprovalRequest.objects.visible_to(person).pending())
    people = electorates_of({request.workspace_id for request in pending})
    waiting = [
        sitting.request
        for sitting in sittings_of(pending, people)
        if sitting.stage
        and sitting.seat_for(person.id, sitting.stage)
        and sitting.vote_of(person.id, sitting.stage) is None
    ]
    waiting.sort(key=lambda request: (request.due_at or NEVER, request.id))
    assert len(seen(waiting[:50], person)) == 50


def measure_page(rounds: int, large) -> Iterator[Figure]:
    from django.db import connection

    from apps.accounts.choices import Role
    from apps.approvals.selectors.listing import Asked, Listing
    from tests.factories import MembershipFactory, PersonFactory

    huge, admin = fill(*HUGE)
    everywhere = PersonFactory.create()
    for place in (huge, *(fill(*SMALL)[0] for _ in range(MANY))):
        MembershipFactory.create(workspace_id=place, user=everywhere, role=Role.REVIEWER)
    vacuum()

    def timed(ask, person, times=rounds) -> float:
        return median(milliseconds(ask, person) for _ in range(times))

    def nothing(person) -> None:
        assert Listing(Asked(), person).rows(limit=50) == []

    among = f"{HUGE[1]:,} open requests"
    whom = {
        f"the page of {among}, most of which wait": admin,
        f"the page of {among} in {MANY + 1} workspaces": everywhere,
    }
    for what, person in whom.items():
        yield Figure(what=what, value=timed(page, person), at_most=GOAL_MS)
    with connection.cursor() as cursor:
        cursor.execute(FOR_OWNERS, {"workspace": huge})
    vacuum()
    what = f"the rows of {among}, none of which waits"
    yield Figure(what=what, value=timed(nothing, admin), at_most=GOAL_MS)
    yield Figure(
        what=f"the page of {LARGE[1]:,} open requests",
        value=timed(page, large),
        beside="reading all that is pending",
        other=timed(naive, large, NAIVE_ROUNDS),
    )


def explain(place) -> None:
    from apps.approvals.selectors.queue import requests_of, waiting_on

    workspace, person = place
    found = requests_of(workspace_id=workspace, actor=person)
    found = waiting_on(person, found, workspace_id=workspace).order_by("due", "id")[:51]
    print(found.explain(analyze=True, buffers=True))


def measure(rounds: int, *, plans: bool) -> Iterator[Figure]:
    small, large = fill(*SMALL), fill(*LARGE)
    vacuum()
    if plans:
        explain(large)
    for name, ask in asks().items():
        pairs = [
            tuple(milliseconds(ask, *place) for place in (large, small)) for _ in range(rounds)
        ]
        yield Figure.of(
            pairs,
            what=f"{name}, of {LARGE[0]:,} requests",
            beside=f"of {SMALL[0]:,}",
            ratio_at_most=GOAL_RATIO,
            at_most=None if name == SHOWN else GOAL_MS,
        )
    yield from measure_page(rounds, large[1])


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--plans", action="store_true", help="show how PostgreSQL finds them")
    given = asked.parse_args()
    with house():
        tell(measure(given.rounds, plans=given.plans), given)


if __name__ == "__main__":
    main()
