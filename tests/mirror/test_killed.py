"""A process that is killed somewhere in a round, and the next one, which goes on where it was."""

import os
import signal
from itertools import count, takewhile

import pytest

from apps.accounts.choices import Role
from apps.mirror import disk
from apps.mirror.choices import FileState
from apps.mirror.services import outwards, rounds
from apps.policies.services.versions import apply_policy
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, member
from tests.mirror.folders import Folder
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import edit
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN
from tests.specs.test_crash_points import in_a_process


@pytest.fixture
def make_folder(committed_database, tmp_path):
    def made():
        workspace = WorkspaceFactory.create()
        owner = member(workspace, Role.OWNER)
        at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
        root = tmp_path / str(workspace.id)
        root.mkdir()
        folder = Folder(root, workspace, owner)
        folder.write("shop.md", SHOP)
        folder.sync()
        return folder

    return made


def ends_alike(folder, text):
    """And nothing was done twice. What was taken and not applied is so by a worker."""
    deliver()
    for _ in range(2):
        told = folder.sync()
    assert told.is_nothing
    assert folder.read("shop.md") == text
    assert folder.row("shop.md").state == FileState.AGREED
    nodes = live(folder.workspace)
    assert [nodes[key].version for key in sorted(nodes)] == [1, 1, 2]
    assert Proposal.objects.filter(workspace=folder.workspace).count() == 2


SHIPS = SHOP.replace("ship.", "ship at once.")
SEAMS = {
    "the file is new, and what it was is still there": (disk, "exchanged"),
    "it is written, and this is kept nowhere": (outwards, "put"),
    "it is kept what it says, and not of which revision": (rounds, "drop_patches"),
}


@pytest.mark.parametrize("seam", SEAMS)
def test_killed_when(make_folder, seam):
    folder = make_folder()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    room, name = SEAMS[seam]

    def die_there():
        done = getattr(room, name)

        def done_and_dead(*given, **said):
            done(*given, **said)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(room, name, done_and_dead)
        folder.sync()

    assert in_a_process(die_there)
    assert folder.read("shop.md") == SHIPS
    ends_alike(folder, SHIPS)


def test_killed_after_any_commit_it_proposes_nothing_twice(make_folder):
    def dies(commits):
        folder = make_folder()
        folder.write("shop.md", SHIPS)
        died = in_a_process(folder.sync, dies_after=commits)
        ends_alike(folder, SHIPS)
        return died

    assert sum(1 for _ in takewhile(dies, count(1))) >= 3
