"""Row 9 of docs/reliability.md, among many at once: what everybody is told about a request could
have come about one after the other, whatever happens to processes and wires meanwhile.
"""

import random
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from apps.accounts.choices import Role
from tests.approvals.deciding import policy_of
from tests.approvals.serving import IN_KITCHEN, Bakery
from tests.factories import member
from tests.seeds import chosen_seed
from tests.serving import serving
from tests.torture.histories.clients import Clock, Proposer, Reviewer
from tests.torture.histories.model import Act, Request, Rules
from tests.torture.histories.search import Call, in_one_order
from tests.torture.nemesis import Nemesis, freeze, slow_down
from tests.torture.rows import sized
from tests.wires import wired

QUORUM, REVIEWERS, ACTS = 2, 4, 6
LOST = 0.05
"""Of all answers to posts, and of half as many to commits."""
RULES = Rules(quorum=QUORUM, seats=REVIEWERS, slices=("a",), stages=(), excluded=())
POLICY = policy_of(
    f"name: review, quorum: {QUORUM}, roles: [reviewer], due: 1h",
    more="undo: {seconds: 600, up_to: critical}\n",
)


def call(asked, told, answer, **act):
    return Call(act=Act(**act), asked=asked, told=told, answer=answer)


def vote(who, decision="approve", **more):
    return {"what": "vote", "who": who, "decision": decision, "digest": VIEW, **more}


VIEW = RULES.view(Request())
FIRST = call(0, 1, (201, "pending", VIEW), **vote("ada"))
SECOND = call(2, 3, (201, "allowed", VIEW), **vote("bo"))


@pytest.mark.parametrize(
    ("history", "holds"),
    [
        ([FIRST, SECOND], True),
        ([SECOND, FIRST], True),
        ([replace(FIRST, told=4), replace(SECOND, answer=(201, "pending", VIEW))], False),
        ([replace(FIRST, told=4, answer=(201, "allowed", VIEW)), SECOND], False),
        (
            [
                replace(FIRST, told=4, answer=(201, "allowed", VIEW)),
                replace(SECOND, answer=(201, "pending", VIEW)),
            ],
            True,
        ),
        ([FIRST, SECOND, call(4, 5, (200, "pending", VIEW), what="read")], False),
        ([FIRST, SECOND, call(2.5, 5, (200, "pending", VIEW), what="read")], True),
        ([replace(FIRST, told=inf, answer=None), SECOND], True),
        ([replace(FIRST, asked=4, told=inf, answer=None), SECOND], False),
        ([FIRST, call(2, 3, 200, what="withdraw"), replace(SECOND, asked=4, told=5)], False),
        ([FIRST, SECOND, call(4, 5, 200, what="withdraw"), call(6, 7, True, what="effect")], False),
    ],
)
def test_an_order_is_found_where_there_is_one(history, holds):
    assert (in_one_order(history, Request(), RULES.step) is not None) == holds


@pytest.fixture
def bakery(committed_database):
    return Bakery.new(POLICY)


@pytest.fixture
def house(committed_database, bakery, tmp_path):
    """Two web processes, each behind a wire, on a wire to PostgreSQL."""
    place = conninfo_to_dict(committed_database)
    with ExitStack() as stack:
        database = stack.enter_context(wired(Path(str(place["host"])) / ".s.PGSQL.5432"))
        url = f"postgresql://postgres@127.0.0.1:{database.port}/{place['dbname']}"
        webs = [
            stack.enter_context(
                serving(name, tmp_path / f"{name}.log", DATABASE_URL=url, **IN_KITCHEN)
            )
            for name in ("uvicorn", "daphne")
        ]
        yield database, webs, [stack.enter_context(wired(web.port)) for web in webs]


@pytest.mark.long
def test_a_few_people_decide_at_once(bakery, house):
    print(decide_in(bakery, *house, requests=4))


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(9)
@pytest.mark.timeout(1800)
def test_many_decisions_at_once(bakery, house, figures):
    figures(decide_in(bakery, *house, requests=sized(100, 8)))


def decide_in(bakery, database, webs, doors, *, requests):
    """What it came to."""
    seed = chosen_seed()
    chance = random.Random(seed)
    people = [member(bakery.workspace, Role.REVIEWER) for _ in range(REVIEWERS - 1)]
    people.append(bakery.reviewer)
    keys = [bakery.key(person) for person in people]
    asks = bakery.key(bakery.baker)
    database.loses = lambda asked: b"COMMIT" in asked and chance.random() < LOST / 2
    for door in doors:
        door.loses = lambda asked: asked.startswith(b"POST") and chance.random() < LOST
    injuries = {"database cut": database.cut, "database slow": partial(slow_down, database)}
    for web, door in zip(webs, doors, strict=True):
        injuries |= {
            f"{web.name} cut": door.cut,
            f"{web.name} slow": partial(slow_down, door),
            f"{web.name} frozen": partial(freeze, web.process.pid),
        }
    with Nemesis(injuries, seed=seed) as nemesis:
        histories = [
            decide(bakery, doors, people, keys, asks, seed=seed + number)
            for number in range(requests)
        ]
    calls = sum(map(len, histories))
    unknown = sum(call.told == inf for history in histories for call in history)
    assert calls - unknown > calls / 2, "most were answered"
    return (
        f"{calls:,} calls of {REVIEWERS} reviewers, proposer and clock about {requests} requests "
        f"through uvicorn and Daphne at once, {unknown} of them never answered; {nemesis}: each "
        "history could have come about one after the other"
    )


def decide(bakery, doors, people, keys, asks, *, seed):
    """Everybody about one request. What they saw."""
    request = bakery.ask()
    request.refresh_from_db()
    rules = Rules(
        quorum=QUORUM,
        seats=REVIEWERS,
        slices=("docs/a.md", "docs/b.md"),
        stages=tuple(stage.requirement for stage in request.stages.current()),
        excluded=tuple(request.excluded),
    )
    assert rules.view(Request()) == request.view_digest
    urls = [f"http://127.0.0.1:{door.port}" for door in doors]
    clients = [
        *(
            Reviewer(urls[n % 2], key, str(person.id), random.Random(seed + n), edits=n < 2)
            for n, (person, key) in enumerate(zip(people, keys, strict=True))
        ),
        Proposer(urls[0], asks, str(bakery.baker.id), random.Random(seed)),
        Clock(urls[0], asks, "", random.Random(seed)),
    ]
    for client in clients:
        client.about(request, ACTS).start()
    for client in clients:
        client.join()
    history = [call for client in clients for call in client.history]
    assert len(history) == len(clients) * ACTS
    order = in_one_order(history, Request(), rules.step)
    assert order is not None, "\n".join(map(str, sorted(history, key=lambda call: call.asked)))
    return history
