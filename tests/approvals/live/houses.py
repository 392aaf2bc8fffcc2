"""A workspace where somebody bakes and others decide, and commits are real."""

from types import SimpleNamespace

from apps.accounts.choices import Role, Scope
from tests.approvals.deciding import ONE, hold
from tests.approvals.loaves import ask, lay_table
from tests.factories import WorkspaceFactory, agent_of, issue, member

APPLICATION = "tests.approvals.live.bakery:application"


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
