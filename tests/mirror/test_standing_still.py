"""Who may not go on for a while says so, and goes on where it was."""

from apps.ledger import switch
from apps.mirror.choices import FileState
from tests.mirror.test_asking import CASH, asked
from tests.mirror.test_inwards import SHOP, live


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
