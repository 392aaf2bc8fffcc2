"""Row 2 of docs/reliability.md: killed after each commit between a proposal and its effect, and
taken up again, it ends as it does undisturbed.
"""

import os
import random
import signal
import traceback
from collections import Counter
from itertools import count, takewhile

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.ledger.models import Delivery, Event
from apps.ledger.verification import verify
from apps.policies.services.versions import apply_policy
from apps.specs.models.graph import Link, Node, Revision, Suspect, Version
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.seeds import chosen_seed

POLICY = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: what is free is free
    when: {labels: [free]}
    then: {allow: true}
default: {then: {require: [{name: review, roles: [reviewer]}]}}
"""
LEAST = 5
"""So many commits it takes at least."""
BEFORE = [
    {"op": "create", "kind": "requirement", "key": "REQ-1", "title": "Pay", "labels": ["free"]},
    {"op": "create", "kind": "test", "key": "TEST-1", "title": "Pays", "labels": ["free"]},
    {"op": "link", "target": "TEST-1", "kind": "verifies", "to": "REQ-1"},
]
CHANGE = [
    {"op": "update", "target": "REQ-1", "changes": {"title": "Pay by card"}},
    {"op": "create", "kind": "goal", "key": "GOAL-1", "title": "Sell"},
    {"op": "link", "target": "REQ-1", "kind": "refines", "to": "GOAL-1"},
]


class House:
    def __init__(self):
        self.workspace = WorkspaceFactory.create()
        owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=owner)
        agent = agent_of(owner, self.workspace)
        self.agent = issue(agent, self.workspace, Scope.READ, Scope.WRITE)
        self.reviewer = issue(member(self.workspace, Role.REVIEWER), self.workspace, *Scope)
        self.propose(BEFORE, key="before")
        deliver()

    def propose(self, operations, *, key):
        answer = Client().post(
            "/api/v1/mutations",
            {"title": "Change", "rationale": "It is time.", "operations": operations},
            content_type="application/json",
            headers={"X-API-Key": self.agent, "Idempotency-Key": key},
        )
        assert answer.status_code == 201, answer.content
        return answer.json()

    def live(self):
        """From the proposal to its effect; whatever of it was done before is done once."""
        Delivery.objects.open().update(next_at=timezone.now(), held_until=None)  # time has passed
        asked = self.propose(CHANGE, key="change")
        deliver()
        voted = Client().post(
            f"/api/v1/approvals/{asked['approval']['id']}/votes",
            {"decision": "approve", "digest": asked["digest"]},
            content_type="application/json",
            headers={"X-API-Key": self.reviewer},
        )
        assert voted.status_code in (200, 201, 409), voted.content
        deliver()

    def stands(self):
        """All of it, but for ids and times."""
        here = {"workspace": self.workspace}
        events = Event.objects.filter(workspace_id=self.workspace.id).values_list("type", flat=True)
        return {
            "proposals": sorted(Proposal.objects.filter(**here).values_list("title", "state")),
            "requests": sorted(ApprovalRequest.objects.filter(**here).values_list("state")),
            "votes": Vote.objects.filter(**here).count(),
            "nodes": sorted(Node.objects.filter(**here).values_list("key", "title", "version")),
            "versions": sorted(
                Version.objects.filter(**here).values_list("key", "number", "since")
            ),
            "links": sorted(
                Link.objects.filter(**here).values_list("source__key", "kind", "target__key")
            ),
            "suspects": sorted(Suspect.objects.filter(**here).values_list("node__key")),
            "revisions": list(
                Revision.objects.filter(**here).order_by("number").values_list("number", flat=True)
            ),
            "events": Counter(events),
            "owed": Delivery.objects.filter(event__workspace_id=self.workspace.id).open().count(),
        }


def in_a_process(work, *, dies_after=None):
    """On a copy of this one, which is killed once it has committed so often. Whether it was."""
    assert isinstance(connections["default"], DatabaseWrapper)
    connections.close_all()
    connections["default"].close_pool()
    pid = os.fork()
    if pid == 0:
        try:
            if dies_after is not None:
                _die_after(dies_after)
            work()
        except BaseException:  # noqa: BLE001 (told by the exit code)
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "it did not get through"
    return False


def _die_after(commits):
    numbers, commit = count(1), BaseDatabaseWrapper.commit

    def counted(self):
        commit(self)
        if next(numbers) == commits:
            os.kill(os.getpid(), signal.SIGKILL)

    BaseDatabaseWrapper.commit = counted  # type: ignore[method-assign]


def dies(commits):
    """Whether it comes as far as so many commits before it ends, as it does undisturbed."""
    undisturbed, house = House(), House()
    undisturbed.live()
    died = in_a_process(house.live, dies_after=commits)
    in_a_process(house.live)
    assert undisturbed.stands()["owed"] == 0
    assert house.stands() == undisturbed.stands(), f"killed after commit {commits}"
    assert verify(workspace=house.workspace.id).is_sound
    return died


@pytest.mark.long
def test_killed_somewhere_it_ends_the_same(committed_database):
    assert dies(random.Random(chosen_seed()).randint(1, LEAST))


@pytest.mark.torture
@pytest.mark.row(2)
@pytest.mark.timeout(900)
def test_wherever_it_is_killed_it_ends_the_same(committed_database, figures):
    reached = sum(1 for _ in takewhile(dies, count(1)))
    figures(
        "from a proposal over a vote to its effect, killed by SIGKILL after each of "
        f"{reached} commits in turn: always the state of the undisturbed run"
    )
    assert reached >= LEAST
