"""A workspace with people in it, and an operator of the instance."""

from uuid import uuid4

import pytest

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from tests.factories import PersonFactory, WorkspaceFactory, member


@pytest.fixture(autouse=True)
def _no_limits_from_other_tests(settings):
    """Rate limits count by address, and every test calls from the same one."""
    default = settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}
    settings.CACHES = {"default": default}


@pytest.fixture
def workspace(db) -> Workspace:
    return WorkspaceFactory.create(name="Orchard")


@pytest.fixture
def owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def operator(db) -> User:
    return PersonFactory.create(name="Olga Operator", is_staff=True, is_superuser=True)
