"""A workspace whose people may change what they like, and a folder that is kept alike with it."""

import pytest

from apps.policies.services.versions import apply_policy
from tests.mirror.folders import Folder
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(own_checkpoints):
    pass


@pytest.fixture
def folder(workspace, owner, reviewer, tmp_path):
    at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
    root = tmp_path / "specs"
    root.mkdir()
    return Folder(root, workspace, owner)
