"""A house with people, history, secrets and checkpoints in it, to be backed up and brought back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from apps.common.runtime import sealed
from tests.recovery.houses import KEY, SECRETS, House


@pytest.fixture
def house(committed_database: str, settings: Any, tmp_path: Path, monkeypatch: Any) -> House:
    monkeypatch.setattr(sealed, "SCRYPT_COST", 1 << 10)
    data_dir = tmp_path / "a house" / "var"
    settings.DATA_DIR = data_dir
    settings.CHECKPOINT_DIR = data_dir / "checkpoints"
    settings.BACKUP_KEY = KEY
    settings.MASTER_KEYS = [SECRETS["master_key"]]
    settings.CHECKPOINT_KEY = SECRETS["checkpoint_key"]
    house = House(committed_database, data_dir)
    data_dir.mkdir(parents=True)
    house.secrets.touch(mode=0o600)
    house.secrets.write_text(json.dumps(SECRETS))
    house.live()
    return house


@pytest.fixture
def backup(house: House, tmp_path: Path) -> Path:
    file = tmp_path / "house.backup"
    assert house.call("backup", file).code == 0
    return file


@pytest.fixture
def empty_database(committed_database: str) -> Iterator[str]:
    """Another database of the same server, as new."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(
        make_conninfo(committed_database, dbname="postgres"), autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(committed_database, dbname=name)
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
