"""A workspace whose people may change what they like, and a folder that is kept alike with it."""

import pytest

from apps.mirror.services.claiming import mirror_of
from apps.mirror.services.rounds import keep_alike
from apps.mirror.services.sheets import Manner
from apps.policies.services.versions import apply_policy
from tests.policies.conftest import agent, contributor, owner, reviewer, workspace
from tests.policies.releasing import at_once
from tests.specs.conftest import _checkpoints_of_this_test_alone
from tests.specs.paper.test_importing import OPEN

__all__ = [
    "_checkpoints_of_this_test_alone",
    "agent",
    "contributor",
    "owner",
    "reviewer",
    "workspace",
]


class Folder:
    """Files of a test, and the one command there is."""

    def __init__(self, root, workspace, actor):
        self.root, self.workspace, self.actor = root, workspace, actor

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path):
        return (self.root / path).read_text()

    def paths(self):
        found = self.root.rglob("*.md")
        return sorted(
            str(path.relative_to(self.root)) for path in found if ".lattice" not in path.parts
        )

    @property
    def mirror(self):
        return mirror_of(folder=self.root, workspace=self.workspace.id)

    def row(self, path):
        return self.mirror.files.get(path=path)

    def sync(self, **manner):
        return keep_alike(
            mirror=self.mirror, folder=self.root, actor=self.actor, manner=Manner(**manner)
        )


@pytest.fixture
def folder(workspace, owner, reviewer, tmp_path):
    at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
    root = tmp_path / "specs"
    root.mkdir()
    return Folder(root, workspace, owner)
