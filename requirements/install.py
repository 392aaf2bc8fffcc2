"""Build .venv from the locked, hashed requirements. Needs Python 3.11 and python3-venv alone.

`python3 requirements/install.py base` is what Lattice runs on, with the files of `data`; `dev` adds
what its tests need.
uv installs in seconds what takes pip minutes, but knows nothing of pip's configuration: where it
finds no index, or is not to be had, pip does the work. An install that was cut short is begun anew.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
LAYERS = ("data", "base", "dev")
"""Each stands on those before it."""
ALONE = {"data": ["--no-deps"]}
"""What is installed without what it asks for."""
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
UV = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON)]


def main(lock_name: str) -> None:
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"Lattice needs Python 3.11, this is {sys.version.split()[0]}: make PYTHON3=…")
    try:
        VENV.mkdir(exist_ok=True)
        install(lock_name, only_one=locked(VENV))
    except PermissionError as error:
        sys.exit(
            f"{error.filename} belongs to somebody else: copy the checkout to a place of yours."
        )


def locked(folder: Path) -> int:
    """What installs has it as well, so that one whose parent was killed is waited for."""
    only_one = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(only_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another one installs: waiting for it …", file=sys.stderr, flush=True)
        fcntl.flock(only_one, fcntl.LOCK_EX)
    return only_one


def install(lock_name: str, only_one: int) -> None:
    if UNFINISHED.exists() or not runs("pip"):
        make_venv(only_one)
    for layer in LAYERS[: LAYERS.index(lock_name) + 1]:
        install_layer(layer, only_one)


def install_layer(layer: str, only_one: int) -> None:
    lock, done = HERE / f"{layer}.txt", VENV / f"{layer}.ok"
    if done.exists() and done.stat().st_mtime > lock.stat().st_mtime:
        done.touch()
        return  # somebody else did it while we waited
    UNFINISHED.touch()
    if not runs("uv"):
        run("Installing uv", [*PIP, "-q", *hashed(HERE / "uv.txt")], only_one, may_fail=True)
    count = lock.read_text().count("==")
    title = f"Installing {count} packages"
    wanted = ["-q", *ALONE.get(layer, []), *hashed(lock)]
    if not run(title, [*UV, *wanted], only_one, may_fail=True):
        run(f"{title} with pip, which takes a while", [*PIP, *wanted], only_one)
    done.touch()
    UNFINISHED.unlink()


def make_venv(only_one: int) -> None:
    UNFINISHED.touch()
    for entry in VENV.iterdir():
        if entry != UNFINISHED:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    run("Making .venv", [sys.executable, "-m", "venv", str(VENV)], only_one)


def runs(module: str) -> bool:
    try:
        done = subprocess.run([PYTHON, "-m", module, "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def hashed(lock: Path) -> list[str]:
    return ["--require-hashes", "-r", str(lock)]


def run(title: str, command: list[str], only_one: int, *, may_fail: bool = False) -> bool:
    """Run it with the seconds counted on a terminal; show what it said only if it fails."""
    began = time.monotonic()
    on_terminal = sys.stderr.isatty()
    if not on_terminal:
        print(f"{title} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, pass_fds=[only_one]
        )
        while True:
            try:
                code = process.wait(0.25)
            except subprocess.TimeoutExpired:
                code = None
            if on_terminal:
                seconds = time.monotonic() - began
                print(f"\r{title} … {seconds:.0f} s", end="", file=sys.stderr, flush=True)
            if code is not None:
                break
        if on_terminal:
            print(file=sys.stderr)
        if code and not may_fail:
            output.seek(0)
            print(output.read(), file=sys.stderr)
            if "venv" in command:
                print("Is python3-venv installed? apt-get install python3-venv", file=sys.stderr)
            sys.exit(1)
    return code == 0


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
