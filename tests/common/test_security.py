"""What answers tell browsers they may do, and what production refuses to start with."""

import subprocess
import sys

import pytest

from config.checks import nobody_proposes, unsafe_in_production
from config.env import ROOT, Environment
from tests.factories import PersonFactory


@pytest.mark.parametrize("path", ["/health", "/api/v1/nowhere", "/docs", "/accounts/login/"])
@pytest.mark.django_db
def test_every_answer_carries_the_security_headers(client, path):
    response = client.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


def test_refusals_carry_them_too(client):
    response = client.get("/health", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/nowhere", "/api/v1/schema", "/health"])
def test_answers_of_the_api_are_not_kept(client, path):
    assert client.get(path)["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/search/?s=ada", "/activity", "/accounts/", "/accounts/email/"]
)
def test_pages_of_somebody_are_kept_by_nobody(client, path):
    client.force_login(PersonFactory.create(is_staff=True, is_superuser=True))
    response = client.get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def directives(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.mark.django_db
def test_only_the_admin_may_evaluate(client):
    client.force_login(PersonFactory.create(is_staff=True, is_superuser=True))
    assert "'unsafe-eval'" in directives(client.get("/admin/"))["script-src"]
    for path in ("/docs", "/redoc"):
        assert directives(client.get(path))["script-src"] == ["'self'"]


OUTSIDE = [
    *("/docs", "/activity", "/accounts/", "/accounts/login/", "/accounts/sessions/"),
    *("/accounts/2fa/", "/demo/approval_client.html", "/approvals/open/none", "/nowhere"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_inline_is_allowed_outside_the_admin(client, path):
    client.force_login(PersonFactory.create(is_staff=True, is_superuser=True))
    assert "unsafe" not in client.get(path)["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/admin/audit/", "/redoc"])
def test_where_something_inline_is_allowed_nothing_remote_is(client, path):
    client.force_login(PersonFactory.create(is_staff=True, is_superuser=True))
    found = directives(client.get(path))
    assert found["default-src"] == found["object-src"] == found["base-uri"] == ["'none'"]
    assert found["frame-ancestors"] == ["'none'"]
    assert found["form-action"] == ["'self'"]
    allowed = {source for sources in found.values() for source in sources}
    local = {"'none'", "'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    assert allowed <= local


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_documents_load_nothing_from_elsewhere(client, path):
    page = client.get(path).content.decode()
    assert "://" not in page
    assert "<script>" not in page
    for source in [part.split('"')[0] for part in page.split('src="')[1:]]:
        response = client.get(source)
        assert response.status_code == 200
        response.close()


@pytest.mark.parametrize(
    "origin", ["app://obsidian.md", "http://localhost:5173", "http://localhost", "app://local"]
)
def test_development_origins_may_call(client, origin):
    answer = client.get("/api/v1/health", headers={"Origin": origin})
    assert answer["Access-Control-Allow-Origin"] == origin
    preflight = client.options(
        "/api/v1/health",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key, x-workspace-id",
        },
    )
    assert preflight.status_code == 200
    assert {"authorization", "x-api-key", "idempotency-key", "if-match"} <= set(
        preflight["Access-Control-Allow-Headers"].split(", ")
    )


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost.evil.example", "null", "https://localhost:1"],
)
def test_other_origins_may_not(client, origin):
    answer = client.get("/api/v1/health", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer


# --- production


SAFE = {
    "env": "production",
    "secret_key": "k3J9" * 16 + "x",
    "jwt_secret": "p8Q2" * 16 + "y",
    "master_keys": ["q0ZpXW3m1uQv5nYt8rB2sD4fG6hJ7kL9zX1cV3bN5mA"],
    "checkpoint_key": "q0ZpXW3m1uQv5nYt8rB2sD4fG6hJ7kL9zX1cV3bN5mA",
    "allowed_hosts": ["lattice.example.org"],
    "public_url": "https://lattice.example.org",
    "api_keys": [],
}


def found_in(**changes):
    return [check.id for check in unsafe_in_production(Environment(**{**SAFE, **changes}))]


def test_safe_settings_pass():
    assert found_in() == []


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"secret_key": ""}, "lattice.E010"),
        ({"secret_key": "short"}, "lattice.E010"),
        ({"jwt_secret": "a" * 50}, "lattice.E010"),
        ({"master_keys": []}, "lattice.E011"),
        ({"master_keys": ["not a key"]}, "lattice.E011"),
        ({"checkpoint_key": ""}, "lattice.E012"),
        ({"allowed_hosts": ["*"]}, "lattice.E013"),
        ({"allowed_hosts": ["*.example.org"]}, "lattice.E013"),
        ({"allowed_hosts": []}, "lattice.E013"),
        ({"api_keys": ["changeme"]}, "lattice.E014"),
        ({"api_tokens": ["changeme"]}, "lattice.E014"),
        ({"api_key": ["changeme"]}, "lattice.E014"),
        ({"public_url": "http://lattice.example.org"}, "lattice.W015"),
    ],
)
def test_each_unsafe_setting_is_named(changes, check):
    assert found_in(**changes) == [check]


def test_fixed_keys_count_by_whatever_name_they_are_given(monkeypatch):
    for name, keys in (("API_TOKENS", "one, two"), ("API_KEYS", "two,three"), ("API_KEY", "four")):
        monkeypatch.setenv(name, keys)
    assert Environment(_env_file=None).fixed_keys == ["one", "two", "three", "four"]


PRODUCTION = {
    "LATTICE_ENV": "production",
    "SECRET_KEY": SAFE["secret_key"],
    "JWT_SECRET": SAFE["jwt_secret"],
    "LATTICE_MASTER_KEYS": SAFE["master_keys"][0],
    "LATTICE_CHECKPOINT_KEY": SAFE["checkpoint_key"],
    "ALLOWED_HOSTS": "lattice.example.org",
    "PUBLIC_SERVER_URL": "https://lattice.example.org",
}


def python(*arguments, tmp_path, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "LATTICE_DATA_DIR": str(tmp_path),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_deployment_checks_are_clean_in_production(tmp_path):
    done = python(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        tmp_path=tmp_path,
        **PRODUCTION,
    )
    assert done.returncode == 0, done.stderr


def test_server_does_not_start_on_development_secrets(tmp_path):
    done = python("-c", "import config.asgi", tmp_path=tmp_path, LATTICE_ENV="production")
    assert done.returncode != 0
    assert "lattice.E010" in done.stderr
    assert "HINT" in done.stderr


def test_server_starts_on_safe_ones(tmp_path):
    done = python("-c", "import config.asgi", tmp_path=tmp_path, **PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({}, ["lattice.W021"]),
        ({"env": "development", "demo": False}, ["lattice.W021"]),
        ({"env": "development", "demo": True}, []),
        ({"spec_sync_as": "ada@orchard.example"}, []),
        ({"init_email": "ada@orchard.example"}, []),
        ({"spec_sync_enabled": False}, []),
        ({"spec_sync_dir": None}, []),
    ],
)
def test_a_folder_that_is_kept_needs_somebody_who_proposes(changes, checks):
    nobody = {"spec_sync_dir": "specs", "spec_sync_as": "", "init_email": ""}
    given = Environment(**{**SAFE, **nobody, **changes})
    assert [check.id for check in nobody_proposes(given)] == checks
