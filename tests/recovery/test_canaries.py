"""Keys do not leak: the secrets of people, agents and receivers go in, each through its own door,
and are looked for in all that is kept and told of it.
"""

import base64
import json
import logging
import subprocess
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
import redis
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client

from apps.accounts import tasks
from apps.accounts.models import User
from apps.activity.relay import Relay
from apps.activity.services.pulses import note_pulse
from apps.common.runtime import dumps
from tests.common.failing_urls import FAILURES
from tests.console.test_second_step import set_up
from tests.serving import free_port

pytestmark = pytest.mark.row(13)
KNOWN = "Marguerite Known-To-All"
KEPT_IN_AN_ANSWER = "For the nightly build"
LLM_KEY = "sk-proj-abcdEFGH1234ijklMNOP5678canary"


@dataclass
class Secrets:
    """Every secret that came up, by where it came from."""

    texts: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, text: str) -> str:
        assert len(text) > 5
        self.texts[name] = text
        return text

    def found_in(self, content: bytes) -> list[str]:
        """As it is, as PostgreSQL writes bytes, and as base64 writes what begins with it."""
        return [
            name
            for name, text in self.texts.items()
            if any(form in content for form in _forms(text.encode()))
        ]


def _forms(secret: bytes) -> list[bytes]:
    whole = len(secret) // 3 * 3
    return [secret, secret.hex().encode(), base64.b64encode(secret[:whole])]


def call(client, path, body, token="", **headers):
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = client.post(
        f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
    )
    assert answer.status_code < 300, answer.content
    return answer.json() if answer.content else {}


@pytest.fixture
def lived(house, settings, mailoutbox, unhurried, caplog) -> Secrets:
    """Goes through every door that takes or makes a secret, and tries some with a stray one."""
    caplog.set_level(logging.INFO)
    settings.WEBHOOK_ALLOW_CIDRS = [ip_network("127.0.0.0/8")]
    secrets, client = Secrets(), Client()
    address = {"email": "canary@example.org"}
    first = secrets.keep("first password", "first canary password")
    call(client, "auth/register", {**address, "password": first, "name": KNOWN})
    tokens = call(client, "auth/login", {**address, "password": first})
    wanted = secrets.keep("password", "second canary password")
    access = secrets.keep("access token", tokens["access_token"])
    secrets.keep("refresh token", tokens["refresh_token"])
    call(client, "auth/password", {"password": first, "new_password": wanted}, access)
    tokens = call(client, "auth/login", {**address, "password": wanted})
    spent = secrets.keep("spent token", tokens["refresh_token"])
    tokens = call(client, "auth/refresh", {"refresh_token": spent})
    access = secrets.keep("new access token", tokens["access_token"])
    secrets.keep("new refresh token", tokens["refresh_token"])

    place = call(client, "workspaces", {"name": "Cage"}, access)["id"]
    headers = {"X-Workspace-Id": place, "Idempotency-Key": "once"}
    body = {"name": KEPT_IN_AN_ANSWER, "scopes": ["read", "write", "manage"]}
    issued = call(client, "api-keys", body, access, **headers)
    secrets.keep("key", issued["api_key"])
    rotation = f"api-keys/{issued['id']}/rotate"
    key = secrets.keep("rotated key", call(client, rotation, {}, access)["api_key"])
    agent = call(client, "agents", {"name": "Wren"}, key)["id"]
    body = {"name": "k", "scopes": ["read"]}
    secrets.keep("agent's key", call(client, f"agents/{agent}/keys", body, key)["api_key"])
    ticket = call(client, "ws-tickets", {}, key, **{"Idempotency-Key": "twice"})["ticket"]
    secrets.keep("ticket", ticket)
    hook = {"url": f"http://127.0.0.1:{free_port()}/hook", "event_types": ["*"]}
    made = call(client, "webhooks", hook, key)
    secrets.keep("webhook's secret", made["secret"])
    rotated = call(client, f"webhooks/{made['id']}/rotate", {"overlap_seconds": 60}, key)
    secrets.keep("webhook's new secret", rotated["secret"])
    body = {"email": "invited@example.org", "role": "viewer"}
    call(client, f"workspaces/{place}/invitations", body, access)

    person = User.objects.get(email=address["email"])
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    browser = Client(headers={"accept": "text/html"})
    browser.post("/accounts/login/", {"login": person.email, "password": wanted})
    browser.post("/accounts/reauthenticate/", {"password": wanted})
    secrets.keep("second step", set_up(browser)[0])
    codes = RecoveryCodes(
        Authenticator.objects.get(user=person, type=Authenticator.Type.RECOVERY_CODES)
    ).generate_codes()
    secrets.keep("recovery code", codes[0])

    stray = secrets.keep("a model's key", LLM_KEY)
    odd = {"Authorization": f"Bearer {stray}", "User-Agent": stray, "Referer": f"/?key={stray}"}
    assert client.get(f"/api/v1/auth/me?api_key={stray}", headers=odd).status_code == 401
    for path in ("/api/v1/auth/login", "/api/v1/auth/register"):
        wrong = {"email": stray, "password": stray, "code": stray, stray: stray}
        assert client.post(path, wrong, content_type="application/json").status_code >= 400
    other = Client(headers={"accept": "text/html", "user-agent": stray})
    other.post(f"/accounts/login/?token={stray}", {"login": person.email, "password": stray})

    _broker().flushdb()
    tasks.send_due_invitations()
    note_pulse(worker="somebody who consumes")
    assert Relay().turn() > 0
    return secrets


