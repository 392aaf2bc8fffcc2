"""One folder is kept with a workspace: another one has to be meant, and a look changes nothing."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from apps.mirror.errors import AnotherFolder
from apps.mirror.models import Mirror, MirroredFile
from apps.mirror.services.claiming import mirror_of
from tests.factories import MembershipFactory, WorkspaceFactory
from tests.mirror.test_doors import run
from tests.mirror.test_inwards import SHOP
from tests.mirror.test_outwards import edit
from tests.waiting import eventually, lock_waiters


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


def test_a_folder_whose_name_is_not_utf_8_is_not_kept(folder):
    folder.root = folder.root.with_name(os.fsdecode(b"caf\xe9"))
    folder.root.mkdir()
    with pytest.raises(CommandError) as error:
        call_command("sync_specs", str(folder.root), "--as", folder.actor.email)
    assert (error.value.returncode, kept()) == (2, ([], []))


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


@pytest.fixture
def elsewhere(folder):
    """Another workspace, the first one by now of who keeps the folder."""
    folder.write("shop.md", SHOP)
    run(folder)
    workspace = WorkspaceFactory.create()
    MembershipFactory.create(workspace=workspace, user=folder.actor, role=Role.OWNER)
    User.objects.filter(id=folder.actor.id).update(default_workspace=workspace)
    return workspace


def test_a_folder_stays_with_its_workspace_whatever_is_ones_first_one(folder, elsewhere):
    assert run(folder, workspace=False) == run(folder)
    assert Mirror.objects.get().workspace == folder.workspace


def test_another_workspace_has_to_be_meant(folder, elsewhere):
    ours, folder.workspace = folder.workspace, elsewhere
    before = kept()
    for asked in ([], ["--dry-run"]):
        code, facts = run(folder, *asked)
        assert (code, facts["error"]["code"]) == (1, "another_folder")
        assert str(ours.id) in facts["error"]["message"]
        assert kept() == before
    run(folder, "--move", "--dry-run")
    assert kept() == before
    run(folder, "--move")
    assert "error" not in run(folder)[1]
    assert Mirror.objects.get().workspace == elsewhere
    folder.workspace = ours
    assert run(folder)[1]["error"]["code"] == "another_folder"


def test_a_folder_that_is_kept_for_another_workspace_is_not_taken_from_it(folder, elsewhere):
    theirs = Mirror.objects.get()
    folder.workspace = elsewhere
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"mirror {theirs.id}"]
            )
            assert run(folder, "--move")[1]["error"]["code"] == "kept_already"
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    assert Mirror.objects.filter(id=theirs.id).exists()
    assert "error" not in run(folder, "--move")[1]
    assert Mirror.objects.get().workspace == elsewhere


def test_the_folder_of_a_workspace_that_was_deleted_is_free(folder, elsewhere):
    Workspace.objects.filter(id=folder.workspace.id).update(deleted_at=timezone.now())
    run(folder, workspace=False)
    assert Mirror.objects.filter(workspace=elsewhere).exists()


def claimed_at_once(first, second):
    """The second one comes while the first is about to have it."""

    def apart():
        try:
            return second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            later = pool.submit(apart)
            eventually(lambda: later.done() or lock_waiters())
        return later.result()


def test_of_two_workspaces_that_claim_a_folder_at_once_one_gets_it(committed_database, tmp_path):
    one, other = WorkspaceFactory.create(), WorkspaceFactory.create()
    with pytest.raises(AnotherFolder, match=str(one.id)):
        claimed_at_once(
            lambda: mirror_of(folder=tmp_path, workspace=one.id),
            lambda: mirror_of(folder=tmp_path, workspace=other.id),
        )
    assert Mirror.objects.get().workspace == one


def test_of_two_folders_that_a_workspace_claims_at_once_it_gets_one(committed_database, tmp_path):
    workspace = WorkspaceFactory.create()
    with pytest.raises(AnotherFolder, match=f"^{tmp_path} is kept"):
        claimed_at_once(
            lambda: mirror_of(folder=tmp_path, workspace=workspace.id),
            lambda: mirror_of(folder=tmp_path / "elsewhere", workspace=workspace.id),
        )
    assert Mirror.objects.get().folder == str(tmp_path)
