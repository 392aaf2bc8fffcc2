"""What is denied for a while is asked for again, and what is denied for good is not."""

import pytest
import time_machine

from apps.mirror.choices import FileState
from apps.mirror.models import Mirror
from apps.mirror.selectors.mirrors import is_due
from apps.policies.services.versions import apply_policy
from apps.specs.models.proposals import Proposal
from tests.mirror.test_asking import CASH, asked
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import edit
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN
from tests.specs.proposing import decide

ANY = OPEN.replace("{require: [{name: review, roles: [reviewer]}]}", "{allow: true}")
DENIES = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: closed
    when: {WHEN}
    then: {deny: It is closed.}
default:
  then: {allow: true}
"""


def ruled(folder, owner, text):
    at_once(apply_policy(text=text, workspace=folder.workspace.id, actor=owner))


def test_what_is_over_a_quota_is_asked_for_later(folder, owner, agent):
    ruled(folder, owner, f"{ANY}quotas: {{acts_per_hour: 1, acts_per_day: 100}}\n")
    folder.actor = agent
    for name in "ab":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
        told = folder.sync()
    for _ in range(2):
        assert "acts_per_hour" in told.faults["b.md"]
        assert told.is_left
        told = folder.sync()
    assert Proposal.objects.count() == 1
    ruled(folder, owner, f"{ANY}quotas: {{acts_per_hour: 9, acts_per_day: 100}}\n")
    folder.sync()
    assert sorted(live(folder.workspace)) == ["SPEC.a", "SPEC.b"]


OFTEN = [("hours: outside", True), ("actor: [person]", False)]


@pytest.mark.parametrize(("when", "is_left"), OFTEN)
def test_what_is_denied_by_night_is_asked_for_by_day(folder, owner, when, is_left):
    ruled(folder, owner, DENIES.replace("WHEN", when))
    folder.write("shop.md", SHOP)
    with time_machine.travel("2027-01-03T12:00:00Z", tick=False):  # a Sunday
        told = folder.sync()
    assert "It is closed." in told.faults["shop.md"]
    assert told.is_left is is_left
    assert Proposal.objects.exists() is not is_left
    with time_machine.travel("2027-01-04T12:00:00Z", tick=False):
        folder.sync()
    assert bool(live(folder.workspace)) is is_left


def few(folder, how_many):
    for at in range(how_many):
        folder.write(f"{at}.md", f"# File {at}\n\nIt says {str(at) * 9}.\n")
    folder.sync()


def test_a_folder_that_vanishes_step_by_step_is_not_believed(folder, workspace):
    few(folder, 10)
    for at in range(10):
        (folder.root / f"{at}.md").unlink()
        told = folder.sync()
    assert "not believed" in told.said
    assert len(live(workspace)) == 5
    Mirror.objects.update(lost_at="2026-01-01T00:00:00Z")
    assert "not believed" in folder.sync().said
    assert len(live(workspace)) == 5
    folder.sync(delete_many=True)
    assert not live(workspace)


def test_files_that_are_deleted_one_by_one_over_time_are(folder, workspace):
    few(folder, 4)
    for at in range(3):
        (folder.root / f"{at}.md").unlink()
        assert folder.sync().said == ""
        Mirror.objects.update(lost_at="2026-01-01T00:00:00Z")
    assert sorted(live(workspace)) == ["SPEC.3"]


def patched(folder):
    folder.write("shop.md", SHOP)
    folder.write("other.md", "# Other\n")
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    [patch] = folder.sync(outwards="propose").patched
    return folder.root / patch


@pytest.mark.parametrize("by", ["hand", "renaming", "deleting"])
def test_a_patch_that_nobody_needs_any_more_goes(folder, by):
    patch = patched(folder)
    file = folder.root / "shop.md"
    if by == "hand":
        folder.write("shop.md", SHOP.replace("ship.", "ship at once."))
    elif by == "renaming":
        file.rename(folder.root / "store.md")
    else:
        file.unlink()
    folder.sync(outwards="propose")
    assert not patch.exists()
    assert (folder.root / ".lattice/proposed/store.md.patch").exists() is (by == "renaming")


def test_a_patch_that_is_needed_stays_while_other_files_move(folder):
    patch = patched(folder)
    folder.write("other.md", "# Other\n\nMore.\n")
    folder.sync(outwards="propose")
    assert patch.exists()


def test_a_patch_of_the_longest_of_names(folder):
    name = f"{'ü' * 126}.md"
    folder.write(name, SHOP)
    folder.sync()
    edit(folder, next(key for key in live(folder.workspace) if "shipping" in key), "At once.")
    [patch] = folder.sync(outwards="propose").patched
    assert folder.sync(outwards="propose").is_nothing
    folder.sync(accepts=frozenset())
    assert "At once." in folder.read(name)
    assert not (folder.root / patch).exists()


def test_a_file_that_may_not_be_read_while_it_waits_stirs_nothing(folder, reviewer):
    """What it says by now, nobody knows."""
    proposal = asked(folder)
    file = folder.root / "shop.md"
    file.unlink()
    file.symlink_to("/etc/hostname")
    for vote in (False, True):
        if vote:
            decide(proposal, reviewer)
        folder.sync(inwards="propose")
        told = folder.sync(inwards="propose")
        assert not is_due(folder.mirror, since=told.revision)
        assert folder.row("shop.md").state == FileState.UNREADABLE
    file.unlink()
    folder.write("shop.md", CASH)
    assert folder.sync().proposed == []
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_cannot_be_written_while_something_else_waits_stirs_nothing(folder):
    asked(folder)
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.sync(inwards="propose", outwards="propose")
    told = folder.sync(inwards="propose", outwards="propose")
    assert not is_due(folder.mirror, since=told.revision)
