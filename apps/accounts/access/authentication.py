"""The credentials chain of the HTTP doors: Bearer or X-API-Key, else the session with CSRF."""

from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from apps.accounts.credentials import fingerprint
from apps.accounts.errors import CsrfFailed, InvalidToken
from apps.accounts.models import User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import login_scopes
from apps.accounts.services.authentication import identify, read_key
from apps.common import context

CHALLENGE = 'Bearer realm="lattice"'


class CredentialsChain(BaseAuthentication):
    """`request.user` is the caller; `request.auth` the `Credential` that proved it."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        found = self._from_headers(request) or self._from_session(request)
        if found:
            context.amend(via=found[1].via, actor_id=str(found[0].id))
        return found

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return CHALLENGE

    def _from_headers(self, request: Request) -> tuple[User, Credential] | None:
        scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return identify(secret.strip())
        if scheme:
            raise InvalidToken("Authorization must read: Bearer <access token or API key>.")
        if key := request.headers.get("X-API-Key", "").strip():
            return read_key(key)
        return None

    def _from_session(self, request: Request) -> tuple[User, Credential] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
        check.process_request(request._request)
        if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
            raise CsrfFailed(details=[{"field": "X-CSRFToken", "message": str(reason)}])
        return user, Credential(
            via="session",
            scopes=login_scopes(user),
            session=fingerprint(request._request.session.session_key or ""),
        )
