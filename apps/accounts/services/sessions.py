"""Logins: access tokens that live for minutes, refresh tokens that rotate."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts import events
from apps.accounts.credentials import fingerprint, new_token
from apps.accounts.errors import ExpiredToken, InvalidToken, LockedOut, WrongPassword
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import has_second_step, login_scopes, may_sign_in
from apps.accounts.services.second_steps import prove_second_step
from apps.common.actors import SYSTEM
from apps.common.prepared import prepared
from apps.ledger.services import record, unit


@dataclass(frozen=True)
class AuthTokens:
    access_token: str
    refresh_token: str
    expires_at: int
    """When the access token expires, in seconds since 1970."""


def log_in(*, email: str, password: str, request: HttpRequest, code: str = "") -> AuthTokens:
    """Who has set up a second step has to take it.

    Failures are counted by django-axes, which needs the request for the address.
    """
    found = authenticate(request, username=email.strip().lower(), password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut(retry_after=int(settings.AXES_COOLOFF_TIME.total_seconds()))
    if found is None or not may_sign_in(found):
        raise WrongPassword
    second_step = has_second_step(found)
    if second_step:
        prove_second_step(person=found, code=code, request=request)
    user_logged_in.send(sender=User, request=request, user=found)  # axes forgets the failures
    return open_session(person=found, second_step=second_step)


def open_session(*, person: User, second_step: bool = False) -> AuthTokens:
    with unit(actor=person):
        family = TokenFamily.objects.create(user=person)
        record(events.LoggedIn(person=person.id, family=family.id, second_step=second_step))
        return _issue_tokens(person, family)


def refresh_session(*, refresh_token: str) -> AuthTokens:
    """Spends the token for a new pair.

    A token that was spent before ends its family: that is committed before the refusal is told.
    """
    with unit(actor=SYSTEM):
        token, family = _locked_token(refresh_token)
        if family.ended_at or token.expires_at <= timezone.now() or not family.user.is_active:
            raise InvalidToken
        if not may_sign_in(family.user):
            raise InvalidToken
        if token.spent_at is None:
            token.spent_at = timezone.now()
            token.save(update_fields=["spent_at"])
            record(events.SessionRefreshed(person=family.user_id, family=family.id))
            return _issue_tokens(family.user, family)
        _end(family)
        record(events.SpentTokenReturned(person=family.user_id, family=family.id))
    raise InvalidToken


def log_out(*, refresh_token: str) -> None:
    """Ends the login this token belongs to. Logging out twice is logging out."""
    with unit(actor=SYSTEM):
        _, family = _locked_token(refresh_token)
        if family.ended_at is None:
            _end(family)
            record(events.LoggedOut(person=family.user_id, family=family.id))


def read_access_token(text: str) -> tuple[User, Credential]:
    """Who holds this access token. Its login may have ended before the token expires."""
    try:
        claims: dict[str, Any] = AccessToken(text).payload  # type: ignore[arg-type]
        user_id, family_id = UUID(claims["user_id"]), UUID(claims["session"])
    except ExpiredTokenError as error:
        raise ExpiredToken from error
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidToken from error
    person = _logged_in.first(user=user_id, family=family_id)
    if person is None or not may_sign_in(person):
        raise InvalidToken
    return person, Credential(via="token", scopes=login_scopes(person), family_id=family_id)


@prepared
def _logged_in(*, user: UUID, family: UUID) -> QuerySet[User]:
    return User.objects.get_queryset().filter(
        id=user, is_active=True, token_families__id=family, token_families__ended_at__isnull=True
    )


def _issue_tokens(person: User, family: TokenFamily) -> AuthTokens:
    refresh_token = new_token()
    RefreshToken.objects.create(
        family=family,
        token_hash=fingerprint(refresh_token),
        expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
    )
    access_token = AccessToken()
    access_token["user_id"] = str(person.id)
    access_token["tier"] = person.tier  # for display: limits are read from the database
    access_token["session"] = str(family.id)
    return AuthTokens(str(access_token), refresh_token, access_token["exp"])


def _locked_token(text: str) -> tuple[RefreshToken, TokenFamily]:
    """The family's row is the lock: whoever comes second sees what the first one did."""
    hashed = fingerprint(text)
    family = (
        TokenFamily.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(tokens__token_hash=hashed)
        .first()
    )
    if family is None:
        raise InvalidToken
    return RefreshToken.objects.get(token_hash=hashed), family


def _end(family: TokenFamily) -> None:
    family.ended_at = timezone.now()
    family.save(update_fields=["ended_at"])
