"""What all tests of specs share."""

import pytest

from tests.policies.conftest import agent, api, contributor, owner, reviewer, workspace

__all__ = ["agent", "api", "contributor", "owner", "reviewer", "workspace"]


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
