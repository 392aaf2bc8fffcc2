"""Edits that wait for people, and changes that wait to be written."""

import subprocess

from apps.accounts.choices import Role
from apps.mirror.choices import FileState
from apps.mirror.outcomes import LEFT_OUT
from apps.specs.models.proposals import Proposal
from tests.factories import member
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import edit
from tests.specs.proposing import decide

CASH = SHOP.replace("take cards", "take cash")


def asked(folder, text=CASH):
    folder.write("shop.md", SHOP)
    folder.sync()
    folder.write("shop.md", text)
    folder.sync(inwards="propose")
    return folder.row("shop.md").proposal


def test_people_are_asked_also_where_the_policy_would_let_it_pass(folder, workspace, reviewer):
    proposal = asked(folder)
    assert (proposal.state, proposal.asks_people) == ("in_review", True)
    assert folder.row("shop.md").state == FileState.WAITS
    assert folder.sync(inwards="propose").is_nothing
    decide(proposal, reviewer)
    folder.sync(inwards="propose")
    assert live(workspace)["SPEC.shop.paying"].body == "It SHALL take cash."
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_is_rejected_stays_in_the_file_and_is_not_asked_again(folder, reviewer):
    decide(asked(folder), reviewer, "reject", comment="No cash.")
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, row.said) == (FileState.REFUSED, "It was rejected.")
    assert folder.sync(inwards="propose").is_nothing
    assert folder.read("shop.md") == CASH


def test_of_what_is_accepted_in_part_the_rest_is_told(folder, workspace, reviewer, other_reviewer):
    proposal = asked(folder, CASH.replace("SHALL ship", "SHALL send"))
    decide(proposal, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=proposal)
    folder.sync(inwards="propose")
    assert (folder.row("shop.md").state, folder.row("shop.md").proposal) == (FileState.WAITS, rest)
    decide(rest, other_reviewer, "reject", comment="Not that.")
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, row.said) == (FileState.REFUSED, "It was rejected.")


def test_it_is_told_too_where_the_rest_was_rejected_before_anybody_looked(
    folder, reviewer, other_reviewer
):
    text = CASH.replace("SHALL ship", "SHALL send")
    proposal = asked(folder, text)
    decide(proposal, reviewer, operations=[0])
    decide(Proposal.objects.get(part_of=proposal), other_reviewer, "reject", comment="Not that.")
    folder.sync(inwards="propose")
    row = folder.row("shop.md")
    assert (row.state, row.said) == (FileState.REFUSED, LEFT_OUT)
    assert folder.read("shop.md") == text


def test_an_edit_of_what_waits_takes_its_place(folder):
    first = asked(folder)
    folder.write("shop.md", SHOP.replace("take cards", "take coins"))
    folder.sync(inwards="propose")
    second = folder.row("shop.md").proposal
    first.refresh_from_db()
    assert (first.state, second.state, second.follows_id) == ("superseded", "in_review", first.id)


def test_of_two_that_become_one_the_other_is_withdrawn(folder):
    waiting = []
    for name in "ab":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
        folder.sync(inwards="propose")
        waiting.append(folder.row(f"{name}.md").proposal)
    for name in "ab":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}, and more.\n")
    folder.sync(inwards="propose")
    newer = folder.row("a.md").proposal
    assert folder.row("b.md").proposal == newer
    assert {one.id for one in Proposal.objects.filter(state="in_review")} == {newer.id}
    for one in waiting:
        one.refresh_from_db()
    assert [one.state for one in waiting] == ["superseded", "withdrawn"]


def test_an_edit_that_is_undone_is_withdrawn(folder):
    proposal = asked(folder)
    folder.write("shop.md", SHOP)
    folder.sync(inwards="propose")
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_changes_elsewhere_is_written_while_an_edit_waits(folder, workspace, reviewer):
    proposal = asked(folder)
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.sync(inwards="propose")
    assert folder.read("shop.md") == CASH.replace("ship.", "ship at once.")
    assert folder.row("shop.md").proposal_id == proposal.id
    decide(proposal, reviewer)
    folder.sync(inwards="propose")
    assert folder.row("shop.md").state == FileState.AGREED
    assert live(workspace)["SPEC.shop.paying"].body == "It SHALL take cash."


def test_what_reviewers_made_of_it_is_written(folder, workspace, reviewer):
    another = member(workspace, Role.REVIEWER)
    proposal = asked(folder)
    decide(proposal, reviewer, edits={"operations.0.body": "It SHALL take cash and cards."})
    folder.sync(inwards="propose")
    decide(proposal, another)
    folder.sync(inwards="propose")
    assert folder.read("shop.md") == SHOP.replace("take cards", "take cash and cards")
    assert folder.row("shop.md").state == FileState.AGREED


def test_inwards_off_proposes_nothing(folder):
    folder.write("shop.md", SHOP)
    folder.sync(inwards="off")
    assert not Proposal.objects.exists()


def test_outwards_off_writes_nothing(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.sync(outwards="off")
    assert folder.read("shop.md") == SHOP


def test_a_change_waits_as_a_patch_until_it_is_accepted(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    patch = ".lattice/proposed/shop.md.patch"
    assert folder.sync(outwards="propose").patched == [patch]
    assert folder.read("shop.md") == SHOP
    assert "-It SHALL ship.\n+It SHALL ship at once.\n" in folder.read(patch)
    assert folder.row("shop.md").state == FileState.WAITS
    assert folder.sync(outwards="propose").is_nothing
    folder.sync(outwards="propose", accepts=frozenset({"shop.md"}))
    assert folder.read("shop.md") == SHOP.replace("ship.", "ship at once.")
    assert not (folder.root / patch).exists()
    assert folder.row("shop.md").state == FileState.AGREED


def test_a_patch_is_one_whatever_ends_lines_elsewhere(folder):
    odd = SHOP.replace("take cards.", "take cards,\nif\u2028it\x0chas\x85the\rterminal.")
    (folder.root / "shop.md").write_bytes(odd.encode())
    folder.sync()
    body = live(folder.workspace)["SPEC.shop.paying"].body
    edit(folder, "SPEC.shop.paying", body.replace("cards", "cash"))
    [patch] = folder.sync(outwards="propose").patched
    subprocess.run(["git", "apply", patch], cwd=folder.root, check=True)
    assert (folder.root / "shop.md").read_bytes() == odd.replace("cards", "cash").encode()


def test_a_dry_run_does_nothing(folder, workspace):
    folder.write("shop.md", SHOP)
    told = folder.sync(dry_run=True)
    assert told.would == [
        "create SPEC.shop",
        "create SPEC.shop.paying",
        "create SPEC.shop.shipping",
    ]
    assert not live(workspace)
    assert not folder.mirror.files.exists()
