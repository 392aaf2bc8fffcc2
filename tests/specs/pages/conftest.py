"""People at the pages about specs, and a small graph with a past."""

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import User
from tests.factories import agent_of, at_the_console, member
from tests.specs.graphs import Planted, node, plant


@pytest.fixture
def reviewer(workspace) -> User:
    return at_the_console(member(workspace, Role.REVIEWER))


@pytest.fixture
def scribe(workspace, reviewer) -> User:
    return agent_of(reviewer, workspace)


@pytest.fixture
def browser(reviewer) -> Client:
    client = Client(headers={"accept": "text/html"})
    client.force_login(reviewer)
    return client


@pytest.fixture
def first(workspace, scribe) -> Planted:
    return plant(
        workspace,
        [
            node("DOC-1", title="Refunds"),
            node("GOAL-1", title="Refunds are fair"),
            node("REQ-1", title="Small refunds", parent="DOC-1", rank="a", body="It SHALL pay.\n"),
            node("REQ-2", title="Large refunds", parent="DOC-1", rank="b", labels=["money"]),
            node("TEST-1", title="Pays back"),
        ],
        ["REQ-1 refines GOAL-1", "REQ-2 refines GOAL-1", "TEST-1 verifies REQ-1"],
        author=scribe,
        title="Begin refunds",
    )


@pytest.fixture
def second(workspace, first, reviewer, scribe) -> Planted:
    return plant(
        workspace,
        [node("REQ-1", title="Refunds below a limit", body="It SHALL pay at once.\n")],
        ["REQ-2 depends_on REQ-1"],
        author=scribe,
        approvers=[reviewer],
        title="Pay small ones at once",
    )
