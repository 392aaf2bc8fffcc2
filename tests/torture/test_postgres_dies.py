"""Row 6 of docs/reliability.md: PostgreSQL is killed, away for a while, and comes back."""

import os
import sys
import time

import pytest
from django.db import connection, connections

from apps.accounts.choices import Role, Scope
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.machine import Machine
from tests.serving import serving
from tests.specs.storm.weather import POLICY
from tests.torture.own_postgres import own_postgres
from tests.torture.proposers import Proposer, all_is_done, files_of, require_whole
from tests.torture.rows import sized
from tests.waiting import eventually

__all__ = ["own_postgres"]

BACK_WITHIN = 10.0
BEFORE = 3.0
"""Seconds of work, in which every pool opens what it needs."""
POOL = int(os.environ["DATABASE_POOL"])
"""So many connections a process may open that it had not needed before."""


@pytest.fixture
def machine(tmp_path, own_postgres, own_redis):
    made = Machine(tmp_path, own_postgres.url, own_redis)
    yield made
    made.stop()
    for log in tmp_path.glob("*.log"):  # shown by pytest when the test fails
        sys.stdout.write(f"--- {log.name}\n{log.read_text()[-4000:]}")


@pytest.fixture
def webs(machine, tmp_path):
    environment = {name: machine.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with (
        serving("uvicorn", tmp_path / "uvicorn.log", **environment) as one,
        serving("daphne", tmp_path / "daphne.log", **environment) as other,
    ):
        yield one, other


@pytest.mark.long
def test_postgres_dies_and_comes_back(machine, webs, own_postgres):
    print(die_and_come_back(machine, webs, own_postgres, away=3.0))


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(6)
@pytest.mark.timeout(900)
def test_postgres_is_away_for_long_and_comes_back(machine, webs, own_postgres, figures):
    figures(die_and_come_back(machine, webs, own_postgres, away=float(sized(30, 8))))


def die_and_come_back(machine, webs, postgres, *, away):
    """What it came to."""
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    agents = [agent_of(owner, workspace) for _ in range(4)]
    keys = [issue(agent, workspace, Scope.READ, Scope.WRITE) for agent in agents]
    worker, relay = machine.worker(), machine.relay()
    processes = [*(web.process for web in webs), worker, relay]
    proposers = [Proposer(webs[n % 2].url, key) for n, key in enumerate(keys)]
    for proposer in proposers:
        proposer.start()
    eventually(lambda: all(proposer.accepted for proposer in proposers), what="work before")
    eventually(Proposal.objects.filter(state=ProposalState.APPLIED).count, what="effects before")
    time.sleep(BEFORE)
    before = [files_of(process.pid) for process in processes]

    connections.close_all()
    postgres.kill()
    gone = time.monotonic()
    time.sleep(away)
    returns = time.monotonic()
    postgres.start()
    back = time.monotonic()
    eventually(
        lambda: all(proposer.answers[-1][2] == 201 for proposer in proposers), what="work after"
    )
    for proposer in proposers:
        proposer.stop()
    stopped = time.monotonic()
    eventually(all_is_done, what="all is applied")
    applied = time.monotonic() - stopped

    refused = [answer for each in proposers for answer in each.while_away(gone + 0.5, returns)]
    accepted = [title for proposer in proposers for title in proposer.accepted]
    require_whole(workspace, accepted)
    assert {status for _, status in refused} <= {503}
    served = max(proposer.first_served(back) for proposer in proposers)
    assert served <= BACK_WITHIN
    assert [process.poll() for process in processes] == [None] * 4, "nobody had to be restarted"
    held = [files_of(process.pid) for process in processes]
    assert all(now <= then + POOL for now, then in zip(held, before, strict=True)), (before, held)
    assert idle_in_transaction() == 0
    slowest = max((seconds for seconds, _ in refused), default=0.0)
    return (
        f"down {away:g} s under 4 agents on uvicorn and Daphne: {len(refused)} refused, each with "
        f"503 after {slowest:.1f} s at most; back {served:.1f} s after its return, all "
        f"{len(accepted)} proposals applied once, {applied:.1f} s after the last; no connection "
        "leaked"
    )


def idle_in_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
        return int(cursor.fetchone()[0])
