"""`make screenshots`: the pictures in README.md and docs/, taken of a furnished workspace.

Not collected with the tests: it asserts little, and it writes into docs/images.
"""

from datetime import timedelta
from typing import Any

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
from apps.approvals.selectors.queue import waiting_anywhere
from apps.common.actors import SYSTEM
from apps.ledger.services import write_checkpoint
from apps.policies.acts import digest_of_act
from apps.policies.choices import ActKind, Verb
from apps.policies.drafting import template_named
from apps.policies.models.acts import ActRecord
from apps.policies.ports import Act, Operation
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy
from config.env import ROOT
from tests.e2e.browsing import PHONE, Site, log_in
from tests.factories import PersonFactory
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.e2e

IMAGES = ROOT / "docs" / "images"
AGENTS = {
    "Checkout agent": ("Nightly build", [Scope.READ, Scope.WRITE], 9),
    "Requirements scribe": ("Editor plugin", [Scope.READ, Scope.WRITE], 80),
    "Contract reader": ("Intake", [Scope.READ], 200),
    "Release notes": ("Pipeline", [Scope.READ, Scope.WRITE], 12),
    "Risk watcher": ("Dashboard", [Scope.READ], 300),
}
SMALL = 300_000


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
    page = open_browser()
    log_in(page, furnished)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    take(page, "home-light")
    page.goto("/admin/accounts/apikey/")
    take(page, "keys-light")
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox").press_sequentially("re")
    expect(page.locator("#command-results")).to_contain_text("Requirements scribe")
    take(page, "palette-light")
    page.goto("/activity")
    expect(page.locator(".state")).to_have_text("Live")
    take(page, "activity-light")


@pytest.fixture
def act(furnished: User) -> ActRecord:
    """What an agent may not do, by a policy that a team has."""
    workspace = Workspace.objects.get(name="Orchard Payments")
    apply_policy(
        text=template_named("team").text,
        workspace=workspace.id,
        actor=furnished,
        reason="A team that reviews its agents' work",
    )
    agent = User.objects.get_queryset().get(name="Checkout agent")
    plan = Act(
        kind=ActKind.PLAN,
        operations=(
            Operation(verb=Verb.EDIT, paths=("api/refunds.md",)),
            Operation(verb=Verb.DELETE, paths=("docs/limits.md",)),
        ),
        texts={"summary": "Refunds above the limit need a second pair of eyes"},
        diff_lines=140,
        impact=6,
    )
    judge_act(act=plan, actor=agent, workspace=workspace.id)
    return ActRecord.objects.get(digest=digest_of_act(plan))


def test_take_pictures_of_the_policy(open_browser, furnished, act):
    base = f"/admin/policies/policy/{act.workspace_id}"
    page = open_browser()
    log_in(page, furnished)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto(f"{base}/drafts/new/")
    expect(page.locator("form.draft .said")).to_contain_text("pass")
    place_cursor(page, "max_diff_lines: 800")
    page.keyboard.type("0 lines")
    expect(page.locator(".gutter .faulty")).to_have_count(1)
    place_cursor(page, "budgets: {spend_per_day_cents: 2000}")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Space")
    expect(page.get_by_role("listbox")).to_be_visible()
    take(page, "policy-editor-light")
    page.goto(f"/admin/policies/actrecord/{act.id}/change/")
    take(page, "policy-trace-light")


def place_cursor(page: Page, after: str) -> None:
    page.evaluate(
        """(after) => {
          const area = document.querySelector("textarea#text");
          const at = area.value.indexOf(after) + after.length;
          area.focus();
          area.setSelectionRange(at, at);
        }""",
        after,
    )


def test_take_pictures_of_reviewing(open_browser, rita):
    waiting = waiting_anywhere(rita).order_by("id")
    refunds = waiting.filter(subject_kind="plan")[1]
    change = waiting.get(subject_kind="policy_change")
    looks: dict[str, dict[str, Any]] = {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": PHONE},
    }
    for look, given in looks.items():
        page = open_browser(**given)
        log_in(page, rita)
        expect(page.get_by_role("heading", name="Home")).to_be_attached()
        page.goto(f"/admin/review/{refunds.id}/")
        take(page, f"review-unified-{look}")
        if look != "light":
            continue
        page.locator("[data-to=split]").click()
        expect(page.locator("[data-diff]")).to_have_attribute("data-view", "split")
        take(page, "review-split-light")
        page.goto("/admin/review/")
        take(page, "review-queue-light")
        page.goto(f"/admin/review/{refunds.id}/?tab=discussion")
        take(page, "review-discussion-light")
        page.goto(f"/admin/review/{change.id}/?tab=impact")
        take(page, "review-impact-light")
        chosen = "&".join(f"row={row.id}" for row in waiting)
        page.goto(f"/admin/review/bulk/?{chosen}")
        take(page, "review-bulk-light")
        page.goto("/admin/audit/")
        page.get_by_role("button", name="Verify now").click()
        expect(page.locator(".proof")).to_contain_text(f"by {rita.name}")
        take(page, "audit-light")


SPECS = {
    "Refunds": (
        "Small refunds are paid at once",
        "Large refunds are approved",
        "Nobody asks twice",
    ),
    "Limits": ("A limit holds for a day", "Limits are set by the treasurer"),
    "Ledger": ("Every payment has two entries", "Nothing is deleted", "A day is closed once"),
}
GOALS = ("Customers get their money back", "The books are right")


@pytest.fixture
def specs(furnished: User) -> Workspace:
    """Documents of an import, one requirement of them reworded since by an agent."""
    workspace = Workspace.objects.get(name="Orchard Payments")
    people = User.objects.get_queryset()
    scribe, bo = people.get(name="Requirements scribe"), people.get(email="bo@orchard.example")
    nodes = [node(f"GOAL-{number}", title=goal) for number, goal in enumerate(GOALS, 1)]
    links = []
    for place, (document, titles) in enumerate(SPECS.items(), 1):
        nodes.append(node(f"DOC-{place}", title=document))
        for number, title in enumerate(titles, 1):
            key = f"{place}{number}"
            body = f"{title}.\n\nThe system SHALL keep to it within 3 seconds.\n"
            said: dict[str, Any] = {"parent": f"DOC-{place}", "rank": f"{number}"}
            nodes.append(node(f"REQ-{key}", title=title, body=body, owner_id=bo.id, **said))
            nodes.append(node(f"TEST-{key}", title=f"Shows that {title.lower()}"))
            goal = 2 if document == "Ledger" else 1
            links += [f"REQ-{key} refines GOAL-{goal}", f"TEST-{key} verifies REQ-{key}"]
    links += ["REQ-11 depends_on REQ-21", "REQ-12 depends_on REQ-22", "REQ-21 depends_on REQ-31"]
    plant(workspace, nodes, links, author=furnished, title="Import what the team had")
    body = (
        "Refunds below a limit are paid at once.\n\nThe system SHALL keep to it within 3 seconds.\n"
    )
    changed = [node("REQ-11", title="Refunds below a limit are paid at once", body=body)]
    plant(workspace, changed, author=scribe, approvers=[bo], title="Say what a small refund is")
    return workspace


def test_take_pictures_of_specs(open_browser, furnished, specs):
    base = f"/admin/specs/{specs.id}"
    page = open_browser()
    log_in(page, furnished)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    for name, path in {
        "specs-blame-light": "/REQ-11/?body=blame",
        "specs-graph-light": "/graph/?open=DOC-1,goal",
    }.items():
        page.goto(f"{base}{path}")
        take(page, name)
