"""A workspace where somebody bakes and others decide, commits are real, and servers look at it."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from apps.accounts.choices import Role, Scope
from tests.activity.live.conftest import live_database, server, uvicorn
from tests.approvals.conftest import ONE, hold
from tests.approvals.loaves import ask, lay_table
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.serving import serving

__all__ = ["live_database", "server", "uvicorn"]

APPLICATION = "tests.approvals.live.bakery:application"


@pytest.fixture(scope="module")
def running(live_database, tmp_path_factory):
    """Servers by name, each started when it is first asked for."""
    with ExitStack() as stack:
        started = {}

        def start(name):
            if name not in started:
                log = tmp_path_factory.mktemp(name) / "web.log"
                started[name] = stack.enter_context(
                    serving(name, log, application=APPLICATION, DATABASE_URL=live_database)
                )
            return started[name]

        yield start


@pytest.fixture
def house(live_database):
    return new_house(live_database)


def new_house(database):
    """Its reviewers decide on what the baker, an agent of the owner's, asks."""
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    reviewer, other = member(workspace, Role.REVIEWER), member(workspace, Role.REVIEWER)
    lay_table()
    hold(workspace, owner, ONE)
    baker = agent_of(owner, workspace)
    return SimpleNamespace(
        database=database,
        workspace=workspace,
        owner=owner,
        reviewer=reviewer,
        other=other,
        baker=baker,
        key=issue(reviewer, workspace, *Scope),
        other_key=issue(other, workspace, *Scope),
        ask=lambda: ask(workspace, baker),
    )
