"""What all tests of specs share."""

import pytest

from apps.policies.services.versions import apply_policy
from tests.specs.proposing import POLICY


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(own_checkpoints):
    pass


@pytest.fixture
def policy(workspace, owner, reviewer):
    return apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
