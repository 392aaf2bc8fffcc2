"""What all tests of specs share."""

import pytest


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
