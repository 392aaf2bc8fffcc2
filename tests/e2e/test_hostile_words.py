"""Every page of the console, when whoever could write something wrote an attack on its reader.

What the policy for content stops is reported by the browser; what it would let through (the theme
evaluates attributes of its own) is seen by what the attack does.
"""

import re

import pytest

from apps.accounts.models import ApiKey, User, Workspace
from apps.activity.models import WebhookEndpoint
from apps.approvals.models.requests import Stage
from apps.approvals.services.discussing import File, add_comment
from apps.plans.models import Plan
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from apps.specs.models.search import Passage
from tests.doors.routes import pages_of
from tests.e2e.browsing import log_in
from tests.e2e.test_csp import COLLECT
from tests.tenant import Tenant
from tests.waiting import eventually

pytestmark = pytest.mark.e2e

ATTACK = (
    """'-ran()-'"><script>ran()</script><img src=x onerror=ran()>"""
    """<b x-data x-init=ran()></b><a href=javascript:ran()>{{ran()}}</a>"""
)
RAN = "window.ran = () => violations.push('an attack ran');"
WRITTEN = {
    ActRecord: ["label"],
    ApiKey: ["name"],
    Node: ["title", "body"],
    Passage: ["text"],
    Plan: ["name"],
    PolicyDraft: ["text"],
    Proposal: ["title", "rationale"],
    Stage: ["name"],
    User: ["name"],
    WebhookEndpoint: ["description"],
    Workspace: ["name"],
}
"""What people and agents write freely, and a page shows."""


def spoil(tenant: Tenant) -> None:
    """Around the services, which would refuse some of it: what they let pass tomorrow counts, too.
    What is sealed goes through them."""
    for model, fields in WRITTEN.items():
        for field in fields:
            room = getattr(model._meta.get_field(field), "max_length", None)
            assert model._default_manager.update(**{field: ATTACK[:room]}), (model, field)
    add_comment(
        request_id=tenant.request.id,
        text=ATTACK,
        files=[File(name=ATTACK[:8] + ".txt", media_type="text/plain", content=b"<script>")],
        actor=tenant.reviewer,
    )


@pytest.fixture
def tenant(site) -> Tenant:
    return Tenant.new("someone")


@pytest.fixture
def owner(tenant) -> User:
    """Who may see everything of it, and of the instance."""
    User.objects.filter(pk=tenant.owner.pk).update(is_staff=True, is_superuser=True)
    return User.objects.get_queryset().get(pk=tenant.owner.pk)


NO_PAGE = re.compile(r"/(logout|export|attachments/[^/]+)/$")
"""It ends the session, or is downloaded."""


@pytest.mark.long
def test_no_text_becomes_part_of_a_page(page, owner, tenant, faults):
    pages = [path for path in pages_of(tenant) if not NO_PAGE.search(path)]
    spoil(tenant)
    page.add_init_script(COLLECT + RAN)
    log_in(page, owner)
    page.wait_for_url("**/admin/")
    opened, broken = 0, []
    for path in pages:
        answer = page.goto(path)
        found = page.evaluate("violations")
        opened += answer.ok and answer.headers["content-type"].startswith("text/html")
        if found or answer.status >= 500:
            broken.append(f"{path}: {answer.status} {found}")
    assert broken == []
    assert opened > 90


def test_an_attack_is_noticed(page, site, faults):
    """So that finding none above means something."""
    page.add_init_script(COLLECT + RAN)
    page.goto("/accounts/login/")
    page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", ATTACK)
    eventually(lambda: page.evaluate("violations"), what="the attack")
    faults.clear()
