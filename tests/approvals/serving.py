"""A request on a database where commits are real, before servers that look at it."""

from dataclasses import dataclass

from apps.accounts.choices import Role, Scope
from apps.accounts.models import User, Workspace
from apps.approvals.models.requests import ApprovalRequest
from tests.approvals.deciding import ONE, hold
from tests.approvals.loaves import ask, lay_table
from tests.factories import WorkspaceFactory, agent_of, issue, member

IN_KITCHEN = {"DJANGO_SETTINGS_MODULE": "tests.approvals.kitchen.settings"}
"""What servers are started with that know loaves."""


@dataclass(kw_only=True)
class Bakery:
    workspace: Workspace
    owner: User
    baker: User
    reviewer: User

    @classmethod
    def new(cls, policy: str = ONE) -> "Bakery":
        workspace = WorkspaceFactory.create()
        owner = member(workspace, Role.OWNER)
        lay_table()
        hold(workspace, owner, policy)
        return cls(
            workspace=workspace,
            owner=owner,
            baker=agent_of(owner, workspace),
            reviewer=member(workspace, Role.REVIEWER),
        )

    def ask(self, **more) -> ApprovalRequest:
        return ask(self.workspace, self.baker, **more)

    def key(self, user: User) -> str:
        scopes = (Scope.READ, Scope.WRITE) if user.is_agent else tuple(Scope)
        return issue(user, self.workspace, *scopes)
