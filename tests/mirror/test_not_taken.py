"""What could not even be proposed: why is told where people look, and it is once it can be."""

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.mirror.choices import FileState
from apps.mirror.models import MirroredFile
from apps.specs.models.proposals import Proposal
from tests.factories import member
from tests.mirror.test_asking import CASH, asked
from tests.mirror.test_inwards import SHOP, live

FEW = "too few people here may give it"


def alone(folder):
    """Nobody but who proposes may approve."""
    Membership.objects.filter(workspace=folder.workspace).exclude(user=folder.actor).delete()


def test_why_a_new_file_is_not_proposed_is_told_and_it_is_once_it_can_be(folder, workspace):
    alone(folder)
    folder.write("shop.md", SHOP)
    told = folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, FEW in row.said) == (FileState.REFUSED, True)
    assert told.is_left
    assert folder.sync(inwards="propose").faults == told.faults
    assert not Proposal.objects.exists()
    member(workspace, Role.REVIEWER)
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, row.said, row.proposal.state) == (FileState.WAITS, "", "in_review")


def test_why_an_edit_is_not_proposed_is_told_and_it_is_once_it_can_be(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    alone(folder)
    folder.write("shop.md", CASH)
    for _ in range(2):
        assert folder.sync(inwards="propose").is_left
        row = folder.row("shop.md")
        assert (row.state, FEW in row.said) == (FileState.REFUSED, True)
    folder.sync()
    assert folder.row("shop.md").state == FileState.AGREED
    assert live(workspace)["SPEC.shop.paying"].body == "It SHALL take cash."


def test_what_waits_still_does_and_goes_when_the_edit_is_undone(folder):
    waits = asked(folder)
    alone(folder)
    folder.write("shop.md", SHOP.replace("take cards", "take coins"))
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, FEW in row.said, row.proposal) == (FileState.WAITS, True, waits)
    folder.write("shop.md", CASH)
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, row.said, row.proposal) == (FileState.WAITS, "", waits)
    folder.write("shop.md", SHOP)
    folder.sync(inwards="propose")
    waits.refresh_from_db()
    assert (folder.row("shop.md").state, waits.state) == (FileState.AGREED, "withdrawn")


def test_a_file_that_goes_before_it_could_be_proposed_is_forgotten(folder):
    alone(folder)
    folder.write("shop.md", SHOP)
    folder.sync(inwards="propose")
    (folder.root / "shop.md").unlink()
    folder.sync(inwards="propose")
    assert not MirroredFile.objects.exists()


def test_a_deletion_that_could_not_be_proposed_is_once_it_can_be(folder, workspace):
    for name in "abc":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    alone(folder)
    (folder.root / "a.md").unlink()
    for _ in range(2):
        folder.sync(inwards="propose")
        row = folder.row("a.md")
        assert (row.state, FEW in row.said) == (FileState.REFUSED, True)
    folder.sync()
    assert sorted(live(workspace)) == ["SPEC.b", "SPEC.c"]
    assert not MirroredFile.objects.filter(path="a.md").exists()


def test_a_dry_run_keeps_nothing_of_it(folder):
    alone(folder)
    folder.write("shop.md", SHOP)
    folder.sync(inwards="propose", dry_run=True)
    assert not MirroredFile.objects.exists()
