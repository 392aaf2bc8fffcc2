"""People at a browser: a reviewer of one workspace, an operator of the instance."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import User
from tests.factories import at_the_console, member


@pytest.fixture(autouse=True)
def _no_limits_from_other_tests(settings):
    """allauth keeps its limits in the cache, by address, and every test calls from the same one."""
    default = settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}
    settings.CACHES = {"default": default}


@pytest.fixture
def reviewer(workspace) -> User:
    return at_the_console(member(workspace, Role.REVIEWER))


@pytest.fixture
def browser() -> Client:
    return Client(headers={"accept": "text/html"})


@pytest.fixture
def new_browser() -> Callable[[], Client]:
    return lambda: Client(headers={"accept": "text/html"})
