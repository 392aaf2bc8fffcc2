"""Who is calling: the one chain every door asks, whatever the credential looks like."""

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.credentials import fingerprint, read_api_key
from apps.accounts.errors import InvalidApiKey
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES, allowed_scopes
from apps.accounts.services.sessions import read_access_token
from apps.common.prepared import prepared

LAST_USE_IS_WRITTEN_EVERY = timedelta(minutes=1)


def identify(secret: str) -> tuple[User, Credential]:
    """An access token has two dots; everything else is an API key, if it is anything."""
    if secret.count(".") == 2:
        return read_access_token(secret)
    return read_key(secret)


def read_key(text: str) -> tuple[User, Credential]:
    if any(hmac.compare_digest(text.encode(), key.encode()) for key in _development_keys()):
        return _development_caller()
    parts = read_api_key(text)
    if parts is None:
        raise InvalidApiKey
    key = _usable_key.first(public_id=parts.public_id, now=timezone.now())
    if key is None or not hmac.compare_digest(bytes(key.secret_hash), fingerprint(parts.secret)):
        raise InvalidApiKey
    if key.demo and not settings.DEVELOPMENT:
        raise InvalidApiKey
    _note_use(key)
    user = key.user
    user.confined_to = key.workspace_id
    return user, Credential(
        via=f"key:{key.public_id}",
        scopes=frozenset(key.scopes) & allowed_scopes(agent=user.is_agent),
        confined_to=key.workspace_id,
        key_id=key.id,
        expires_at=key.expires_at,
    )


@prepared
def _usable_key(*, public_id: str, now: datetime) -> QuerySet[ApiKey]:
    standing_there = Membership.objects.standing().filter(
        workspace_id=OuterRef("workspace_id"), user_id=OuterRef("user_id")
    )
    usable = ApiKey.objects.usable(now).filter(Exists(standing_there), public_id=public_id)
    return usable.select_related("user")


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USE_IS_WRITTEN_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now)


def _development_keys() -> list[str]:
    return settings.DEVELOPMENT_API_KEYS if settings.DEVELOPMENT else []


def _development_caller() -> tuple[User, Credential]:
    """A fixed key from the environment acts as the first owner of the first workspace there is,
    of an organization sooner than of a person (which is how their names are ordered)."""
    first = (
        Membership.objects.standing()
        .filter(role=Role.OWNER, user__owner__isnull=True)
        .select_related("user")
        .order_by("workspace__kind", "workspace__created_at", "workspace_id", "created_at", "id")
        .first()
    )
    if first is None:
        raise InvalidApiKey
    user = first.user
    user.confined_to = first.workspace_id
    return user, Credential(
        via="key:development", scopes=PERSON_SCOPES, confined_to=first.workspace_id
    )
