"""Whoever holds keys: a workspace, its owner, and an agent of theirs."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.services.keys import issue_key
from apps.ledger.models import Event
from tests.factories import (
    WorkspaceFactory,
    agent_of,
    member,
)


@pytest.fixture
def workspace(db):
    return WorkspaceFactory.create()


@pytest.fixture
def owner(workspace):
    return member(workspace, Role.OWNER)


@pytest.fixture
def agent(workspace, owner):
    return agent_of(owner, workspace)


def recorded():
    return [
        name.removeprefix("accounts.")
        for name in Event.objects.order_by("seq").values_list("type", flat=True)
    ]


def key_for(holder, workspace, actor, scopes=("read", "write"), **fields):
    return issue_key(
        holder=holder, workspace_id=workspace.id, name="k", scopes=scopes, actor=actor, **fields
    )
