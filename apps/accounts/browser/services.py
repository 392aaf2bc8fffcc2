"""A person's own account in a browser. The library keeps sessions and codes; here is recorded what
it did, in the same unit of work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apps.accounts.browser.events import EmailVerified
from apps.accounts.events import PersonChanged
from apps.accounts.models import User
from apps.accounts.services.people import end_sessions
from apps.common.events import Event
from apps.ledger.services import record, unit


@contextmanager
def recorded(event: Event, *, actor: User) -> Iterator[None]:
    """What is done within, and the event that tells of it, commit together or not at all."""
    with unit(actor=actor):
        yield
        record(event)


def change_password(*, user: User, password: str, actor: User) -> None:
    """Whoever knew the old password is out: browsers by the hash in their session, tokens here."""
    with unit(actor=actor):
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        end_sessions(user.id)
        record(PersonChanged(person=user.id, fields=["password"]))


def verify_email(*, user: User, confirm: Callable[[], bool]) -> bool:
    with unit(actor=user):
        confirmed = confirm()
        if confirmed:
            record(EmailVerified(person=user.id))
        return confirmed
