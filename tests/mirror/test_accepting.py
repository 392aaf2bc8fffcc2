"""Patches are accepted from the command line, also while a process keeps the folder."""

import signal

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.mirror.choices import Outwards
from apps.mirror.management.commands import sync_specs
from apps.mirror.services.accepting import accept_later
from tests.mirror.test_doors import run
from tests.mirror.test_inwards import SHOP
from tests.mirror.test_outwards import edit

SHIPS = SHOP.replace("ship.", "ship at once.")


@pytest.fixture
def patched(folder, settings):
    """A folder in which a patch waits."""
    settings.SPEC_SYNC_OUT = Outwards.PROPOSE
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    assert folder.sync(outwards=Outwards.PROPOSE).patched
    return folder


@pytest.fixture
def another():
    """A connection of another process."""
    made = connections.create_connection("default")
    yield made
    made.close()


@pytest.mark.parametrize("spelled", ["shop.md", "./shop.md", "{root}/shop.md", "docs/../shop.md"])
def test_a_file_is_named_in_any_way(patched, spelled):
    assert run(patched, "--accept", spelled.format(root=patched.root))[0] == 0
    assert patched.read("shop.md") == SHIPS


@pytest.mark.parametrize(
    "asked", [["--accept", "store.md"], ["--accept", "."], ["--accept", "..", "--dry-run"],
              ["--watch", "--accept"]]
)  # fmt: skip
def test_what_is_no_file_of_it_cannot_be_accepted_nor_by_who_watches(patched, asked):
    given = ["--as", patched.actor.email, "--workspace", str(patched.workspace.id), *asked]
    with pytest.raises(CommandError) as error:
        call_command("sync_specs", str(patched.root), *given)
    assert error.value.returncode == 2
    assert patched.read("shop.md") == SHOP


def test_what_is_accepted_beside_a_keeper_is_kept_for_it(patched, another):
    with another.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"mirror {patched.mirror.id}"]
        )
    assert run(patched, "--accept", "shop.md") == (0, {"accepts": ["shop.md"]})
    assert patched.mirror.accepts == ["shop.md"]
    accept_later(mirror=patched.mirror, paths=["a.md", "b.md"])
    assert patched.mirror.accepts == ["shop.md", "a.md", "b.md"]
    for asked in ([], ["shop.md"]):
        assert run(patched, "--accept", *asked)[0] == 0
        assert patched.mirror.accepts == []
    assert run(patched)[1]["error"]["code"] == "kept_already"


def test_the_keeper_writes_what_is_accepted_once(patched, monkeypatch):
    def keep_watching(root, *, look, is_due, ended):
        look()
        assert (patched.read("shop.md"), is_due()) == (SHOP, False)
        accept_later(mirror=patched.mirror, paths=["shop.md"])
        assert is_due()
        look()
        assert (patched.read("shop.md"), is_due()) == (SHIPS, False)

    monkeypatch.setattr(sync_specs, "keep_watching", keep_watching)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert run(patched, "--watch")[0] == 0
    assert patched.mirror.accepts is None
