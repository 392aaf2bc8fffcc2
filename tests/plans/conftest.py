"""A workspace with a policy that lets little pass, and everybody who has to do with plans."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.policies.services.versions import apply_policy
from tests.factories import member
from tests.policies.conftest import (
    _no_limits_from_other_tests,
    agent,
    api,
    contributor,
    owner,
    workspace,
)

__all__ = ["_no_limits_from_other_tests", "agent", "api", "contributor", "owner", "workspace"]

POLICY = """\
version: "1"
allowed_dirs: [api, docs, plans]
deny_globs: ["**/private/**"]
max_diff_lines: 40
llm: {temperature: 0.8}
risk:
  factors: {delete: 30, agent: 0, large: 40, many: 0, outside_hours: 0}
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:
  then: {allow: true}
"""
GREETING = "def greet():\n    return 'Hello'\n"


@pytest.fixture
def other_owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def policy(workspace, owner):
    return apply_policy(text=POLICY, workspace=workspace.id, actor=owner).version


@pytest.fixture
def body():
    return {
        "intent": "Greet people by their name",
        "context": "Names may be missing.",
        "target_paths": ["api/greeting.py"],
        "changes": [
            {
                "path": "api/greeting.py",
                "action": "edit",
                "old": GREETING,
                "new": GREETING.replace("'Hello'", "'Hello you'"),
            },
            {"path": "api/test_greeting.py", "action": "create", "new": "assert greet\n"},
            {"path": "docs/old.md", "action": "delete", "old": "Old.\n"},
        ],
    }
