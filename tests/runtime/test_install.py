"""What `make run` does on a bare machine: .venv is whole, by uv or pip, however often it was cut
short. With real virtual environments, pip and uv, from an index on this machine.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import ROOT
from tests.runtime.orchard import Orchard
from tests.waiting import eventually


class Checkout:
    """A place of its own with our installer and locks of four small packages. What `seed` asks for
    is nowhere to be had."""

    def __init__(self, folder: Path, orchard: Orchard) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        (folder / "requirements").mkdir(parents=True)
        shutil.copy(ROOT / "requirements" / "install.py", folder / "requirements")
        self.lock("uv", orchard.grow_uv())
        self.lock("data", orchard.grow("seed", needs="soil"))
        self.lock("base", orchard.grow("plum"), orchard.grow("pear"))
        self.lock("dev", orchard.grow("fig"))
        foreign = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.environment = kept | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_INDEX_URL": orchard.url,
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(folder / "uv-cache"),
            "UV_DEFAULT_INDEX": orchard.url,
        }

    def lock(self, name: str, *lines: str) -> None:
        (self.folder / "requirements" / f"{name}.txt").write_text("".join(lines))

    def start(self, layer: str, **environment: str) -> "Install":
        return Install(
            [sys.executable, "requirements/install.py", layer],
            self.folder,
            self.environment | environment,
        )

    def install(self, layer: str, **environment: str) -> str:
        """What it said, when all went well."""
        return self.start(layer, **environment).said_when_done()

    @property
    def packages(self) -> dict[str, str]:
        """Those of ours that can be imported, and who installed them."""
        (place,) = self.venv.glob("lib/python*/site-packages")
        found = {}
        for name in ("seed", "plum", "pear", "fig"):
            code = f"import {name}; assert {name}.NAME == {name!r}"
            python = self.venv / "bin" / "python"
            if not subprocess.run(
                [python, "-c", code], capture_output=True, check=False
            ).returncode:
                found[name] = (place / f"{name}-1.0.dist-info" / "INSTALLER").read_text().strip()
        return found


class Install:
    """One run of the installer, in a session of its own as make is on a terminal."""

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._output = folder / f"said-{len(list(folder.glob('said-*')))}"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                words, cwd=folder, env=environment, stderr=output, start_new_session=True
            )

    def said(self) -> str:
        return self._output.read_text()

    def said_when_done(self, code: int = 0) -> str:
        assert self.process.wait(90) == code, self.said()
        return self.said()


@pytest.fixture
def orchard(tmp_path):
    (tmp_path / "wheels").mkdir()
    with Orchard(tmp_path / "wheels").open() as orchard:
        yield orchard


@pytest.fixture(scope="module")
def empty_venv(tmp_path_factory):
    """As the installer makes it; copied, because making one takes seconds."""
    folder = tmp_path_factory.mktemp("empty") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def checkout(tmp_path, orchard, empty_venv):
    checkout = Checkout(tmp_path / "a checkout", orchard)
    shutil.copytree(empty_venv, checkout.venv, symlinks=True)
    return checkout


def test_pip_does_it_where_there_is_no_uv_or_uv_finds_no_index(checkout, orchard):
    (uv,) = orchard.folder.glob("uv-*.whl")
    away = uv.rename(uv.with_suffix(".away"))
    said = checkout.install("base")
    assert checkout.packages == {"seed": "pip", "plum": "pip", "pear": "pip"}
    assert "Installing 2 packages with pip" in said

    away.rename(uv)
    said = checkout.install("dev", UV_OFFLINE="1")
    assert checkout.packages == {"seed": "pip", "plum": "pip", "pear": "pip", "fig": "pip"}
    assert "Installing uv" in said
    assert "Installing 1 packages with pip" in said
    assert (checkout.venv / "bin" / "uv").exists()

    checkout.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9", "UV_OFFLINE": "1"}
    assert checkout.install("dev") == ""  # there is nothing to do


def test_what_is_not_what_was_locked_is_not_installed(checkout, orchard):
    lock = checkout.folder / "requirements" / "base.txt"
    locked = lock.read_text()
    forged = orchard.grow("pear").partition("sha256:")[2].strip()
    lock.write_text(locked.replace(forged, "0" * 64))
    assert "hash" in checkout.start("base").said_when_done(code=1).lower()
    assert checkout.packages == {"seed": "uv"}
    assert not (checkout.venv / "base.ok").exists()


def test_one_that_was_killed_midway_is_begun_anew_when_what_it_left_is_done(checkout, orchard):
    orchard.hold("pear")
    killed = checkout.start("base")
    eventually(orchard.asked.is_set)
    (checkout.venv / "half").touch()
    killed.process.kill()
    killed.process.wait()

    again = checkout.start("base")
    eventually(lambda: "waiting" in again.said())  # for uv, which outlived who started it
    assert (checkout.venv / "half").exists()
    orchard.release.set()

    assert "Making .venv" in again.said_when_done()
    assert not (checkout.venv / "half").exists()
    assert checkout.packages == {"seed": "uv", "plum": "uv", "pear": "uv"}


def test_after_an_interrupted_dev_install_both_layers_are_there(checkout, orchard):
    checkout.install("base")
    orchard.hold("fig")
    interrupted = checkout.start("dev")
    eventually(orchard.asked.is_set)
    os.killpg(interrupted.process.pid, signal.SIGINT)
    interrupted.said_when_done(code=130)
    orchard.release.set()

    checkout.install("dev")

    assert checkout.packages == {"seed": "uv", "plum": "uv", "pear": "uv", "fig": "uv"}
    base, dev = (checkout.venv / f"{layer}.ok" for layer in ("base", "dev"))
    assert base.stat().st_mtime_ns <= dev.stat().st_mtime_ns  # or make would do it again
    assert not (checkout.venv / "unfinished").exists()
