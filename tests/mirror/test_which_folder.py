"""One folder is kept with a workspace: another one has to be meant, and a look changes nothing."""

import shutil

from django.db import connections

from apps.mirror.models import Mirror, MirroredFile
from tests.mirror.test_doors import run
from tests.mirror.test_inwards import SHOP
from tests.mirror.test_outwards import edit


def kept():
    return list(Mirror.objects.values()), list(MirroredFile.objects.order_by("path").values())


def test_a_dry_run_of_a_new_folder_keeps_nothing(folder):
    folder.write("shop.md", SHOP)
    assert run(folder, "--dry-run")[1]["would"]
    assert kept() == ([], [])


def test_a_dry_run_keeps_what_was_kept_as_it_was(folder):
    folder.write("shop.md", SHOP)
    run(folder)
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.write("shop.md", SHOP.replace("cards", "cash"))
    (folder.root / "bad.md").write_bytes(b"\xff")
    before = kept()
    assert run(folder, "--dry-run")[1]["written"] == ["shop.md"]
    assert kept() == before
    assert folder.read("shop.md") == SHOP.replace("cards", "cash")


def test_another_folder_has_to_be_meant(folder):
    folder.write("shop.md", SHOP)
    run(folder)
    before = kept()
    old, folder.root = folder.root, folder.root.with_name("elsewhere")
    shutil.copytree(old, folder.root)
    for asked in ([], ["--dry-run"]):
        code, facts = run(folder, *asked)
        assert (code, facts["error"]["code"]) == (1, "another_folder")
        assert str(old) in facts["error"]["message"]
        assert kept() == before
    assert run(folder, "--move", "--dry-run")[0] == 0
    assert kept() == before
    assert run(folder, "--move")[0] == 0
    assert Mirror.objects.get().folder == str(folder.root)


def test_a_folder_that_another_process_keeps_is_not_moved(folder):
    folder.write("shop.md", SHOP)
    run(folder)
    old, folder.root = folder.root, folder.root.with_name("elsewhere")
    folder.root.mkdir()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            name = f"mirror {Mirror.objects.get().id}"
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        assert run(folder, "--move")[1]["error"]["code"] == "kept_already"
    finally:
        other.close()
    assert Mirror.objects.get().folder == str(old)
