"""What is done to the workspace is done to its files, and to nothing else in them."""

import re

import pytest

from apps.mirror.choices import FileState
from apps.mirror.disk import Moved, put
from apps.mirror.services import outwards
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from apps.specs.services.proposing import applied_at_once, propose
from tests.mirror.test_inwards import SHOP, live

WILD = """\
---
title: Shop
tags: [money]   # of the team
---
# Shop
What it is for.

Paying
------
It SHALL take cards.
* one
*  two


## Shipping ##

It SHALL ship.
"""


def change(folder, *operations):
    submitted = propose(
        title="By somebody",
        rationale="",
        sent=operations,
        actor=folder.actor,
        workspace=folder.workspace.id,
    )
    assert applied_at_once(submitted)


def edit(folder, key, body):
    change(folder, {"op": "edit", "target": key, "body": body})


def test_documents_without_files_get_theirs(folder):
    change(
        folder,
        {"op": "create", "kind": "requirement", "key": "REQ-1", "title": "Cards", "body": "Yes."},
    )
    folder.sync()
    assert folder.paths() == ["requirement/REQ-1.md"]
    assert "# REQ-1: Cards\n\nYes.\n" in folder.read("requirement/REQ-1.md")
    assert folder.sync().is_nothing


@pytest.mark.parametrize("text", [SHOP, WILD, SHOP.replace("\n", "\r\n")])
def test_only_what_has_changed_is_written(folder, text):
    (folder.root / "shop.md").write_bytes(text.encode())
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.sync()
    expected = text.replace("It SHALL ship.", "It SHALL ship at once.").encode()
    assert (folder.root / "shop.md").read_bytes() == expected
    assert folder.sync().is_nothing


def test_lines_go_on_ending_as_they_did(folder, workspace):
    (folder.root / "shop.md").write_bytes(SHOP.replace("\n", "\r\n").encode())
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship.\n\nAt once.")
    change(
        folder,
        {"op": "create", "kind": "section", "title": "Returns", "body": "Within\na month.",
         "parent": "SPEC.shop", "after": "SPEC.shop.shipping", "key": "SPEC.shop.returns"},
    )  # fmt: skip
    folder.sync()
    expected = SHOP.replace("ship.", "ship.\n\nAt once.") + "\n## Returns\n\nWithin\na month.\n"
    assert (folder.root / "shop.md").read_bytes() == expected.replace("\n", "\r\n").encode()
    assert folder.sync().is_nothing
    longer = expected.replace("a month", "a year").replace("\n", "\r\n")
    (folder.root / "shop.md").write_bytes(longer.encode())
    folder.sync()
    assert live(workspace)["SPEC.shop.returns"].body == "Within\na year."
    assert [node.version for _, node in sorted(live(workspace).items())] == [1, 1, 2, 2]


