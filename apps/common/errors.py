"""What can go wrong, said once: a stable code, a status and a sentence that says what to do.

Every app derives its errors from these; docs/errors.md lists them all. Doors turn them into HTTP,
socket and chat answers, each in one place.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "The request could not be carried out."
    on_record: ClassVar[bool] = False
    """Whether what was recorded before it was raised tells of the refusal, and has to stay."""

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[dict[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        self.text = message or self.message
        self.details = list(details)
        self.retry_after = retry_after
        super().__init__(self.text)


class Malformed(DomainError):
    code = "malformed"
    status = 400
    message = "The request could not be read."


class Unauthenticated(DomainError):
    code = "unauthenticated"
    status = 401
    message = "Credentials are missing or not valid."


class NotAllowed(DomainError):
    code = "not_allowed"
    status = 403
    message = "You may not do this."


class NotFound(DomainError):
    code = "not_found"
    status = 404
    message = "There is nothing here, or you may not see it."


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405
    message = "This method is not offered here: the Allow header names those that are."


class NotAcceptable(DomainError):
    code = "not_acceptable"
    status = 406
    message = "None of the formats you accept is offered here."


class Conflict(DomainError):
    code = "conflict"
    status = 409
    message = "This contradicts the present state."


class PreconditionFailed(DomainError):
    code = "precondition_failed"
    status = 412
    message = "It has changed since you read it: read it again and decide anew."


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    message = "This is larger than is accepted."


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    status = 415
    message = "Bodies of this type are not read here."


class Invalid(DomainError):
    code = "invalid"
    status = 422
    message = "The request is readable but not valid."


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    message = "The cursor is not one that this list gave: start again without it."


class PreconditionRequired(DomainError):
    code = "precondition_required"
    status = 428
    message = "Say which version you saw."


class TooMany(DomainError):
    code = "rate_limited"
    status = 429
    message = "Too many requests: wait and try again."


class Internal(DomainError):
    code = "internal"
    status = 500
    message = "Something failed on our side. Tell an operator the request id."


class Unavailable(DomainError):
    code = "unavailable"
    status = 503
    message = "Something this depends on is not available: try again."
