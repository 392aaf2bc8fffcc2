"""The demo workspace as it was seeded, on a server of its own, and people who decide there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from django.core.management import call_command

from apps.accounts.choices import Scope
from apps.accounts.models import User, Workspace
from apps.accounts.services.demo import COLLEAGUE, REVIEWER, THIRD, WORKSPACE
from apps.plans import demo
from tests.factories import issue
from tests.serving import serving


@dataclass(frozen=True)
class Person:
    """Decides through the API, as whoever sits before it would."""

    http: httpx.Client

    def says(self, request: str, decision: str, **more) -> dict:
        seen = self.asked("GET", f"approvals/{request}")
        vote = {"decision": decision, "digest": seen["view_digest"], **more}
        return self.asked("POST", f"approvals/{request}/votes", vote)

    def comments(self, request: str, text: str, **more) -> dict:
        return self.asked("POST", f"approvals/{request}/comments", {"text": text, **more})

    def asked(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.http.request(method, f"/api/v1/{path}", json=body)
        assert answer.is_success, answer.text
        found: dict = answer.json()
        return found


@dataclass(frozen=True)
class Shop:
    url: str
    key: str
    rita: Person
    nora: Person
    sam: Person


@pytest.fixture
def shop(committed_database, tmp_path, monkeypatch, capsys) -> Iterator[Shop]:
    """As `make run` has it, but that nobody can take back what they approved: that takes time."""
    policy = tmp_path / "policy.yaml"
    undo = "undo: {seconds: 10, up_to: low}\n"
    assert undo in demo.POLICY.read_text()
    policy.write_text(demo.POLICY.read_text().replace(undo, ""))
    monkeypatch.setattr(demo, "POLICY", policy)
    call_command("seed_demo", "--json")
    facts = json.loads(capsys.readouterr().out)
    call_command("seed_demo_specs", facts["workspace"])
    with serving("uvicorn", tmp_path / "web.log", DATABASE_URL=committed_database) as web:
        people = [_person(web.url, address) for address, _ in (REVIEWER, COLLEAGUE, THIRD)]
        yield Shop(web.url, facts["agent"]["api_key"], *people)
        for person in people:
            person.http.close()


def _person(url: str, address: str) -> Person:
    found = User.objects.get_queryset().get(email=address)
    key = issue(found, Workspace.objects.get(name=WORKSPACE), *Scope)
    return Person(httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=60))
