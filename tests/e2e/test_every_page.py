"""Every page that there is, in the demo's workspace, light and dark: axe finds no serious fault,
and nothing has to be moved sideways, on a phone, a tablet or a large screen.

The pages are the house's own list of routes. What answers without being a page is passed over; what
answers nothing has to be named below.
"""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.accounts.credentials import fingerprint
from apps.accounts.models import Invitation, TokenFamily, User, Workspace
from apps.accounts.services.demo import WORKSPACE
from apps.activity.services.sending import offer_events
from apps.activity.services.webhooks import create_webhook
from apps.approvals.choices import ReviewBecause
from apps.approvals.models.people import Absence, AfterReview
from apps.approvals.selectors.queue import waiting_anywhere
from apps.inference.models import Budget
from apps.ledger.models import KillSwitch
from apps.policies.models.policies import PolicyDraft
from apps.policies.selectors.policies import text_in_force
from apps.policies.services.drafts import draft_policy
from apps.specs.models.proposals import Proposal
from tests.doors.routes import PAGE_ROUTES
from tests.e2e.browsing import log_in
from tests.e2e.faults import at_all_widths
from tests.factories import WorkspaceFactory

pytestmark = [pytest.mark.walk, pytest.mark.timeout(1800)]

OVER = "approvals/open/<str:token>"
"""A link of a mail, which says that it has had its day."""

GENERIC = re.compile(r"/(add|delete)/$")
"""Django's, which the console gives to nobody: it has buttons that ask."""

SHOW_NOTHING = {
    # They lead on to something, are typed by nobody, or a part of a page asks them with more.
    *("admin/(?P<url>.*)$", "admin/r/<path:content_type_id>/<path:object_id>/"),
    *("admin/autocomplete/", "admin/policies/policy/<uuid:workspace_id>/replay/step/"),
    *("admin/policies/policy/<path:object_id>/", "admin/inference/budget/<path:object_id>/"),
    "admin/review/<uuid:request_id>/attachments/<uuid:attachment_id>/",
    "admin/review/<uuid:request_id>/whole/<int:number>/",
    # They ask before they do what cannot be done as things are: the same page as of those that can.
    "admin/accounts/apikey/<path:object_id>/rotate/",
    "admin/accounts/user/<path:object_id>/disable/",
    "admin/accounts/user/<path:object_id>/enable/",
    "admin/accounts/workspace/<path:object_id>/unarchive/",
    "admin/activity/webhookendpoint/<path:object_id>/enable/",
    "admin/ledger/delivery/<path:object_id>/replay/",
    # Who has a second step sees them: tests/e2e/test_signing_in.py.
    *("accounts/2fa/recovery-codes/", "accounts/2fa/recovery-codes/download/"),
    "accounts/2fa/totp/deactivate/",
}


@pytest.fixture
def host(rita) -> User:
    """Rita, who may look at everything, in a workspace with something of every kind."""
    home = Workspace.objects.get(name=WORKSPACE)
    call_command("seed_demo_specs", home.id)
    waiting = waiting_anywhere(rita).order_by("id")
    now, day = timezone.now(), timedelta(days=1)
    webhook = create_webhook(
        workspace_id=home.id,
        url="https://directory.example.org/hook",
        event_types=["*"],
        description="Tell the directory",
        created_by=rita.id,
        actor=rita,
    )
    offer_events(webhook.endpoint.id)
    Invitation.objects.create(
        workspace=home,
        email="newcomer@example.org",
        role=Role.VIEWER,
        invited_by=rita,
        token_hash=fingerprint("welcome"),
        expires_at=now + day,
    )
    TokenFamily.objects.create(user=rita)
    Absence.objects.create(
        workspace=home, person_id=rita.id, begins_at=now + day, ends_at=now + 2 * day
    )
    because = ReviewBecause.BREAK_GLASS
    AfterReview.objects.create(workspace=home, request=waiting[0], because=because, due_at=now)
    Budget.objects.create(workspace=home)
    KillSwitch.objects.create(
        workspace_id=WorkspaceFactory.create().id, reason="A leak", pulled_by=rita.id
    )
    draft_policy(text=text_in_force(home.id), workspace=home.id, actor=rita)
    rita.is_superuser = True
    rita.save(update_fields=["is_superuser"])
    return rita


def in_urls(host: User) -> dict[str, str]:
    """What stands in addresses, by the name it has there."""
    found = {
        "workspace_id": Workspace.objects.get(name=WORKSPACE).id,
        "request_id": waiting_anywhere(host).order_by("id")[1].id,
        "proposal_id": Proposal.objects.earliest("id").id,
        "draft_id": PolicyDraft.objects.latest("id").id,
        "key": "REQ-301",
        "number": 1,
        "name": "policy",
        "token": "welcome",
        "uidb36": 1,
        "app_label": "accounts",
    }
    return {name: str(value) for name, value in found.items()}


def filled(route: str, ids: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name != "object_id":
            return ids.get(name, ids["request_id"])
        _, room, model, *_ = route.split("/")
        return str(apps.get_model(room, model)._default_manager.earliest("pk").pk)

    return "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", value, route).rstrip("$")


class Walk:
    """Through all routes as one browser, and what was wrong on the way."""

    def __init__(self, page: Page, ids: dict[str, str]) -> None:
        self.page, self.ids = page, ids
        self.seen: set[str] = set()
        self.wrong: list[str] = []

    def along(self, routes: list[str]) -> None:
        for route in routes:
            if route in SHOW_NOTHING or GENERIC.search(route):
                continue
            path = filled(route, self.ids)
            answer = self.page.request.get(path, headers={"Accept": "text/html"})
            if answer.status == 405 or "<html" not in answer.text():
                continue  # a button, or a part of a page
            if not answer.ok and route != OVER:
                self.wrong.append(f"{path} answers {answer.status}")
            if answer.url not in self.seen:
                self.seen.add(answer.url)
                self._look(path)

    def _look(self, path: str) -> None:
        self.page.goto(path)
        self.wrong += at_all_widths(self.page, path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(scheme, open_browser, host):
    walk = Walk(open_browser(color_scheme=scheme), in_urls(host))
    walk.along([route for route in PAGE_ROUTES if route.startswith("accounts/")])
    log_in(walk.page, host)
    expect(walk.page.get_by_role("heading", name="Home")).to_be_attached()
    walk.along(PAGE_ROUTES)
    assert "\n".join(walk.wrong) == ""
    assert len(walk.seen) > 100
