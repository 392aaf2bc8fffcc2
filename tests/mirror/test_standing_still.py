"""Who may not go on for a while says so, and goes on where it was."""

from errno import ENOSPC
from os import strerror

from apps.ledger import switch
from apps.mirror.choices import FileState
from apps.mirror.selectors.mirrors import is_due
from apps.mirror.services import inwards, outwards
from apps.mirror.watching import Looks
from apps.specs.services.proposing import propose
from tests.mirror.test_asking import CASH, asked
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import change, edit


def test_a_folder_is_doubted_while_the_kill_switch_is_on(folder, workspace, owner):
    folder.write("shop.md", SHOP)
    folder.sync()
    switch.turn_on(workspace=workspace.id, actor=owner, reason="A test.")
    (folder.root / "shop.md").unlink()
    assert "not believed" in folder.sync().said
    assert "not believed" in folder.mirror.said
    assert "SPEC.shop" in live(workspace)


def test_what_is_edited_while_the_kill_switch_is_on_is_taken_later(folder, workspace, owner):
    folder.write("shop.md", SHOP)
    folder.sync()
    switch.turn_on(workspace=workspace.id, actor=owner, reason="A test.")
    folder.write("shop.md", CASH)
    for _ in range(2):
        assert folder.sync().faults == {"shop.md": "Service disabled"}
    switch.turn_off(workspace=workspace.id)
    folder.sync()
    assert "cash" in live(workspace)["SPEC.shop.paying"].body


def test_what_another_one_has_proposed_stays_until_they_take_it_back(folder, owner, contributor):
    proposal = asked(folder)
    folder.write("shop.md", SHOP)
    folder.actor = contributor
    for _ in range(2):
        assert "shop.md" in folder.sync().faults
        proposal.refresh_from_db()
        assert (folder.row("shop.md").state, proposal.state) == (FileState.WAITS, "in_review")
    folder.actor = owner
    folder.sync()
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_is_left_is_looked_at_ever_more_seldom():
    now, left = 0.0, True
    looks = Looks(lambda: left, clock=lambda: now)
    pauses = []
    for _ in range(9):
        looks.look()
        before = now
        while not looks.is_due:
            now += 1.0
        pauses.append(now - before)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    left = False
    looks.look()
    now += 1000.0
    assert not looks.is_due


def test_what_somebody_else_was_quicker_with_is_looked_at_again(folder, monkeypatch):
    folder.write("shop.md", SHOP)
    folder.sync()
    folder.write("shop.md", CASH)

    def propose_after_somebody_else(**said):
        monkeypatch.undo()
        change(folder, {"op": "delete", "target": "SPEC.shop.paying"})
        return propose(**said)

    monkeypatch.setattr(inwards, "propose", propose_after_somebody_else)
    told = folder.sync()
    assert told.is_left
    assert folder.row("shop.md").state == FileState.AGREED
    folder.sync()
    assert live(folder.workspace)["SPEC.shop.paying"].body == "It SHALL take cash."


def test_a_patch_that_cannot_be_written_is_told_and_tried_again(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.paying", "It SHALL take cash.")
    (folder.root / ".lattice").write_text("A file in the way.")
    told = folder.sync(outwards="propose")
    assert "It cannot be written: Not a directory." in told.faults.values()
    assert told.is_left
    assert ".lattice" not in folder.row("shop.md").said
    (folder.root / ".lattice").unlink()
    assert folder.sync(outwards="propose").patched


def test_a_file_that_cannot_be_written_is_left_and_moves_nothing(folder, monkeypatch):
    folder.write("shop.md", SHOP)
    folder.sync()

    def full(*_given, **_said):
        raise OSError(ENOSPC, strerror(ENOSPC))

    monkeypatch.setattr(outwards, "put", full)
    edit(folder, "SPEC.shop.paying", "It SHALL take cash.")
    told = folder.sync()
    assert told.is_left
    assert told.faults == {"shop.md": "It cannot be written: No space left on device."}
    assert not is_due(folder.mirror, since=told.revision)
    monkeypatch.undo()
    assert folder.sync().written == ["shop.md"]
    assert not folder.sync().is_left