def test_dump_holds_none_of_them_and_a_backup_nothing_readable_at_all(
    house, lived, tmp_path, figures
):
    program = dumps.client_program("pg_restore", 18)
    with dumps.snapshot(house.database) as moment, dumps.dump(moment) as stream:
        archive = stream.read()
    told = subprocess.run([program, "--file=-"], input=archive, capture_output=True, check=True)
    assert KNOWN.encode() in told.stdout
    assert KEPT_IN_AN_ANSWER.encode().hex().encode() in told.stdout  # of an Idempotency-Key
    assert lived.found_in(told.stdout) == []

    assert house.call("backup", tmp_path / "house.backup").code == 0
    content = (tmp_path / "house.backup").read_bytes()
    assert lived.found_in(content) == []
    for readable in (KNOWN, "canary@example.org", "accounts_user", "PGDMP"):
        assert readable.encode() not in content
    secrets = json.loads(house.secrets.read_text()).values()
    assert not [secret for secret in secrets if secret.encode() in content]
    figures(
        f"{len(lived.texts)} secrets of people, agents and receivers: 0 found in a plain dump, a "
        "backup, Redis, task arguments, error pages, log lines"
    )


def test_tasks_are_told_ids_alone_and_neither_redis_nor_the_log_holds_one(lived, caplog):
    broker = _broker()
    messages = [json.loads(message) for message in broker.lrange("celery", 0, -1)]
    told = {
        message["headers"]["task"]: json.loads(base64.b64decode(message["body"]))[:2]
        for message in messages
    }
    assert {"accounts.send_invitation", "activity.send_webhooks"} <= set(told)
    for args, named in told.values():
        assert named == {}
        assert all(isinstance(arg, int) or UUID(arg) for arg in args)
    assert lived.found_in(repr((told, messages)).encode()) == []

    cache.set("somebody", KNOWN)
    kept = b"".join(key + b" " + _content(broker, key) for key in broker.scan_iter())
    assert KNOWN.encode() in kept
    assert lived.found_in(kept) == []

    (handler,) = (
        found for found in logging.getLogger().handlers if type(found) is logging.StreamHandler
    )
    lines = "\n".join(handler.format(record) for record in caplog.get_records("setup"))
    assert "api/v1/auth/login" in lines
    assert lived.found_in(lines.encode()) == []


def _broker() -> Any:
    return redis.Redis.from_url(django_settings.REDIS_URL)


def _content(broker: Any, key: bytes) -> bytes:
    read = {
        b"string": broker.get,
        b"hash": broker.hgetall,
        b"set": broker.smembers,
        b"list": lambda key: broker.lrange(key, 0, -1),
        b"zset": lambda key: broker.zrange(key, 0, -1),
    }
    return repr(read[broker.type(key)](key)).encode()


@pytest.mark.urls("tests.common.failing_urls")
@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*;q=0.8"])
@pytest.mark.parametrize("path", ["/api/v1/raise/{}", "/api/v1/plain/{}", "/page/{}"])
def test_no_error_says_what_was_sent_or_what_failed(path, accept, monkeypatch, db):
    monkeypatch.setitem(FAILURES, "leak", lambda: RuntimeError(f"upstream refused {LLM_KEY}"))
    client = Client(raise_request_exception=False)
    sent = {"accept": accept, "authorization": f"Bearer {LLM_KEY}", "x-api-key": LLM_KEY}
    answers = [client.get(path.format("leak"), headers={"accept": accept, "cookie": LLM_KEY})]
    answers += [
        client.get(f"{path.format(kind)}?key={LLM_KEY}", headers=sent)
        for kind in ("leak", "bug", "raw-outage", "suspicious", LLM_KEY)
    ]
    assert answers[0].status_code == 500
    for answer in answers:
        assert answer.status_code >= 400
        assert LLM_KEY not in answer.content.decode() + str(answer.headers)
