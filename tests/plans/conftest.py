"""A plan, and a policy that lets little pass."""

import pytest

from apps.policies.services.versions import apply_policy
from tests.plans.deciding import GREETING, POLICY
from tests.policies.releasing import at_once


@pytest.fixture
def policy(workspace, owner, reviewer):
    return at_once(apply_policy(text=POLICY, workspace=workspace.id, actor=owner)).version


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
