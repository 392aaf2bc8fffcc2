"""A workspace whose agents are reviewed, with some specs in it, and clients of its API."""

import pytest

from apps.policies.services.versions import apply_policy
from tests.policies.releasing import at_once
from tests.specs.graphs import node, plant

POLICY = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
  - name: nobody touches the law
    when: {labels: [law]}
    then: {deny: The law is not ours to change.}
default:
  then: {allow: true}
"""
BODY = "The shop SHALL pay back within 30 days.\n"


@pytest.fixture(autouse=True)
def policy(workspace, owner, reviewer):
    return at_once(apply_policy(text=POLICY, workspace=workspace.id, actor=owner)).version


@pytest.fixture
def specs(workspace, owner):
    """GOAL-1, and REQ-1 that refines it; REQ-9 is of the law."""
    return plant(
        workspace,
        [
            node("GOAL-1"),
            node("REQ-1", title="Refunds", body=BODY),
            node("REQ-9", body="Nobody SHALL be charged twice.\n", labels=["law"]),
        ],
        ["REQ-1 refines GOAL-1"],
        author=owner,
    )


@pytest.fixture
def by_agent(api, agent):
    return api(agent)


@pytest.fixture
def by_person(api, contributor):
    return api(contributor)


@pytest.fixture
def edit(specs):
    return {
        "title": "Refund sooner",
        "rationale": "The law says so.",
        "operations": [{"op": "edit", "target": "REQ-1", "old": "30 days", "new": "14 days"}],
    }
