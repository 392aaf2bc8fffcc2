"""A person's own account in a browser. The library keeps sessions and codes; here is recorded what
it did, in the same unit of work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.utils import timezone

from apps.accounts.credentials import address_digest, fingerprint
from apps.accounts.errors import EmailTaken
from apps.accounts.events import EmailChanged, EmailVerified, LoggedOut, PersonChanged
from apps.accounts.models import Invitation, TokenFamily, User
from apps.accounts.services.invitations import accept_invitation
from apps.accounts.services.people import end_sessions, register_person
from apps.common.actors import SYSTEM, operates
from apps.common.errors import NotFound
from apps.common.events import Event
from apps.ledger.services import record, unit


@contextmanager
def recorded(event: Event, *, actor: User) -> Iterator[None]:
    """What is done within, and the event that tells of it, commit together or not at all."""
    with unit(actor=actor):
        yield
        record(event)


@contextmanager
def address_watched(*, user: User) -> Iterator[None]:
    """The library changes a person's address in several ways: whichever it took, it is recorded."""
    try:
        with unit(actor=user):
            people = User.objects.get_queryset().select_for_update().filter(id=user.id)
            before = people.values_list("email", flat=True).get()
            yield
            after = people.values_list("email", flat=True).get()
            if after != before:
                digests = {"before": address_digest(before), "after": address_digest(after)}
                record(EmailChanged(person=user.id, **digests))
    except IntegrityError as error:
        raise EmailTaken from error


def set_password(*, user: User, password: str, actor: User) -> None:
    """One that the library has judged, asked for with the old one or by mail. Whoever knew the old
    one is out: browsers by the hash in their session, tokens here."""
    with unit(actor=actor):
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        end_sessions(user.id)
        record(PersonChanged(person=user.id, fields=["password"]))


def end_login(*, family_id: UUID, actor: User) -> TokenFamily:
    """Signs one API client out: one's own, or anybody's for who runs the instance."""
    with unit(actor=actor):
        family = TokenFamily.objects.select_for_update().filter(id=family_id).first()
        if family is None or not (family.user_id == actor.id or operates(actor)):
            raise NotFound
        if family.ended_at is None:
            family.ended_at = timezone.now()
            family.save(update_fields=["ended_at"])
            record(LoggedOut(person=family.user_id, family=family.id))
    return family


def join_by_invitation(*, token: str, name: str, password: str) -> User:
    """An account and its first membership, or neither. The mail has proved the address."""
    with unit(actor=SYSTEM):
        invitation = Invitation.objects.filter(token_hash=fingerprint(token)).first()
        if invitation is None:
            raise NotFound
        person = register_person(email=invitation.email, password=password, name=name, actor=SYSTEM)
        EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
        accept_invitation(token=token, actor=person)
        record(EmailVerified(person=person.id))
    person.refresh_from_db()
    return person


def verify_email(*, user: User, confirm: Callable[[], bool]) -> bool:
    """Whoever was asked for another address signs in with it from now on."""
    with address_watched(user=user):
        confirmed = confirm()
        if confirmed:
            record(EmailVerified(person=user.id))
    return confirmed
