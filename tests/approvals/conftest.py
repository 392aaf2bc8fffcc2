"""A workspace with people who bake and people who decide, and policies that ask for them."""

import pytest

from apps.accounts.models import User
from tests.approvals.deciding import ONE, hold
from tests.approvals.loaves import ask, lay_table
from tests.factories import agent_of


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(own_checkpoints):
    pass


@pytest.fixture
def loaves(workspace):
    lay_table()


@pytest.fixture
def one_policy(workspace, owner):
    return hold(workspace, owner, ONE)


@pytest.fixture
def baker(workspace, owner) -> User:
    """An agent whose owner owns the workspace, and so may not decide on what it asks."""
    return agent_of(owner, workspace)


@pytest.fixture
def request_(loaves, one_policy, workspace, baker, reviewer, other_reviewer):
    """One that a single reviewer decides."""
    return ask(workspace, baker)
