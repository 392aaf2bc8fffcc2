"""A person's own account in a browser. The library keeps sessions and codes; here is recorded what
it did, in the same unit of work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apps.accounts.browser import events
from apps.accounts.models import User
from apps.common.events import Event
from apps.ledger.services import record, unit


@contextmanager
def recorded(event: Event, *, actor: User) -> Iterator[None]:
    """What is done within, and the event that tells of it, commit together or not at all."""
    with unit(actor=actor):
        yield
        record(event)


def change_password(*, user: User, password: str, actor: User) -> None:
    """Whoever knew the old password is out: sessions by their hash, tokens by revocation."""
    with unit(actor=actor):
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        record(events.PasswordChanged(person=user.id))


def verify_email(*, user: User, confirm: Callable[[], bool]) -> bool:
    with unit(actor=user):
        confirmed = confirm()
        if confirmed:
            record(events.EmailVerified(person=user.id))
        return confirmed