def test_a_new_part_is_put_where_it_belongs(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(
        folder,
        {"op": "create", "kind": "section", "title": "Returns", "body": "Within a month.",
         "parent": "SPEC.shop", "after": "SPEC.shop.paying", "key": "SPEC.shop.returns"},
    )  # fmt: skip
    folder.sync()
    new = "## Returns\n\nWithin a month.\n\n"
    assert folder.read("shop.md") == SHOP.replace("## Shipping", f"{new}## Shipping")


def test_a_new_last_part_stands_apart_from_the_one_before(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(
        folder,
        {"op": "create", "kind": "section", "title": "Returns", "body": "Within a month.",
         "parent": "SPEC.shop", "after": "SPEC.shop.shipping", "key": "SPEC.shop.returns"},
    )  # fmt: skip
    folder.sync()
    assert folder.read("shop.md") == f"{SHOP}\n## Returns\n\nWithin a month.\n"


def test_a_part_that_is_deleted_goes_from_its_file(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(folder, {"op": "delete", "target": "SPEC.shop.shipping"})
    folder.sync()
    assert folder.read("shop.md") == SHOP.replace("\n## Shipping\n\nIt SHALL ship.\n", "")


def test_a_document_that_is_deleted_takes_its_file_along(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    parts = ("SPEC.shop.shipping", "SPEC.shop.paying", "SPEC.shop")
    change(folder, *({"op": "delete", "target": key} for key in parts))
    folder.sync()
    assert folder.paths() == []
    assert not folder.mirror.files.exists()


def test_both_change_another_part(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.write("shop.md", SHOP.replace("take cards", "take cash"))
    folder.sync()
    both = SHOP.replace("take cards", "take cash").replace("ship.", "ship at once.")
    assert folder.read("shop.md") == both
    assert live(workspace)["SPEC.shop.paying"].body == "It SHALL take cash."
    assert folder.sync().is_nothing


OPENING, PAYING, SHIPPING = re.split(r"\n(?=## )", SHOP)
RETURNS = "## Returns\n\nWithin a month.\n"
CREATE = {
    "op": "create", "kind": "section", "title": "Returns", "body": "Within a month.",
    "parent": "SPEC.shop", "after": "SPEC.shop.shipping", "key": "SPEC.shop.returns",
}  # fmt: skip
DELETE = {"op": "delete", "target": "SPEC.shop.shipping"}
MOVE = {"op": "move", "target": "SPEC.shop.paying", "after": "SPEC.shop.shipping"}
ALIKE = [(DELETE, [OPENING, PAYING]), (MOVE, [OPENING, SHIPPING, PAYING])]


@pytest.mark.parametrize(("operation", "pieces"), ALIKE)
def test_what_both_have_done_alike_holds_back_nothing_of_the_workspace(folder, operation, pieces):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(folder, CREATE)
    change(folder, operation)
    folder.write("shop.md", "\n".join(pieces))
    told = folder.sync()
    assert (told.written, told.proposed) == (["shop.md"], [])
    assert folder.read("shop.md") == "\n".join([*pieces, RETURNS])
    assert folder.row("shop.md").state == FileState.AGREED
    assert folder.sync().is_nothing


def test_what_both_have_done_alike_is_not_proposed_with_the_rest(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(folder, MOVE)
    turned = "\n".join([OPENING, SHIPPING, PAYING, RETURNS])
    folder.write("shop.md", turned)
    [(proposal, state, _)] = folder.sync().proposed
    assert state == "applied"
    assert [each["op"] for each in Proposal.objects.get(id=proposal).operations] == ["create"]
    assert folder.read("shop.md") == turned
    assert folder.row("shop.md").state == FileState.AGREED
    assert folder.sync().is_nothing


LINES = "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive."


def test_both_change_another_line_of_the_same_part(folder, workspace):
    folder.write("shop.md", f"# Shop\n\n{LINES}\n")
    folder.sync()
    edit(folder, "SPEC.shop", LINES.replace("One", "First"))
    folder.write("shop.md", f"# Shop\n\n{LINES.replace('Five', 'Last')}\n")
    folder.sync()
    both = LINES.replace("One", "First").replace("Five", "Last")
    assert live(workspace)["SPEC.shop"].body == both
    assert folder.read("shop.md") == f"# Shop\n\n{both}\n"
    assert folder.sync().is_nothing


def test_both_change_the_same_line(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    mine = SHOP.replace("It SHALL ship.", "It SHALL ship some day.")
    folder.write("shop.md", mine)
    folder.sync()
    row = folder.row("shop.md")
    assert row.state == FileState.CONFLICTS
    assert row.proposal.state == "conflicted"
    assert row.proposal.conflicts
    assert folder.read("shop.md") == mine
    assert live(workspace)["SPEC.shop.shipping"].body == "It SHALL ship at once."
    assert folder.sync().is_nothing
    folder.write("shop.md", SHOP.replace("It SHALL ship.", "It SHALL ship at once."))
    folder.sync()
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_is_edited_before_it_is_written_is_not_overwritten(folder, monkeypatch):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    mine = SHOP.replace("take cards", "take cash")

    def edited_meanwhile(*given, **said):
        folder.write("shop.md", mine)
        monkeypatch.undo()
        return put(*given, **said)

    monkeypatch.setattr(outwards, "put", edited_meanwhile)
    told = folder.sync()
    assert told.written == []
    assert folder.read("shop.md") == mine
    folder.sync()
    assert folder.read("shop.md") == mine.replace("ship.", "ship at once.")


def test_what_was_written_and_not_recorded_is_found_so(folder, monkeypatch):
    """The process died in between."""
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    row = folder.row("shop.md")
    folder.sync()
    row.save()  # as it was before
    folder.mirror.__class__.objects.update(revision=0)
    told = folder.sync()
    assert (told.written, told.proposed) == ([], [])
    assert folder.row("shop.md").state == FileState.AGREED
    assert Proposal.objects.count() == 2


def test_writing_keeps_the_mode_and_leaves_nothing_beside(folder):
    folder.write("shop.md", SHOP)
    (folder.root / "shop.md").chmod(0o640)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.sync()
    assert (folder.root / "shop.md").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.root.iterdir()] == ["shop.md"]


def test_put_leaves_a_stranger_alone(tmp_path):
    (tmp_path / "a.md").write_text("theirs")
    with pytest.raises(Moved):
        put(tmp_path, "a.md", b"ours", instead_of=None)
    with pytest.raises(Moved):
        put(tmp_path, "a.md", b"ours", instead_of=b"read before")
    assert (tmp_path / "a.md").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_files_of_an_export_are_what_the_workspace_has(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    text = folder.read("shop.md")
    folder.mirror.delete()
    told = folder.sync()
    assert (told.proposed, told.written) == ([], [])
    assert folder.read("shop.md") == text
    assert Node.objects.filter(workspace=workspace).count() == 3


def test_what_is_edited_here_and_deleted_there_comes_back_as_it_was_edited(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    change(folder, {"op": "delete", "target": "SPEC.shop.shipping"})
    mine = SHOP.replace("It SHALL ship.", "It SHALL ship some day.")
    folder.write("shop.md", mine)
    folder.sync()
    assert folder.read("shop.md") == mine
    assert live(workspace)["SPEC.shop.shipping"].body == "It SHALL ship some day."
    assert folder.sync().is_nothing


def test_what_comes_back_holds_nothing_else_up(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.write("other.md", "# Other\n\nSomething.\n")
    folder.sync()
    change(folder, {"op": "delete", "target": "SPEC.shop.shipping"})
    folder.write("shop.md", SHOP.replace("It SHALL ship.", "It SHALL ship some day."))
    folder.write("other.md", "# Other\n\nSomething else.\n")
    folder.sync()
    assert live(workspace)["SPEC.shop.shipping"].body == "It SHALL ship some day."
    assert live(workspace)["SPEC.other"].body == "Something else."
    assert folder.sync().is_nothing


@pytest.mark.parametrize("text", [SHOP, WILD, SHOP.replace("\n\n", "\n")])
def test_how_lines_end_is_the_files_alone(folder, workspace, text):
    """Whoever changes it, there or back, or in some lines alone, has changed nothing."""
    file = folder.root / "shop.md"
    file.write_text(text)
    folder.sync()
    before = {key: node.version for key, node in live(workspace).items()}
    crlf = text.replace("\n", "\r\n")
    half = len(text) // 2
    for ends in (crlf, text[:half] + text[half:].replace("\n", "\r\n"), text):
        file.write_bytes(ends.encode())
        told = folder.sync()
        assert (told.proposed, told.written, told.faults) == ([], [], {})
        assert {key: node.version for key, node in live(workspace).items()} == before
        assert file.read_bytes() == ends.encode()
        assert folder.row("shop.md").state == FileState.AGREED
