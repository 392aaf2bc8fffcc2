"""The second step of a login: codes of an app or recovery codes, each good once at any door.

The library makes and checks them; that a code was used is kept here, in its row, because the
library's own note of it is in the cache, where it stands for less time than the code is valid.
"""

from typing import Any

from allauth.core.context import request_context
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.http import HttpRequest

from apps.accounts import events, keyring
from apps.accounts.errors import InvalidSecondStep, LockedOut, SecondStepRequired
from apps.accounts.models import User
from apps.accounts.services.data_keys import require_system
from apps.common.actors import Actor
from apps.ledger.services import record, unit

BY_CODE = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
SEALED = ("secret", "seed")
PATIENCE = 300
"""Seconds in which the library counts a person's wrong codes, wherever they come from."""


def prove_second_step(*, person: User, code: str, request: HttpRequest) -> None:
    """Wrong codes are counted by address like wrong passwords, and by person like in a browser."""
    if not code:
        raise SecondStepRequired
    with request_context(request):
        try:
            forget_failures = check_rate_limit(person)
        except ValidationError as error:
            raise LockedOut(retry_after=PATIENCE) from error
        if not spend_code(person=person, code=code):
            credentials = {"username": person.email}
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
            raise InvalidSecondStep
        forget_failures()


def spend_code(*, person: User, code: str) -> bool:
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=person, type__in=BY_CODE)
        for row in rows.order_by("id"):
            if row.wrap().validate_code(code) and first_use(row, code):
                row.record_usage()
                return True
    return False


def first_use(authenticator: Authenticator, code: str) -> bool:
    """Of a valid code. Neither it nor one before it is taken again."""
    if authenticator.type != Authenticator.Type.TOTP:
        return True  # recovery codes are crossed out by the library, in their row
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        secret, wanted = unseal(row.data["secret"]), "".join(code.split())
        moments = [
            moment
            for moment in yield_hotp_counters_from_time()
            if format_hotp_value(hotp_value(secret, moment)) == wanted
        ]
        if not moments or moments[0] <= row.data.get("spent_until", 0):
            return False
        row.data["spent_until"] = moments[0]
        row.save(update_fields=["data"])
    return True


# --- at rest


def seal(text: str) -> str:
    return _vault().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    return _vault().decrypt(sealed.encode()).decode()


def reseal_second_steps(*, actor: Actor) -> int:
    """Seal every secret with the newest master key: afterwards the older ones may go."""
    require_system(actor)
    with unit(actor=actor):
        rows = [row for row in Authenticator.objects.select_for_update() if sealed_before(row)]
        for row in rows:
            row.data |= {name: _resealed(row.data[name]) for name in SEALED if name in row.data}
        Authenticator.objects.bulk_update(rows, ["data"], batch_size=500)
        if rows:
            newest = keyring.newest_master_key_id()
            record(events.SecondStepsResealed(count=len(rows), master_key=newest))
    return len(rows)


def sealed_before(authenticator: Authenticator) -> bool:
    """Whether an older master key than the newest is needed to open it."""
    data: dict[str, Any] = authenticator.data
    return any(not _opens_with_newest(data[name]) for name in SEALED if name in data)


def _opens_with_newest(sealed: str) -> bool:
    try:
        _locks()[0].decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _resealed(sealed: str) -> str:
    try:
        return _vault().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A second step is sealed with a master key that is not in LATTICE_MASTER_KEYS. "
            "Put it back, then run rotate_keys."
        ) from error


def _vault() -> MultiFernet:
    return MultiFernet(_locks())


def _locks() -> list[Fernet]:
    return [Fernet(key + "=" * (-len(key) % 4)) for key in settings.MASTER_KEYS]
