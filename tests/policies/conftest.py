"""A policy that holds."""

import pytest

from apps.policies.services.versions import apply_policy
from tests.policies.releasing import POLICY, at_once


@pytest.fixture
def released(workspace, owner):
    """POLICY holds, as version 1."""
    return at_once(apply_policy(text=POLICY, workspace=workspace.id, actor=owner)).version
