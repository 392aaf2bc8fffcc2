"""`make screenshots`: the pictures in README.md and docs/, taken of a furnished workspace.

Not collected with the tests: it asserts little, and it writes into docs/images.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role, Scope
from apps.accounts.models import User, Workspace
from apps.accounts.services.agents import create_agent
from apps.accounts.services.invitations import create_invitation
from apps.accounts.services.keys import issue_key, revoke_key
from apps.accounts.services.members import add_member
from apps.accounts.services.workspaces import create_workspace
from apps.common.actors import SYSTEM
from apps.ledger.services import write_checkpoint
from config.env import ROOT
from tests.e2e.conftest import PHONE, Site, log_in
from tests.factories import PersonFactory

pytestmark = pytest.mark.e2e

IMAGES = ROOT / "docs" / "images"
AGENTS = {
    "Checkout agent": ("Nightly build", [Scope.READ, Scope.WRITE], 9),
    "Requirements scribe": ("Editor plugin", [Scope.READ, Scope.WRITE], 80),
    "Contract reader": ("Intake", [Scope.READ], 200),
    "Release notes": ("Pipeline", [Scope.READ, Scope.WRITE], 12),
    "Risk watcher": ("Dashboard", [Scope.READ], 300),
}
SMALL = 200_000


@pytest.fixture
def furnished(site: Site, settings) -> User:
    ada = PersonFactory.create(name="Ada Osei", email="ada@orchard.example")
    bo = PersonFactory.create(name="Bo Lindqvist", email="bo@orchard.example")
    workspace = create_workspace(name="Orchard Payments", owner=ada, actor=ada)
    create_workspace(name="Compliance", owner=ada, actor=ada)
    add_member(workspace_id=workspace.id, user=bo, role=Role.REVIEWER, actor=SYSTEM)
    for name, (key_name, scopes, days) in AGENTS.items():
        _agent_with_key(ada, workspace, name, key_name, scopes, days)
    for name in ("carmen", "dag"):
        create_invitation(
            workspace_id=workspace.id,
            email=f"{name}@orchard.example",
            role=Role.REVIEWER,
            actor=ada,
        )
    settings.CHECKPOINT_DIR = site.mail.parent / "checkpoints"
    write_checkpoint()
    ada.refresh_from_db()
    return ada


def _agent_with_key(
    owner: User, workspace: Workspace, name: str, key_name: str, scopes: list[Scope], days: int
) -> None:
    agent = create_agent(workspace_id=workspace.id, name=name, owner=owner, actor=owner)
    issued = issue_key(
        holder=agent,
        workspace_id=workspace.id,
        name=key_name,
        scopes=scopes,
        expires_at=timezone.now() + timedelta(days=days),
        actor=owner,
    )
    if key_name == "Intake":
        revoke_key(key_id=issued.key.id, actor=owner)


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size < SMALL


def test_take_pictures(open_browser, furnished):
    IMAGES.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page = open_browser(color_scheme=scheme)
        page.goto("/accounts/login/")
        take(page, f"login-{scheme}")
        log_in(page, furnished)
        expect(page.get_by_role("heading", name="Home")).to_be_attached()
        take(page, f"home-{scheme}")
        page.goto("/admin/accounts/apikey/")
        take(page, f"keys-{scheme}")
        page.goto("/admin/")
        page.keyboard.press("Control+k")
        page.get_by_role("searchbox").press_sequentially("re")
        expect(page.locator("#command-results")).to_contain_text("Requirements scribe")
        take(page, f"palette-{scheme}")
        page.goto("/accounts/")
        take(page, f"account-{scheme}")
        page.goto("/activity")
        expect(page.locator(".state")).to_have_text("Live")
        if scheme == "light":
            take(page, "activity-light")
    phone = open_browser(viewport=PHONE)
    log_in(phone, furnished)
    expect(phone.get_by_role("heading", name="Home")).to_be_attached()
    take(phone, "home-phone")
