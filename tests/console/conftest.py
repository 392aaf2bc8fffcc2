"""People at a browser: a reviewer of one workspace, an operator of the instance."""

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from apps.accounts.services.people import refresh_console_access
from tests.factories import PersonFactory, WorkspaceFactory, member


@pytest.fixture
def workspace(db) -> Workspace:
    return WorkspaceFactory.create(name="Orchard")


@pytest.fixture
def reviewer(workspace) -> User:
    person = member(workspace, Role.REVIEWER)
    refresh_console_access(person.id)
    person.refresh_from_db()
    return person


@pytest.fixture
def operator(db) -> User:
    return PersonFactory.create(name="Olga Operator", is_staff=True, is_superuser=True)


@pytest.fixture
def browser() -> Client:
    return Client(headers={"accept": "text/html"})
