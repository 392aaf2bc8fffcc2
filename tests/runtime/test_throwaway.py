"""A run of the tests leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.common.runtime.services import Services
from config.env import ROOT
from tests.waiting import eventually

WAITS = """
import pathlib, signal
from django.conf import settings

def test_waits():
    pathlib.Path({told!r}).write_text(str(settings.DATA_DIR))
    signal.pause()
"""


@contextmanager
def a_run(folder):
    """Another run of pytest that waits, and the folder it works in."""
    told = folder / "told"
    (folder / "test_waits.py").write_text(WAITS.format(told=str(told)))
    words = ["-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "no:cacheprovider", folder]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with (folder / "output").open("w") as output:
        run = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=own, stdout=output, stderr=output
        )
    try:
        eventually(
            lambda: (told.exists() and told.read_text()) or run.poll() is not None, within=240
        )
        assert run.poll() is None, (folder / "output").read_text()
        yield run, Path(told.read_text())
    finally:
        run.kill()
        run.wait()


@pytest.mark.xdist_group("together")
def test_xdist_is_told_which_tests_belong_together(request):
    if not request.config.getoption("loadgroup", False):
        pytest.skip("Nobody deals tests out to workers.")
    assert request.node.nodeid.endswith("@together")


def takes_all_along(run, data_dir, number):
    """The run that is asked to end."""
    services = Services(data_dir)
    assert all(service.process() for service in services.wanted)
    run.send_signal(number)
    run.wait(240)
    assert not data_dir.exists()
    assert not services.sockets.exists()


def test_a_run_that_is_interrupted_takes_its_folder_and_services_along(tmp_path):
    with a_run(tmp_path) as (run, data_dir):
        takes_all_along(run, data_dir, signal.SIGINT)


@pytest.mark.long
def test_what_a_killed_run_left_is_taken_away_by_the_next_which_takes_its_own(tmp_path):
    for name in ("killed", "next"):
        (tmp_path / name).mkdir()
    with a_run(tmp_path / "killed") as (run, data_dir):
        run.kill()
        run.wait()
    assert data_dir.exists()
    with a_run(tmp_path / "next") as (run, other):
        assert not data_dir.exists()
        assert not Services(data_dir).sockets.exists()
        takes_all_along(run, other, signal.SIGTERM)
