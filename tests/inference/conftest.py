"""A workspace with people in it, whose every rate limit counts by itself."""

from uuid import uuid4

import pytest

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from tests.factories import WorkspaceFactory, member


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
def contributor(workspace) -> User:
    return member(workspace)
