"""A house with people in it, where commits are real, and servers that look at it."""

from contextlib import ExitStack
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections

from apps.accounts.choices import Role
from apps.accounts.services.sessions import open_session
from apps.common.runtime import addresses
from tests.clones import cloned_database
from tests.databases import point_at
from tests.factories import WorkspaceFactory, issue, member
from tests.serving import APPLICATION, serving


def session_token(person):
    """An access token of a new login."""
    return open_session(person=person).access_token


@pytest.fixture(scope="module")
def live_database(django_db_setup, django_db_blocker):
    """A database for all tests of a module, where commits are real."""
    before = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock(), cloned_database(f"live_{uuid4().hex[:12]}") as name:
        point_at(name)
        yield addresses.database_url(settings.DATA_DIR, name)
        point_at(before)


@pytest.fixture
def house(live_database):
    """A workspace with an owner and the owner's key."""
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    return SimpleNamespace(
        database=live_database,
        workspace=workspace,
        owner=owner,
        key=issue(owner, workspace),
    )


@pytest.fixture(scope="module")
def application():
    """What the servers serve. Rooms whose tests need more than Lattice has another."""
    return APPLICATION


@pytest.fixture(scope="module")
def running(live_database, application, tmp_path_factory):
    """Servers by name, each started when it is first asked for."""
    with ExitStack() as stack:
        started = {}

        def start(name):
            if name not in started:
                log = tmp_path_factory.mktemp(name) / "web.log"
                started[name] = stack.enter_context(
                    serving(name, log, application=application, DATABASE_URL=live_database)
                )
            return started[name]

        yield start


@pytest.fixture(params=["uvicorn", "daphne"])
def server(request, running, house):
    return running(request.param)


@pytest.fixture
def uvicorn(running, house):
    return running("uvicorn")
