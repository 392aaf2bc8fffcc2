"""One command starts everything, keeps it running, and stops it. All with real processes."""

import fcntl
import os
import random
import signal
import socket
import stat
from threading import Timer

import psycopg
import pytest
import redis
from celery import Celery

from apps.common.runtime import addresses
from apps.common.runtime.seat import Supervising, supervisor_of, taken_seat
from apps.common.runtime.services import Services
from tests import migrated
from tests.runtime.house import House
from tests.seeds import chosen_seed
from tests.waiting import eventually


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One data folder for all of them, in a path with a space: starting on it again is the second
    thing every test shows. Its tables are there: that a start makes them, .ci/run shows."""
    house = House(tmp_path_factory.mktemp("a house") / "var")
    Services(house.data_dir).prepare()
    migrated.lay_out(house.data_dir)
    yield house
    house.down()


@pytest.fixture
def running(house):
    """One that runs, left by the test before or started now."""
    if house.running is None or house.running.process.poll() is not None:
        house.up()
    return house.running


@pytest.fixture
def still(house):
    """A data folder on which nothing runs."""
    house.down()
    return house


def _embedded(house):
    return {s.name: s.process() for s in Services(house.data_dir).wanted}


def _kill(pid):
    os.kill(pid, signal.SIGKILL)


def _worker_answers(house):
    broker = addresses.celery_url(addresses.redis_url(house.data_dir))
    with Celery(broker=broker, set_as_current=False) as app, app.connection() as connection:
        return bool(app.control.ping(timeout=1, connection=connection))


def _nothing_is_left(house):
    return not house.children() and not any(_embedded(house).values())


def test_it_is_ready_when_it_says_so_lets_no_second_one_in_and_stops_from_elsewhere(still):
    house = still
    running = _of_two_that_start_at_once_one_runs(house)
    _is_ready(house, running)
    _a_second_start_says_who_runs_and_where(house, running)
    _stop_ends_all_of_it(house, running)


def _of_two_that_start_at_once_one_runs(house):
    both = [house.start(said) for said in ("one.out", "other.out")]
    eventually(lambda: any(one.is_ready for one in both), within=180, what="one is ready")
    [refused] = eventually(lambda: [one for one in both if one.is_over], what="the other is over")
    [house.running] = [one for one in both if one is not refused]
    assert (house.running.is_ready, refused.process.returncode) == (True, 1)
    assert f"already runs on {house.data_dir}" in refused.said()
    return house.running


def _is_ready(house, running):
    assert house.answers("/readyz")
    assert house.answers("/static/admin/css/base.css"), "static files under uvicorn"
    assert set(house.children()) == {"web", "worker", "beat", "relay"}
    demo = house.data_dir / "demo.json"
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    facts = running.facts()
    assert set(facts) == {"url", "workspace", "reviewer", "colleague", "agent"}
    reviewer, colleague, agent = facts["reviewer"], facts["colleague"], facts["agent"]
    for fact in (
        *reviewer.values(),
        *colleague.values(),
        *agent.values(),
        house.url,
        "make stop",
        str(house.data_dir),
        str(house.data_dir / "logs"),
    ):
        assert fact in running.said()


def _a_second_start_says_who_runs_and_where(house, running):
    second = house.manage("up", PORT="1")
    assert second.returncode == 1
    for fact in (f"pid {running.process.pid}", house.url, str(house.data_dir), "make stop"):
        assert fact in second.stderr
    assert running.process.poll() is None


def _stop_ends_all_of_it(house, running):
    stopped = house.manage("stop", "--json")
    assert stopped.returncode == 0
    assert str(running.process.pid) in stopped.stdout
    assert running.process.wait(60) == 0
    assert _nothing_is_left(house)
    assert "Nothing was running" in house.manage("stop").stdout


def test_who_only_looks_takes_nobodys_seat(tmp_path):
    with (tmp_path / "up.lock").open("a+") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        Timer(0.3, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        with taken_seat(tmp_path, "http://127.0.0.1:1"):
            assert supervisor_of(tmp_path) == Supervising(os.getpid(), "http://127.0.0.1:1")


def test_killed_children_are_started_again(house, running):
    before = house.children()
    for pid in before.values():
        _kill(pid)
    eventually(lambda: set(house.children()) == set(before), what="all children")
    assert set(house.children().values()).isdisjoint(before.values())
    eventually(lambda: house.answers("/readyz"), what="web")
    eventually(lambda: _worker_answers(house), what="worker")
    assert "web was killed by signal 9" in running.said()


def test_killed_services_are_revived_and_found_again_without_a_restart(house, running):
    eventually(lambda: _worker_answers(house), what="worker")
    before = house.children()
    for process in _embedded(house).values():
        _kill(process.pid)
    eventually(lambda: all(_embedded(house).values()), what="both services")
    eventually(lambda: house.answers("/readyz"), what="web with its database")
    eventually(lambda: _worker_answers(house), what="worker with its broker")
    assert house.children()["web"] == before["web"]
    assert "postgres had died" in running.said()


def test_nothing_outlives_a_killed_supervisor_and_the_next_one_has_its_data(house, running):
    with redis.Redis.from_url(addresses.redis_url(house.data_dir)) as kept:
        kept.set("kept", 42)
    _kill(running.process.pid)
    running.process.wait()
    eventually(lambda: not house.children(), what="children gone")

    again = house.up(LATTICE_ASGI="daphne")
    assert house.answers("/readyz")
    assert house.answers("/static/admin/css/base.css"), "static files under daphne"
    with redis.Redis.from_url(addresses.redis_url(house.data_dir)) as kept:
        assert kept.get("kept") == b"42"
    assert again.end(signal.SIGINT) == 0
    assert _nothing_is_left(house)


def test_a_taken_port_names_who_has_it_before_anything_starts(still):
    house = still
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", house.port))
        holder.listen()
        refused = house.manage("up")
    assert refused.returncode == 1
    assert f"Port {house.port} is taken by pid {os.getpid()}" in refused.stderr
    assert "make run PORT=" in refused.stderr
    assert supervisor_of(house.data_dir / "run") is None
    assert _nothing_is_left(house)


def test_commands_start_what_they_need_and_stop_it_again(still):
    house = still
    assert house.manage("migrate", "-v0").returncode == 0
    healthy = house.manage("doctor", "--json")
    assert healthy.returncode == 0, healthy.stdout
    shown = house.manage("showmigrations", "--plan")
    assert shown.returncode == 0
    assert "[ ]" not in shown.stdout
    assert _nothing_is_left(house)


def test_commands_that_need_nothing_start_nothing(still):
    house = still
    assert house.manage("help", "migrate").returncode == 0
    assert not addresses.socket_dir(house.data_dir).exists()


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_whoever_is_killed_in_whatever_order_the_next_start_has_every_row(house):
    chance = random.Random(chosen_seed())
    url = addresses.database_url(house.data_dir)
    for turn in range(20):
        running = house.up()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS turns (turn int)")
            connection.execute("INSERT INTO turns VALUES (%s)", [turn])
        victims = [*house.children().values(), *(p.pid for p in _embedded(house).values())]
        for pid in chance.sample(victims, chance.randint(0, len(victims))):
            _kill(pid)
        _kill(running.process.pid)
        running.process.wait()
    house.up()
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT turn FROM turns ORDER BY turn").fetchall()
    assert found == [(turn,) for turn in range(20)]
