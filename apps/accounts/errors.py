"""What can go wrong with people, credentials and workspaces."""

from apps.common.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    PreconditionFailed,
    PreconditionRequired,
    TooMany,
    Unauthenticated,
)


class MissingApiKey(Unauthenticated):
    code = "missing_api_key"
    message = "X-API-Key header required"


class InvalidApiKey(Unauthenticated):
    code = "invalid_api_key"
    message = "X-API-Key invalid"


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    message = "The token is not valid: log in again."


class ExpiredToken(Unauthenticated):
    code = "expired_token"
    message = "The token has expired: refresh it."


class WrongPassword(Unauthenticated):
    code = "wrong_password"
    message = "E-mail address or password is wrong."


class SecondStepRequired(Unauthenticated):
    code = "second_step_required"
    message = "This account asks for a second step: send `code` from the app, or a recovery code."


class InvalidSecondStep(Unauthenticated):
    code = "invalid_second_step"
    message = "The code is wrong, has expired or was used before."


class LockedOut(TooMany):
    code = "locked_out"
    message = "Too many failed attempts to log in: wait and try again."


class NotYourWorkspace(NotAllowed):
    code = "not_your_workspace"
    message = "You do not belong to this workspace, or your key is for another one."


class ScopeMissing(NotAllowed):
    code = "scope_missing"
    message = "This credential was not given the scope that is needed."


class PeopleOnly(NotAllowed):
    code = "people_only"
    message = "Agents may not do this: a person has to."


class CsrfFailed(NotAllowed):
    code = "csrf_failed"
    message = "The CSRF token is missing or wrong: send X-CSRFToken with the session cookie."


class InvalidAccount(Invalid):
    code = "invalid_account"
    message = "These details cannot be used."


class InvalidRole(Invalid):
    code = "invalid_role"
    message = "This role cannot be given here."


class InvalidScope(Invalid):
    code = "invalid_scope"
    message = "These scopes cannot be given to this key."


class OutlivesItsIssuer(Invalid):
    code = "outlives_its_issuer"
    message = "A key hands out none that lasts longer than itself: log in for that."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "Somebody is registered with this e-mail address."


class WorkspaceArchived(Conflict):
    code = "workspace_archived"
    message = "The workspace is archived: it can be read, and unarchived by an owner."


class LastOwner(Conflict):
    code = "last_owner"
    message = "A workspace needs an owner: make somebody else one first."


class PersonalWorkspace(Conflict):
    code = "personal_workspace"
    message = "A personal workspace stays with its person and is not shared."


class AlreadyMember(Conflict):
    code = "already_member"
    message = "This person is a member already."


class AlreadyInvited(Conflict):
    code = "already_invited"
    message = "An invitation to this address is open: resend or revoke it."


class InvitationClosed(Conflict):
    code = "invitation_closed"
    message = "This invitation was accepted, revoked or has expired."


class InvitationForSomebodyElse(NotAllowed):
    code = "invitation_for_somebody_else"
    message = "This invitation was sent to another e-mail address."


class KeyRevoked(Conflict):
    code = "key_revoked"
    message = "This key has been revoked or has expired: issue another one."


class AgentDisabled(Conflict):
    code = "agent_disabled"
    message = "This agent is disabled: enable it first."


class RequestInFlight(Conflict):
    code = "request_in_flight"
    message = "The same request is being carried out: try again in a moment."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request."


class InvalidIdempotencyKey(Invalid):
    code = "invalid_idempotency_key"
    message = "Idempotency-Key must be 1 to 255 printable ASCII characters."


class ExportRequired(PreconditionRequired):
    code = "export_required"
    message = "Export the workspace first, and send the digest of that export."


class ExportOutdated(PreconditionFailed):
    code = "export_outdated"
    message = "This is not the digest of an export of the present state: export again."


class KeysErased(Conflict):
    code = "keys_erased"
    message = "This workspace's keys are erased: its encrypted texts are gone for good."


class Undecipherable(Conflict):
    code = "undecipherable"
    message = "This text was not encrypted for this place, or was changed since."
