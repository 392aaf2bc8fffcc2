"""A database with every migration applied, made once for as long as none changes, and copied.

To apply them all takes ten seconds of a processor, at the start of every run of the tests.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from apps.common.runtime import addresses
from apps.common.runtime.services import Services

ROOT = Path(__file__).parents[1]
"""Not that of config.env, which would read the environment before a run has set its own."""
PREFIX = "lattice-migrated-"
KEPT_FOR = 2 * 24 * 3600
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def lay_out(data_dir: Path) -> None:
    """Before anything runs there. Its database is called `lattice`."""
    home = _home()
    home.mkdir(mode=0o700, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{home} is not yours: remove it.")
    with (home / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = home / "postgres"
        if not kept.exists():
            _make(home, kept)
            _remove_others(home)
        os.utime(home)
        subprocess.run(["cp", "-a", "--reflink=auto", kept, data_dir / "postgres"], check=True)


def _home() -> Path:
    said = hashlib.sha256(f"{os.geteuid()} {sys.version}".encode())
    for path in _what_decides():
        said.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / f"{PREFIX}{said.hexdigest()[:16]}"


def _what_decides() -> Iterator[Path]:
    """What tables there are, of ours and of others."""
    yield from sorted((ROOT / "apps").glob("*/migrations/*.py"))
    yield from sorted((ROOT / "apps").glob("*/models*/*.py"))
    yield from sorted((ROOT / "apps").glob("*/models.py"))
    yield ROOT / "config" / "settings.py"
    yield ROOT / "requirements" / "base.txt"


def _make(home: Path, kept: Path) -> None:
    draft = home / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    with Services(draft, FAST, redis=False).running():
        environment = os.environ | {
            "LATTICE_ENV": "development",
            "LATTICE_DATA_DIR": str(draft),
            "DATABASE_URL": addresses.database_url(draft),
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], check=True, env=environment, cwd=ROOT
        )
    (draft / "postgres").rename(kept)
    shutil.rmtree(draft)


def _remove_others(home: Path) -> None:
    for other in home.parent.glob(f"{PREFIX}*"):
        is_old = time.time() - other.stat().st_mtime > KEPT_FOR
        if other != home and is_old and other.stat().st_uid == os.geteuid():
            shutil.rmtree(other, ignore_errors=True)
