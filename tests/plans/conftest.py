"""A workspace with a policy that lets little pass, and everybody who has to do with plans."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.accounts.models import User, Workspace
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, issue, member

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


@pytest.fixture(autouse=True)
def _no_limits_from_other_tests(settings):
    default = settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}
    settings.CACHES = {"default": default}


@pytest.fixture
def workspace(db) -> Workspace:
    return WorkspaceFactory.create(name="Orchard")


@pytest.fixture
def owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def other_owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def contributor(workspace) -> User:
    return member(workspace, Role.CONTRIBUTOR)


@pytest.fixture
def agent(owner, workspace) -> User:
    return agent_of(owner, workspace)


@pytest.fixture
def policy(workspace, owner):
    return apply_policy(text=POLICY, workspace=workspace.id, actor=owner).version


@pytest.fixture
def api(workspace):
    """A client with a key of this user: `api(owner).get(...)`."""

    def client(user: User, *scopes: Scope) -> APIClient:
        made = APIClient()
        every = (Scope.READ, Scope.WRITE) if user.is_agent else tuple(Scope)
        made.credentials(HTTP_X_API_KEY=issue(user, workspace, *(scopes or every)))
        return made

    return client


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
