"""What all tests of the record share."""

import pytest


@pytest.fixture(autouse=True)
def checkpoint_dir(own_checkpoints):
    return own_checkpoints
