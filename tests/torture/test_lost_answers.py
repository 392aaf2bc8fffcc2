"""Row 8 of docs/reliability.md: answers are lost after the COMMIT, on the wires to clients, to
PostgreSQL and to Redis, which are slow and cut besides. Whoever asks again under the same key has
one effect.
"""

import random
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from apps.accounts.choices import Role, Scope
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.seeds import chosen_seed
from tests.serving import serving
from tests.specs.storm.weather import POLICY
from tests.torture.nemesis import Nemesis, slow_down
from tests.torture.proposers import Proposer, all_is_done, require_whole
from tests.torture.rows import sized
from tests.waiting import eventually
from tests.wires import wired

AGENTS = 4
ONE_IN = 5
"""One of so many answers to commits, and to posts, is lost; of ten times as many those of Redis."""
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def wires(machine, tmp_path):
    """Between client and web; between PostgreSQL, or Redis, and web, worker and relay."""
    place = conninfo_to_dict(machine.environment["DATABASE_URL"])
    with ExitStack() as stack:
        database = stack.enter_context(wired(Path(str(place["host"])) / ".s.PGSQL.5432"))
        url = f"postgresql://postgres@127.0.0.1:{database.port}/{place['dbname']}"
        machine.environment["DATABASE_URL"] = url
        redis = stack.enter_context(wired(machine.redis.socket))
        machine.environment["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
        environment = {name: machine.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
        log = tmp_path / "uvicorn.log"
        web = stack.enter_context(serving("uvicorn", log, **environment))
        door = stack.enter_context(wired(web.port))
        machine.worker()
        machine.relay()
        yield door, database, redis


@pytest.mark.long
def test_some_answers_are_lost(machine, wires):
    print(propose_over(machine, *wires, each=4, every=0.2))


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(8)
def test_many_answers_are_lost(machine, wires, figures):
    figures(propose_over(machine, *wires, each=sized(50, 8), every=1))


def one_in(many, chance):
    """True once in each so many, at a place that chance draws: in a short run, too. It is asked by
    many threads at once, which could not share a generator."""
    drawn = [chance.randrange(many) for _ in range(1_000)]
    return cycle([place == lost for lost in drawn for place in range(many)])


def propose_over(machine, door, database, redis, *, each, every):
    """What it came to, with an injury about every so many seconds."""
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    agents = [agent_of(owner, workspace) for _ in range(AGENTS)]
    keys = [issue(agent, workspace, Scope.READ, Scope.WRITE) for agent in agents]
    proposers = [Proposer(f"http://127.0.0.1:{door.port}", key, most=each) for key in keys]
    seed = chosen_seed()
    chance = random.Random(seed)
    commits, posts, commands = (one_in(many * ONE_IN, chance) for many in (1, 1, 10))
    database.loses = lambda asked: b"COMMIT" in asked and next(commits)
    door.loses = lambda asked: asked.startswith(b"POST") and next(posts)
    redis.loses = lambda _: next(commands)
    injuries = {}
    for name, wire in {"clients": door, "PostgreSQL": database, "Redis": redis}.items():
        injuries[f"{name} cut off"] = wire.cut
        injuries[f"{name} slow"] = partial(slow_down, wire)
    with Nemesis(injuries, seed=seed, every=every) as nemesis:
        for proposer in proposers:
            proposer.start()
        for proposer in proposers:
            proposer.join()
    database.loses = door.loses = redis.loses = lambda _: False

    def all_is_done_by_now():
        machine.revive()  # a worker that notices that it consumes nothing ends itself
        return all_is_done()

    eventually(all_is_done_by_now, within=300, what="all is applied")
    accepted = [title for proposer in proposers for title in proposer.accepted]
    assert len(accepted) == AGENTS * each
    require_whole(workspace, accepted)
    assert door.lost
    assert database.lost
    assert any(proposer.replayed for proposer in proposers)
    return (
        f"{len(accepted)} proposals through wires that lost the answers to {door.lost} posts, "
        f"{database.lost} commits and {redis.lost} commands to Redis of web, worker and relay, "
        f"beside {nemesis}; each asked again under its key: "
        f"{sum(proposer.replayed for proposer in proposers)} told the same again, one effect each"
    )
