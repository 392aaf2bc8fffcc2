"""The command, the API and the console say how each file stands."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from apps.accounts.services.demo import REVIEWER
from apps.ledger.models import Event
from apps.mirror.keeping import keeping
from tests.mirror.test_copies import saying
from tests.mirror.test_inwards import SHOP
from tests.mirror.test_outwards import edit


def run(folder, *asked, workspace=True):
    out = StringIO()
    given = ["--as", folder.actor.email, "--json", *asked]
    given += ["--workspace", str(folder.workspace.id)] if workspace else []
    try:
        call_command("sync_specs", str(folder.root), *given, stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def conflict(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    edit(folder, "SPEC.shop.shipping", "It SHALL ship at once.")
    folder.write("shop.md", SHOP.replace("It SHALL ship.", "It SHALL ship some day."))
    folder.write("<b>bad</b>.md", "---\nkey: REQ-9\nkind: nothing\nlinks: 3\n---\n")
    folder.sync()
    return folder


def test_the_command_says_by_its_code_whether_all_is_well(folder):
    folder.write("shop.md", SHOP)
    code, facts = run(folder, "--dry-run")
    assert (code, len(facts["would"])) == (3, 3)
    code, facts = run(folder)
    assert (code, [one["state"] for one in facts["proposals"]]) == (0, ["applied"])
    (folder.root / "bad.md").write_bytes(b"\xff")
    code, facts = run(folder)
    assert code == 3
    assert facts["faults"] == {"bad.md": "bad.md:1: It is not UTF-8."}
    assert run(folder)[0] == 3


def test_a_folder_that_cannot_be_read_fails(folder):
    folder.root.rmdir()
    assert run(folder)[0] == 1


def test_a_stranger_is_nobody(folder):
    with pytest.raises(CommandError) as error:
        call_command("sync_specs", str(folder.root), "--as", "nobody@example.org")
    assert error.value.returncode == 2


@pytest.mark.parametrize(("demo", "said"), [(True, REVIEWER[0]), (False, "Name a folder")])
def test_where_nothing_says_who_proposes_it_is_the_demos_reviewer(folder, settings, demo, said):
    settings.SPEC_SYNC_AS, settings.INIT_EMAIL, settings.DEMO = "", "", demo
    with pytest.raises(CommandError, match=said):
        call_command("sync_specs", str(folder.root))


def test_a_conflict_is_recorded(conflict):
    row = conflict.row("shop.md")
    event = Event.objects.get(type="mirror.file.conflicted")
    assert event.payload == {"file": str(row.id), "proposal": str(row.proposal_id)}


def test_most_files_gone_is_recorded_once(folder):
    folder.write("shop.md", SHOP)
    folder.sync()
    (folder.root / "shop.md").unlink()
    folder.sync()
    folder.sync()
    event = Event.objects.get(type="mirror.folder.doubted")
    assert (event.payload["gone"], event.payload["files"]) == (1, 1)


def test_the_api_tells_how_files_stand(conflict, api, reviewer):
    client = api(reviewer)
    assert client.get("/api/v1/mirror").json()["files"] == {"conflicts": 1, "unreadable": 1}
    [one] = client.get("/api/v1/mirror/files?state=conflicts").json()["results"]
    assert (one["path"], one["proposal"]) == ("shop.md", str(conflict.row("shop.md").proposal_id))
    assert client.get("/api/v1/mirror/files?state=lost").status_code == 422


def test_copies_can_be_asked_for(folder, api, reviewer):
    folder.write("1.md", saying("REQ-1", "It says 1."))
    folder.sync()
    folder.write("a copy.md", folder.read("1.md"))
    code, facts = run(folder)
    assert (code, facts["files"]["a copy.md"]["state"]) == (3, "elsewhere")
    [one] = api(reviewer).get("/api/v1/mirror/files?state=elsewhere").json()["results"]
    assert one["path"] == "a copy.md"


def test_no_folder_is_said_so(folder, api, reviewer):
    assert api(reviewer).get("/api/v1/mirror").json()["error"]["code"] == "no_mirror"


def test_the_page_shows_what_waits_and_why(conflict, owner, settings):
    settings.REQUIRE_TOTP = False
    owner.is_staff = True
    owner.save(update_fields=["is_staff"])
    browser = Client()
    browser.force_login(owner)
    page = browser.get(f"/admin/files/{conflict.workspace.id}/").content.decode()
    row = conflict.row("shop.md")
    assert f"/admin/specs/proposals/{row.proposal_id}/" in page
    assert "&lt;b&gt;bad&lt;/b&gt;.md" in page
    assert "<b>bad</b>" not in page
    assert browser.get("/admin/files/").status_code == 302


def test_a_second_keeper_is_told_who_keeps_it(folder):
    with keeping(folder.mirror):
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                name = f"mirror {folder.mirror.id}"
                cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
                assert cursor.fetchone() == (False,)
        finally:
            other.close()
    assert folder.mirror.keeper.startswith("Process ")
