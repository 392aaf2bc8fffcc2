"""What happens to people, credentials and workspaces. Ids, roles and counts: no addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonRegistered(Event):
    type = "accounts.person.registered"
    sentence = "{person} joined Lattice"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class PersonChanged(Event):
    type = "accounts.person.changed"
    sentence = "{person}'s account was changed: {fields}"
    person: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class PersonDisabled(Event):
    type = "accounts.person.disabled"
    sentence = "{person}'s account was disabled"
    person: UUID
    sessions_ended: int


@dataclass(frozen=True, kw_only=True)
class PersonEnabled(Event):
    type = "accounts.person.enabled"
    sentence = "{person}'s account was enabled again"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class PersonLoggedIn(Event):
    type = "accounts.person.logged_in"
    sentence = "{person} logged in"
    person: UUID
    second_step: bool


@dataclass(frozen=True, kw_only=True)
class PersonLoggedOut(Event):
    type = "accounts.person.logged_out"
    sentence = "{person} logged out"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    type = "accounts.person.sessions_ended"
    sentence = "{person} ended sessions of theirs"
    person: UUID
    sessions: int


@dataclass(frozen=True, kw_only=True)
class EmailVerified(Event):
    type = "accounts.person.email_verified"
    sentence = "{person} verified an e-mail address"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Event):
    """The addresses stand here as digests, which take this instance's secret to compare."""

    type = "accounts.person.email_changed"
    sentence = "{person} changed their e-mail address"
    person: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class SecondStepEnabled(Event):
    type = "accounts.person.second_step_enabled"
    sentence = "{person} turned the second step on"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class SecondStepDisabled(Event):
    type = "accounts.person.second_step_disabled"
    sentence = "{person} turned the second step off"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    type = "accounts.person.recovery_codes_made"
    sentence = "{person} made new recovery codes"
    person: UUID


@dataclass(frozen=True, kw_only=True)
class LoggedIn(Event):
    type = "accounts.session.opened"
    sentence = "{person} logged in to the API"
    person: UUID
    family: UUID
    second_step: bool


@dataclass(frozen=True, kw_only=True)
class SessionRefreshed(Event):
    type = "accounts.session.refreshed"
    sentence = "{person}'s API login was refreshed"
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class LoggedOut(Event):
    type = "accounts.session.closed"
    sentence = "{person} logged out of the API"
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class SpentTokenReturned(Event):
    """Two hold the same refresh token, so one of them stole it: the family has been ended."""

    type = "accounts.session.reuse_detected"
    sentence = (
        "A spent token of {person}'s came back: that login was ended, somebody may have stolen it"
    )
    person: UUID
    family: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceCreated(Event):
    type = "accounts.workspace.created"
    sentence = "{actor} created {workspace}"
    workspace: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class WorkspaceRenamed(Event):
    type = "accounts.workspace.renamed"
    sentence = "{actor} renamed the workspace to {workspace}"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceArchived(Event):
    type = "accounts.workspace.archived"
    sentence = "{actor} archived {workspace}"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceUnarchived(Event):
    type = "accounts.workspace.unarchived"
    sentence = "{actor} opened {workspace} again"
    workspace: UUID


@dataclass(frozen=True, kw_only=True)
class WorkspaceExported(Event):
    type = "accounts.workspace.exported"
    sentence = "{actor} exported {workspace}"
    workspace: UUID
    digest: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class WorkspaceDeleted(Event):
    type = "accounts.workspace.deleted"
    sentence = "{actor} deleted {workspace}"
    workspace: UUID
    export_digest: str
    members: int
    keys_revoked: int


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(Event):
    type = "accounts.workspace.transferred"
    sentence = "{from_owner} handed {workspace} over to {to_owner}"
    workspace: UUID
    from_owner: UUID
    to_owner: UUID


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    type = "accounts.member.added"
    sentence = "{member} joined {workspace} as {role}"
    member: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(Event):
    type = "accounts.member.role_changed"
    sentence = "{actor} made {member} {after} of {workspace}"
    member: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    type = "accounts.member.removed"
    sentence = "{actor} removed {member} from {workspace}"
    member: UUID
    role: str
    agents_removed: list[UUID]


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Event):
    type = "accounts.member.left"
    sentence = "{member} left {workspace}"
    member: UUID
    role: str
    agents_removed: list[UUID]


@dataclass(frozen=True, kw_only=True)
class InvitationCreated(Event):
    type = "accounts.invitation.created"
    sentence = "{actor} invited {role} to {workspace}"
    invitation: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationResent(Event):
    type = "accounts.invitation.resent"
    sentence = "{actor} sent an invitation to {workspace} again"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationSent(Event):
    type = "accounts.invitation.sent"
    sentence = "An invitation to {workspace} was mailed"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationRevoked(Event):
    type = "accounts.invitation.revoked"
    sentence = "{actor} took an invitation to {workspace} back"
    invitation: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    type = "accounts.invitation.accepted"
    sentence = "{member} accepted an invitation to {workspace}, as {role}"
    invitation: UUID
    member: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class AgentCreated(Event):
    type = "accounts.agent.created"
    sentence = "{actor} added the agent {agent} to {workspace}"
    agent: UUID
    owner: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class AgentRenamed(Event):
    type = "accounts.agent.renamed"
    sentence = "{actor} renamed an agent to {agent}"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentDisabled(Event):
    type = "accounts.agent.disabled"
    sentence = "{actor} disabled the agent {agent}"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentEnabled(Event):
    type = "accounts.agent.enabled"
    sentence = "{actor} enabled the agent {agent} again"
    agent: UUID


@dataclass(frozen=True, kw_only=True)
class AgentOwnerChanged(Event):
    type = "accounts.agent.owner_changed"
    sentence = "The agent {agent} now belongs to {after}, and its keys ended"
    agent: UUID
    before: UUID
    after: UUID
    keys_revoked: int


@dataclass(frozen=True, kw_only=True)
class ApiKeyIssued(Event):
    type = "accounts.key.issued"
    sentence = "{actor} issued a key for {holder}"
    key: UUID
    holder: UUID
    scopes: list[str]
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ApiKeyRotated(Event):
    type = "accounts.key.rotated"
    sentence = "{actor} rotated a key of {holder}"
    key: UUID
    replaced_by: UUID
    holder: UUID
    works_until: datetime


@dataclass(frozen=True, kw_only=True)
class ApiKeyRevoked(Event):
    type = "accounts.key.revoked"
    sentence = "{actor} revoked a key of {holder}"
    key: UUID
    holder: UUID


@dataclass(frozen=True, kw_only=True)
class SocketTicketIssued(Event):
    type = "accounts.ticket.issued"
    sentence = "{actor} asked for a socket ticket"
    ticket: UUID


@dataclass(frozen=True, kw_only=True)
class SocketTicketRedeemed(Event):
    type = "accounts.ticket.redeemed"
    sentence = "{actor} opened a socket with a ticket"
    ticket: UUID


@dataclass(frozen=True, kw_only=True)
class SecondStepsResealed(Event):
    type = "accounts.second_steps.resealed"
    sentence = "Secrets of second steps were sealed anew: {count}"
    count: int
    master_key: str


@dataclass(frozen=True, kw_only=True)
class DataKeysRewrapped(Event):
    type = "accounts.data_keys.rewrapped"
    sentence = "Encryption keys were wrapped anew: {count}"
    count: int
    master_key: str


@dataclass(frozen=True, kw_only=True)
class DataKeyMade(Event):
    type = "accounts.data_keys.made"
    sentence = "{workspace} got an encryption key, number {version}"
    version: int
