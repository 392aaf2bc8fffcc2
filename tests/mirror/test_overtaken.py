"""What waits of a file is what it says: of what says nothing that could be, nothing waits."""

import pytest

from apps.approvals.models.requests import ApprovalRequest
from apps.mirror.choices import FileState
from apps.specs.models.proposals import Proposal
from tests.mirror.test_bound import linked
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import edit

CASH = SHOP.replace("take cards", "take cash")
TAKEN_BACK = "What waited of it was withdrawn."


def propose(folder, path, text):
    folder.write(path, text)
    folder.sync(inwards="propose")
    return folder.row(path).proposal


def ended(proposal):
    """And nobody is asked about it any more."""
    proposal.refresh_from_db()
    request = ApprovalRequest.objects.get(subject_id=proposal.id)
    return proposal.state, proposal.because, request.state, request.because


WITHDRAWN = ("withdrawn", "outdated", "cancelled", "outdated")


def in_review():
    return Proposal.objects.filter(state="in_review")


def test_an_edit_that_the_checks_refuse_withdraws_what_waits(folder):
    one, other = linked("REQ-1", ("depends_on", "REQ-2")), linked("REQ-2", ("refines", "REQ-3"))
    folder.write("one.md", one)
    folder.write("other.md", other)
    folder.write("third.md", linked("REQ-3", ("relates_to", "REQ-1")))
    folder.sync()
    reworded = other.replace("SHALL", "MAY")
    waits = propose(folder, "other.md", reworded)
    propose(folder, "other.md", reworded.replace("refines: [REQ-3]", "depends_on: [REQ-1]"))
    row = folder.row("other.md")
    assert ended(waits) == WITHDRAWN
    assert (row.state, row.proposal.state) == (FileState.REFUSED, "invalid")
    assert "The checks found errors." in row.said
    assert row.said.endswith(TAKEN_BACK)
    again = propose(folder, "other.md", reworded)
    assert (again.state, again.id != waits.id) == ("in_review", True)


def test_an_edit_that_the_policy_denies_withdraws_what_waits(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    waits = propose(folder, "shop.md", CASH)
    propose(folder, "shop.md", CASH + "\n" + "More.\n" * 2_000)
    assert ended(waits) == WITHDRAWN
    assert folder.row("shop.md").proposal.state == "policy_denied"
    assert not in_review().exists()


def test_an_edit_that_conflicts_withdraws_what_waits(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    waits = propose(folder, "shop.md", CASH)
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    propose(folder, "shop.md", CASH.replace("It SHALL ship.", "It SHALL ship some day."))
    assert ended(waits) == WITHDRAWN
    assert folder.row("shop.md").state == FileState.CONFLICTS


@pytest.mark.parametrize(
    "text", [b"# Shop\n\n\xff", CASH.replace("ing\n", "ing\n<!-- lattice {no} -->\n").encode()]
)
def test_what_cannot_be_read_any_more_withdraws_what_waits(folder, text):
    folder.write("shop.md", SHOP)
    folder.sync()
    waits = propose(folder, "shop.md", CASH)
    (folder.root / "shop.md").write_bytes(text)
    for _ in range(2):
        folder.sync(inwards="propose")
        row = folder.row("shop.md")
        assert (row.state, row.proposal) == (FileState.UNREADABLE, None)
        assert row.said.endswith(TAKEN_BACK)
    assert ended(waits) == WITHDRAWN
    again = propose(folder, "shop.md", CASH)
    assert (again.state, again.id != waits.id) == ("in_review", True)


def test_what_nothing_can_be_proposed_of_any_more_withdraws_what_waits(folder):
    """It names what is nowhere, which only shows beside the other files."""
    folder.write("one.md", linked("REQ-1", ("refines", "REQ-2")))
    folder.write("other.md", linked("REQ-2", ("relates_to", "REQ-1")))
    folder.sync()
    text = folder.read("one.md").replace("SHALL", "MAY")
    waits = propose(folder, "one.md", text)
    propose(folder, "one.md", text.replace("REQ-2", "REQ-9"))
    assert ended(waits) == WITHDRAWN
    assert folder.row("one.md").state == FileState.UNREADABLE


def test_others_of_the_same_proposal_are_proposed_without_it(folder, workspace):
    folder.sync(inwards="propose")
    for name in "ab":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync(inwards="propose")
    waits = folder.row("a.md").proposal
    assert folder.row("b.md").proposal == waits
    (folder.root / "b.md").write_bytes(b"\xff")
    folder.sync(inwards="propose")
    waits.refresh_from_db()
    assert waits.state == "superseded"
    newer = folder.row("a.md").proposal
    assert [one.id for one in in_review()] == [newer.id]
    assert [each["key"] for each in newer.operations] == ["SPEC.a"]
    assert folder.row("b.md").proposal is None


def test_a_look_withdraws_nothing(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    waits = propose(folder, "shop.md", CASH)
    for text in (b"\xff", (CASH + "\n" + "More.\n" * 2_000).encode()):
        (folder.root / "shop.md").write_bytes(text)
        folder.sync(inwards="propose", dry_run=True)
        waits.refresh_from_db()
        assert waits.state == "in_review"
    assert live(folder.workspace)
