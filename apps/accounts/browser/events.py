"""What happens to a person's own account in a browser."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


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
