"""Where the embedded services of a data folder answer. Pure: the same folder, the same address.

Sockets live in a short directory of their own, because a socket's path is limited to 107 bytes;
TMPDIR has no say in it, because two terminals may differ there.
"""

import hashlib
import os
from pathlib import Path


def socket_dir(data_dir: Path) -> Path:
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return Path("/tmp") / f"lattice-{os.geteuid()}-{name}"  # noqa: S108 - looked at first  # nosec


def database_url(data_dir: Path, name: str = "lattice") -> str:
    return f"postgresql://postgres@/{name}?host={socket_dir(data_dir)}"


def redis_url(data_dir: Path, database: int = 0) -> str:
    return f"unix://{socket_dir(data_dir)}/redis.sock?db={database}"


def celery_url(redis_url: str) -> str:
    """Kombu's spelling of the same address."""
    if redis_url.startswith("unix://"):
        return "redis+socket://" + redis_url.removeprefix("unix://").replace(
            "?db=", "?virtual_host="
        )
    return redis_url
