"""Health is answered to everybody: alive, ready, degraded, missing something."""

import psycopg
import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from apps.common.version import VERSION


@pytest.mark.parametrize("path", ["/health", "/healthz", "/livez"])
def test_it_answers(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "no-store"


def test_versioned_health(client):
    assert client.get("/api/v1/health").json() == {"status": "ok", "version": VERSION}


def test_bad_credentials_do_not_matter(client):
    for path in ("/health", "/livez", "/metrics", "/api/v1/schema"):
        response = client.get(path, headers={"Authorization": "Bearer nonsense"})
        assert response.status_code == 200


@pytest.mark.django_db
def test_it_is_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "missing": []}


@pytest.mark.django_db
def test_without_redis_it_is_degraded_but_ready(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nowhere.sock?db=0"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "missing": ["redis"]}


def test_unmigrated_database_is_named(committed_database, client):
    with psycopg.connect(committed_database, autocommit=True) as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'ledger'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["error"]["details"][0]["field"] == "migrations"


def test_missing_database_is_named(committed_database, client):
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    before = dict(connection.settings_dict)
    connection.settings_dict["NAME"] = "a_database_that_is_not_there"
    connection.settings_dict["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 1, "timeout": 0.5}}
    try:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response["Retry-After"] == "2"
        assert response.json()["error"]["details"][0]["field"] == "database"
        assert client.get("/livez").status_code == 200
    finally:
        connection.close()
        connection.close_pool()
        connection.settings_dict.update(before)
