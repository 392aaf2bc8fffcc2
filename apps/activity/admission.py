"""Who is at a socket's door: a header, a ticket, a session cookie with our own Origin, or the
token of a hello. Whoever comes with a cookie from somewhere else is turned away.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from apps.accounts.credentials import fingerprint
from apps.accounts.errors import InvalidToken
from apps.accounts.models import User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import login_scopes
from apps.accounts.services.authentication import identify, read_key
from apps.accounts.services.tickets import redeem_ticket
from apps.activity.ports import Viewer
from apps.activity.selectors.viewers import viewer_of

_TOKEN = re.compile(r"lat_.*|[^.]*\.[^.]*\.[^.]*")


@dataclass(frozen=True)
class Door:
    """What the opening request of a socket brought along."""

    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    secure: bool

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "Door":
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return cls(headers, query, scope.get("scheme") == "wss")

    @property
    def session_key(self) -> str:
        cookies = parse_cookie(self.headers.get("cookie", ""))
        return cookies.get(settings.SESSION_COOKIE_NAME, "")

    @property
    def is_hijacked(self) -> bool:
        """A page of somebody else's opened this socket with our user's cookie."""
        return bool(self.session_key and "origin" in self.headers and not self.is_our_page)

    @property
    def is_our_page(self) -> bool:
        origin = self.headers.get("origin")
        here = f"{'https' if self.secure else 'http'}://{self.headers.get('host', '')}"
        return origin is not None and origin in (here, *settings.CSRF_TRUSTED_ORIGINS)

    @property
    def is_known(self) -> bool:
        """Whether something here says who it is, so that no hello is needed."""
        return (
            "authorization" in self.headers
            or "x-api-key" in self.headers
            or "ticket" in self.query
            or (bool(self.session_key) and self.is_our_page)
        )

    def admit(self) -> Viewer | None:
        """Asks the database. None: a session that has ended; the reader may still say hello."""
        if "authorization" in self.headers:
            scheme, _, secret = self.headers["authorization"].strip().partition(" ")
            if scheme.lower() != "bearer":
                raise InvalidToken
            return _viewer(identify(secret.strip()))
        if "x-api-key" in self.headers:
            return _viewer(read_key(self.headers["x-api-key"].strip()))
        if "ticket" in self.query:
            return _viewer(redeem_ticket(token=self.query["ticket"][0]))
        return _from_session(self.session_key)


class OpenDoor(Door):
    """Open to pages from anywhere. They say who they are by a token, which may stand in the
    address; a cookie counts on our own pages alone, and elsewhere is not looked at."""

    @property
    def is_hijacked(self) -> bool:
        return False

    @property
    def is_known(self) -> bool:
        return "token" in self.query or super().is_known

    def admit(self) -> Viewer | None:
        return admit_token(self.query["token"][0]) if "token" in self.query else super().admit()


def admit_token(token: str) -> Viewer:
    """The token of a hello: an access token, an API key or a ticket."""
    known = _TOKEN.fullmatch(token)
    return _viewer(identify(token) if known else redeem_ticket(token=token))


def _viewer(found: tuple[User, Credential]) -> Viewer:
    user, credential = found
    return viewer_of(user=user, credential=credential)


def _from_session(session_key: str) -> Viewer | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    return viewer_of(
        user=user,
        credential=Credential(
            via="session", scopes=login_scopes(user), session=fingerprint(session_key)
        ),
    )
