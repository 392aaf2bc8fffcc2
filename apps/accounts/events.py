"""What happens to people, credentials and workspaces. Ids, roles and counts: no addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonRegistered(Event):
    type = "accounts.person.registered"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event):
    type = "accounts.person.changed"
    person: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class PersonDisabled(Event):
    type = "accounts.person.disabled"
    person: UUID
    sessions_ended: int


@dataclass(frozen=True, kw_only=True)
class PersonEnabled(Event):
    type = "accounts.person.enabled"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class PersonLoggedIn(Event):
    type = "accounts.person.logged_in"
    person: UUID
    second_step: bool


@dataclass(frozen=True, kw_only=True)
class PersonLoggedOut(Event):
    type = "accounts.person.logged_out"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    type = "accounts.person.sessions_ended"
    person: UUID
    sessions: int


@dataclass(frozen=True, kw_only=True)
class EmailVerified(Event):
    type = "accounts.person.email_verified"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Event):
    """The addresses stand here as digests, which take this instance's secret to compare."""

    type = "accounts.person.email_changed"
    person: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class SecondStepEnabled(Event):
    type = "accounts.person.second_step_enabled"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class SecondStepDisabled(Event):
    type = "accounts.person.second_step_disabled"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    type = "accounts.person.recovery_codes_made"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class LoggedIn(Event):
    type = "accounts.session.opened"
    person: UUID
    family: UUID
    second_step: bool


@dataclass(frozen=True, kw_only=True)
class SessionRefreshed(Event):
    type = "accounts.session.refreshed"
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class LoggedOut(Event):
    type = "accounts.session.closed"
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class SpentTokenReturned(Event):
    """Two hold the same refresh token, so one of them stole it: the family has been ended."""

    type = "accounts.session.reuse_detected"
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceCreated(Event):
    type = "accounts.workspace.created"
    workspace: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class WorkspaceRenamed(Event):
    type = "accounts.workspace.renamed"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceArchived(Event):
    type = "accounts.workspace.archived"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceUnarchived(Event):
    type = "accounts.workspace.unarchived"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceExported(Event):
    type = "accounts.workspace.exported"
    workspace: UUID
    digest: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class WorkspaceDeleted(Event):
    type = "accounts.workspace.deleted"
    workspace: UUID
    export_digest: str
    members: int
    keys_revoked: int


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(Event):
    type = "accounts.workspace.transferred"
    workspace: UUID
    from_owner: UUID
    to_owner: UUID


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    type = "accounts.member.added"
    member: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(Event):
    type = "accounts.member.role_changed"
    member: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    type = "accounts.member.removed"
    member: UUID
    role: str
    agents_removed: list[UUID]


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Event):
    type = "accounts.member.left"
    member: UUID
    role: str
    agents_removed: list[UUID]


@dataclass(frozen=True, kw_only=True)
class InvitationCreated(Event):
    type = "accounts.invitation.created"
    invitation: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationResent(Event):
    type = "accounts.invitation.resent"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationSent(Event):
    type = "accounts.invitation.sent"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationRevoked(Event):
    type = "accounts.invitation.revoked"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    type = "accounts.invitation.accepted"
    invitation: UUID
    member: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class AgentCreated(Event):
    type = "accounts.agent.created"
    agent: UUID
    owner: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class AgentRenamed(Event):
    type = "accounts.agent.renamed"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentDisabled(Event):
    type = "accounts.agent.disabled"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentEnabled(Event):
    type = "accounts.agent.enabled"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentOwnerChanged(Event):
    type = "accounts.agent.owner_changed"
    agent: UUID
    before: UUID
    after: UUID
    keys_revoked: int


@dataclass(frozen=True, kw_only=True)
class ApiKeyIssued(Event):
    type = "accounts.key.issued"
    key: UUID
    holder: UUID
    scopes: list[str]
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ApiKeyRotated(Event):
    type = "accounts.key.rotated"
    key: UUID
    replaced_by: UUID
    holder: UUID
    works_until: datetime


@dataclass(frozen=True, kw_only=True)
class ApiKeyRevoked(Event):
    type = "accounts.key.revoked"
    key: UUID
    holder: UUID


@dataclass(frozen=True, kw_only=True)
class SocketTicketIssued(Event):
    type = "accounts.ticket.issued"
    ticket: UUID


@dataclass(frozen=True, kw_only=True)
class SocketTicketRedeemed(Event):
    type = "accounts.ticket.redeemed"
    ticket: UUID


@dataclass(frozen=True, kw_only=True)
class SecondStepsResealed(Event):
    type = "accounts.second_steps.resealed"
    count: int
    master_key: str


@dataclass(frozen=True, kw_only=True)
class DataKeysRewrapped(Event):
    type = "accounts.data_keys.rewrapped"
    count: int
    master_key: str


@dataclass(frozen=True, kw_only=True)
class DataKeyMade(Event):
    type = "accounts.data_keys.made"
    version: int
