"""A workspace with everybody in it, an operator, and clients of the API: for every test."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.accounts.models import User, Workspace
from tests.factories import PersonFactory, WorkspaceFactory, agent_of, issue, member


@pytest.fixture
def workspace(db) -> Workspace:
    return WorkspaceFactory.create(name="Orchard")


@pytest.fixture
def operator(db) -> User:
    return PersonFactory.create(name="Olga Operator", is_staff=True, is_superuser=True)


@pytest.fixture
def owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def other_owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def admin(workspace) -> User:
    return member(workspace, Role.ADMIN)


@pytest.fixture
def reviewer(workspace) -> User:
    return member(workspace, Role.REVIEWER)


@pytest.fixture
def other_reviewer(workspace) -> User:
    return member(workspace, Role.REVIEWER)


@pytest.fixture
def contributor(workspace) -> User:
    return member(workspace, Role.CONTRIBUTOR)


@pytest.fixture
def agent(owner, workspace) -> User:
    return agent_of(owner, workspace)


@pytest.fixture
def api(workspace):
    """A client with a key of this user: `api(owner).get(...)`."""

    def client(user: User, *scopes: Scope) -> APIClient:
        made = APIClient()
        every = (Scope.READ, Scope.WRITE) if user.is_agent else tuple(Scope)
        made.credentials(HTTP_X_API_KEY=issue(user, workspace, *(scopes or every)))
        return made

    return client
