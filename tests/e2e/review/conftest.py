"""A workspace whose agent proposes plans, and people of the console who decide on them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.requests import request_about
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from tests.approvals.deciding import ONE, hold
from tests.e2e.browsing import log_in
from tests.factories import agent_of, at_the_console, member


def console_person(workspace: Workspace, role: Role, name: str) -> User:
    found = member(workspace, role)
    found.name = name
    found.save(update_fields=["name"])
    at_the_console(found)
    return found


@pytest.fixture
def owner(workspace) -> User:
    return console_person(workspace, Role.OWNER, "Ada Osei")


@pytest.fixture
def bo(workspace) -> User:
    return console_person(workspace, Role.REVIEWER, "Bo Lindqvist")


@pytest.fixture
def cy(workspace) -> User:
    return console_person(workspace, Role.REVIEWER, "Cy Marsh")


@pytest.fixture
def agent(workspace, owner) -> User:
    found = agent_of(owner, workspace)
    found.name = "Checkout agent"
    found.save(update_fields=["name"])
    return found


@pytest.fixture
def policy(workspace, owner) -> None:
    hold(workspace, owner, ONE)


@pytest.fixture
def propose(workspace, agent, policy, bo, cy) -> Callable[..., ApprovalRequest]:
    """A plan of the agent's that creates these files, or makes these changes."""

    def proposed(*paths: str, changes: list[dict[str, str]] | None = None) -> ApprovalRequest:
        created = [{"path": each, "action": "create", "new": "Text.\n"} for each in paths]
        sent = {"intent": "Say more", "context": "", "changes": changes or created}
        plan = create_plan(
            drawing=sketch(PlanIn.model_validate(sent)),
            budget=RiskBudget.LOW,
            actor=agent,
            workspace=workspace.id,
        ).plan
        request = request_about(kind="plan", subject=plan.id)
        assert request is not None
        return request

    return proposed


@pytest.fixture
def review(open_browser) -> Callable[..., Page]:
    """A browser of somebody's, on a request's page that is live."""

    def opened(person: User, request: ApprovalRequest, **options: object) -> Page:
        page = open_browser(**options)
        log_in(page, person)
        page.goto(f"/admin/review/{request.id}/")
        expect(page.locator("[data-live-now]")).to_be_attached()
        return page

    return opened
