"""A folder that a process keeps, seen in a browser: an edit on the disk comes to the queue, and
what is approved stands in its file.
"""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.mirror.models import MirroredFile
from apps.policies.services.versions import apply_policy
from apps.specs.models.proposals import Proposal
from config.env import ROOT
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, member
from tests.mirror.test_inwards import SHOP
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN
from tests.specs.proposing import decide, edit, submit
from tests.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def owner(workspace, reviewer):
    owner = member(workspace, Role.OWNER)
    at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
    return owner


@pytest.fixture
def folder(restartable, workspace, owner, tmp_path):
    """People are asked about every edit of it."""
    root = tmp_path / "specs"
    root.mkdir()
    asked = ["--workspace", str(workspace.id), "--as", owner.email, "--watch"]
    with (tmp_path / "mirror.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sync_specs", str(root), *asked],
            cwd=ROOT,
            env={**restartable.environment, "SPEC_SYNC_IN": "propose"},
            stdout=log,
            stderr=log,
        )
    yield root
    process.terminate()
    assert process.wait(60) == 0, (tmp_path / "mirror.log").read_text()


def the_proposal(title):
    return eventually(lambda: Proposal.objects.filter(title=title).first(), what=title)


def state_of(path):
    found = MirroredFile.objects.filter(path=path).values_list("state", flat=True)
    return found.first()


def test_files_and_the_queue_follow_each_other(page, folder, workspace, reviewer, owner):
    log_in(page, reviewer)
    page.wait_for_url("**/admin/")
    page.goto("/admin/review/")
    file = folder / "shop.md"
    file.write_text(SHOP)
    page.get_by_role("button", name="1 new").click()
    expect(page.get_by_role("link", name="adds SPEC.shop")).to_be_visible()
    decide(the_proposal("shop.md added"), reviewer)
    eventually(lambda: state_of("shop.md") == "agreed", what="both agree")

    scribe = agent_of(owner, workspace)
    change = edit("SPEC.shop.shipping", "ship", "ship at once")
    decide(submit(workspace, scribe, change).proposal, reviewer)
    written = SHOP.replace("SHALL ship", "SHALL ship at once")
    eventually(lambda: file.read_text() == written, what="the file says what was approved")

    page.goto("/admin/review/")
    file.write_text(written.replace("take cards", "take cash"))
    waits = the_proposal("shop.md edited")
    page.get_by_role("button", name="1 new").click()
    expect(page.get_by_role("link", name="SPEC.shop.paying")).to_be_visible()
    page.goto(f"/admin/files/{workspace.id}/")
    page.get_by_role("link", name="shop.md edited").click()
    page.wait_for_url(f"**/proposals/{waits.id}/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everybody_and_fits_a_phone(
    open_browser, folder, workspace, reviewer, scheme
):
    (folder / "a-long-name-of-a-file-that-somebody-gave-it-without-thinking.md").write_text(SHOP)
    (folder / "bad.md").write_bytes(b"\xff")
    eventually(lambda: MirroredFile.objects.count() == 2, what="both are known")
    page = open_browser(color_scheme=scheme, viewport=PHONE)
    log_in(page, reviewer)
    page.wait_for_url("**/admin/")
    page.goto(f"/admin/files/{workspace.id}/")
    expect(page.get_by_text("It is not UTF-8.")).to_be_visible()
    assert serious_faults(page) == []
    assert not too_wide(page)
