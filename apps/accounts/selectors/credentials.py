"""What people and agents prove themselves with, and whether it still holds."""

from collections.abc import Collection
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import BinaryField, F, Func, QuerySet, Value
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from apps.accounts.choices import Permission, Scope
from apps.accounts.models import ApiKey, Membership, TokenFamily, User
from apps.accounts.ports import Credential
from apps.accounts.rules import HALF_PROVED_SCOPES, PERSON_SCOPES, is_of_demo
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor


def keys_of(*, actor: Actor, workspace_id: UUID) -> QuerySet[ApiKey]:
    """One's own and those of one's agents; all of them for who manages members."""
    place = require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = ApiKey.objects.filter(workspace_id=workspace_id).select_related("user")
    if place.permits(Permission.MANAGE_MEMBERS):
        return found
    return found & ApiKey.objects.visible_to(actor).select_related("user")


def has_second_step(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists())


def lacks_second_step(person: User) -> bool:
    return bool(settings.REQUIRE_TOTP) and not has_second_step(person)


def may_sign_in(person: User) -> bool:
    """People of the demo, whose passwords lie in a file, in development alone."""
    return bool(settings.DEVELOPMENT) or not is_of_demo(person.email)


def login_scopes(person: User) -> frozenset[Scope]:
    """What a password alone is good for depends on whether a second step is required."""
    return HALF_PROVED_SCOPES if lacks_second_step(person) else PERSON_SCOPES


def live_sessions(fingerprints: Collection[bytes]) -> QuerySet[Session]:
    """Those of browsers' sessions with these `fingerprints` that have not ended.

    The expression is the one of the index `session_fingerprint`.
    """
    characters = Func(F("session_key"), Value("escape"), function="decode")
    hashed = Func(characters, function="sha256", output_field=BinaryField())
    found = Session.objects.annotate(fingerprint=hashed)
    return found.filter(fingerprint__in=fingerprints, expire_date__gt=Now())


def session_stands(*, user: User, session: bytes) -> bool:
    """Whether it is this user's, of the present password, and has not ended."""
    found = live_sessions([session]).first()
    if found is None:
        return False
    held = found.get_decoded()
    return held.get(SESSION_KEY) == str(user.id) and constant_time_compare(
        held.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )


def credential_stands(*, user: User, credential: Credential) -> bool:
    """Whether what was proved once (a socket's hello) still holds."""
    if credential.key_id:
        keys = ApiKey.objects.usable().filter(id=credential.key_id, user__is_active=True)
        if not settings.DEVELOPMENT:
            keys = keys.filter(demo=False)
        if not keys.exists():
            return False
    elif credential.family_id:
        families = TokenFamily.objects.filter(id=credential.family_id, ended_at__isnull=True)
        if not families.exists():
            return False
    elif credential.session and not session_stands(user=user, session=credential.session):
        return False
    reachable = Membership.objects.of(user)
    if credential.confined_to:
        return reachable.filter(workspace_id=credential.confined_to).exists()
    return User.objects.get_queryset().filter(id=user.id, is_active=True).exists()
