"""People: registering, describing and disabling them."""

import zoneinfo
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import ActorKind, Role, WorkspaceKind
from apps.accounts.errors import EmailTaken, InvalidAccount
from apps.accounts.models import Membership, TokenFamily, User, Workspace
from apps.accounts.rules import CONSOLE_ROLES
from apps.accounts.services.names import readable
from apps.common.actors import Actor, operates
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.services import record, unit


def register_person(*, email: str, password: str, name: str = "", actor: Actor) -> User:
    """A person with a personal workspace of their own."""
    person = User(email=email.strip().lower(), name=readable(name) if name.strip() else "")
    _validate(person, password)
    person.set_password(password)
    workspace = Workspace(name=person.name or "Personal", kind=WorkspaceKind.PERSONAL)
    with unit(actor=actor, workspace=workspace.id):
        workspace.save(force_insert=True)
        person.default_workspace = workspace
        try:
            with transaction.atomic():
                person.save(force_insert=True)
        except IntegrityError as error:
            raise EmailTaken from error
        Membership.objects.create(workspace=workspace, user=person, role=Role.OWNER)
        refresh_console_access(person.id)
        record(events.PersonRegistered(person=person.id))
    person.refresh_from_db(fields=["is_staff"])
    return person


def change_profile(*, person: User, actor: Actor, **changes: Any) -> User:
    """Name, time zone or default workspace, of oneself."""
    if actor.actor_id != person.id:
        raise NotAllowed
    _validate_profile(person, changes)
    if changes.get("name"):
        changes["name"] = readable(changes["name"])
    with unit(actor=actor):
        row = User.objects.select_for_update().get(id=person.id)
        changed = sorted(field for field, value in changes.items() if getattr(row, field) != value)
        if changed:
            for field in changed:
                setattr(row, field, changes[field])
            row.save(update_fields=[*changed, "updated_at"])
            record(events.PersonChanged(person=row.id, fields=changed))
    return row


def change_password(*, person: User, present: str, wanted: str, actor: Actor) -> None:
    """A new password ends every login that the old one opened."""
    if actor.actor_id != person.id:
        raise NotAllowed
    with unit(actor=actor):
        row = User.objects.select_for_update().get(id=person.id)
        if not row.check_password(present):
            raise InvalidAccount(
                details=[{"field": "password", "message": "This is not your present password."}]
            )
        _validate(row, wanted, field="new_password")
        row.set_password(wanted)
        row.save(update_fields=["password", "updated_at"])
        end_sessions(row.id)
        record(events.PersonChanged(person=row.id, fields=["password"]))


def disable_person(*, person_id: UUID, actor: Actor) -> User:
    """They and their agents are out at once; nothing of theirs is deleted."""
    with unit(actor=actor):
        row = _locked_person(person_id, actor)
        if row.is_active:
            row.is_active = False
            row.save(update_fields=["is_active", "updated_at"])
            record(events.PersonDisabled(person=row.id, sessions_ended=end_sessions(row.id)))
    return row


def enable_person(*, person_id: UUID, actor: Actor) -> User:
    with unit(actor=actor):
        row = _locked_person(person_id, actor)
        if not row.is_active:
            row.is_active = True
            row.save(update_fields=["is_active", "updated_at"])
            record(events.PersonEnabled(person=row.id))
    return row


def refresh_console_access(user_id: UUID) -> None:
    """The console is open to whoever reviews or manages somewhere. Call it when roles change."""
    person = User.objects.get_queryset().select_for_update().get(id=user_id)
    reviewing = Membership.objects.standing().filter(user_id=user_id, role__in=CONSOLE_ROLES)
    wanted = person.is_superuser or (not person.is_agent and reviewing.exists())
    if person.is_staff != wanted:
        person.is_staff = wanted
        person.save(update_fields=["is_staff"])


def end_sessions(user_id: UUID) -> int:
    open_ones = TokenFamily.objects.filter(user_id=user_id, ended_at__isnull=True)
    return open_ones.update(ended_at=timezone.now())


@cache
def time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _locked_person(person_id: UUID, actor: Actor) -> User:
    if not operates(actor):
        raise NotAllowed
    people = User.objects.get_queryset().select_for_update().filter(kind=ActorKind.PERSON)
    person = people.filter(id=person_id).first()
    if person is None:
        raise NotFound
    return person


def _validate(person: User, password: str, field: str = "password") -> None:
    details: list[dict[str, Any]] = []
    try:
        validate_email(person.email)
    except ValidationError as error:
        details += [{"field": "email", "message": message} for message in error.messages]
    try:
        validate_password(password, person)
    except ValidationError as error:
        details += [{"field": field, "message": message} for message in error.messages]
    if len(password) > 1024:
        details.append({"field": field, "message": "At most 1024 characters."})
    if details:
        raise InvalidAccount(details=details)


def _validate_profile(person: User, changes: dict[str, Any]) -> None:
    details: list[dict[str, Any]] = []
    if "time_zone" in changes and changes["time_zone"] not in time_zones():
        message = "There is no such time zone. They are named like Europe/Berlin."
        details.append({"field": "time_zone", "message": message})
    workspace_id = changes.get("default_workspace_id")
    if workspace_id and not Membership.objects.of(person).filter(workspace_id=workspace_id):
        message = "You do not belong to this workspace."
        details.append({"field": "default_workspace", "message": message})
    if details:
        raise InvalidAccount(details=details)
