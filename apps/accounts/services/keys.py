"""API keys. The text of a key exists in the answer that shows it, and nowhere else."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import Permission
from apps.accounts.credentials import fingerprint, new_api_key
from apps.accounts.errors import (
    AgentDisabled,
    InvalidAccount,
    InvalidScope,
    KeyRevoked,
    OutlivesItsIssuer,
    WorkspaceArchived,
)
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.rules import PERSON_SCOPES, scopes_within
from apps.accounts.selectors.standing import require_person, standing_of
from apps.accounts.services.names import readable
from apps.accounts.services.workspaces import lock_workspace
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.services import record, unit

LONGEST_GRACE = timedelta(days=7)


@dataclass(frozen=True)
class IssuedKey:
    key: ApiKey
    text: str


def issue_key(
    *,
    holder: User,
    workspace_id: UUID,
    name: str,
    scopes: Collection[str],
    actor: Actor,
    expires_at: datetime | None = None,
    within: Collection[str] = PERSON_SCOPES,
    until: datetime | None = None,
    demo: bool = False,
) -> IssuedKey:
    """For oneself, or for an agent of one's own; never more than `within`, nor longer than `until`:
    the scopes and the end of what one proved oneself with."""
    require_person(actor)
    if demo and not settings.DEVELOPMENT:
        raise NotAllowed("Demo keys are made in development alone.")
    if not scopes or not scopes_within(scopes, agent=holder.is_agent):
        raise InvalidScope
    _require_within(scopes, within)
    _require_ends_by(until, expires_at)
    name = readable(name)
    if expires_at and expires_at <= timezone.now():
        raise InvalidAccount(details=[{"field": "expires_at", "message": "This is past."}])
    with unit(actor=actor, workspace=workspace_id):
        _, standing = lock_workspace(workspace_id, actor, Permission.READ)
        if standing.archived:
            raise WorkspaceArchived
        holder = _lock_holder(holder.id)
        _require_delegation(holder, workspace_id, actor)
        issued = _make(
            user=holder,
            workspace_id=workspace_id,
            name=name,
            scopes=sorted(set(scopes)),
            demo=demo,
            created_by_id=actor.actor_id if actor.actor_kind != "system" else holder.id,
            expires_at=expires_at,
        )
        record(
            events.ApiKeyIssued(
                key=issued.key.id,
                holder=holder.id,
                scopes=issued.key.scopes,
                expires_at=expires_at,
            )
        )
    return issued


def rotate_key(
    *,
    key_id: UUID,
    actor: Actor,
    grace: timedelta = timedelta(0),
    within: Collection[str] = PERSON_SCOPES,
    until: datetime | None = None,
) -> IssuedKey:
    """A new key with the same rights. The old one goes on for the grace period, 0 by default."""
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        message = f"From 0 to {LONGEST_GRACE.days} days."
        raise InvalidAccount(details=[{"field": "grace_seconds", "message": message}])
    seen = _seen_key(key_id, actor)
    _require_within(seen.scopes, within)
    with unit(actor=actor, workspace=seen.workspace_id):
        holder = _lock_holder(seen.user_id)
        if actor.actor_id not in (holder.id, holder.owner_id) and actor.actor_kind != "system":
            raise NotAllowed("A key is rotated by its holder, or by its agent's owner.")
        old = _lock_key(key_id, actor)
        now = timezone.now()
        if old.revoked_at or (old.expires_at and old.expires_at <= now) or old.replaced_by_id:
            raise KeyRevoked
        if not holder.is_active:
            raise AgentDisabled
        _require_ends_by(until, old.expires_at)
        issued = _make(
            user=holder,
            workspace_id=old.workspace_id,
            name=old.name,
            scopes=old.scopes,
            demo=old.demo,
            created_by_id=actor.actor_id if actor.actor_kind != "system" else old.user_id,
            expires_at=old.expires_at,
        )
        old.replaced_by = issued.key
        works_until = min(now + grace, old.expires_at) if old.expires_at else now + grace
        old.expires_at = works_until
        old.revoked_at = None if grace else now
        old.save(update_fields=["replaced_by", "expires_at", "revoked_at"])
        record(
            events.ApiKeyRotated(
                key=old.id,
                replaced_by=issued.key.id,
                holder=old.user_id,
                works_until=works_until,
            )
        )
    return issued


def revoke_key(*, key_id: UUID, actor: Actor) -> ApiKey:
    """At once. Revoking twice is revoking."""
    with unit(actor=actor, workspace=_seen_key(key_id, actor).workspace_id):
        key = _lock_key(key_id, actor)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            record(events.ApiKeyRevoked(key=key.id, holder=key.user_id))
    return key


def _make(**fields: object) -> IssuedKey:
    parts = new_api_key()
    key = ApiKey.objects.create(
        public_id=parts.public_id, secret_hash=fingerprint(parts.secret), **fields
    )
    return IssuedKey(key, str(parts))


def _require_within(scopes: Collection[str], proved: Collection[str]) -> None:
    if not set(scopes) <= set(proved):
        raise InvalidScope("A credential hands out no scope that it does not have itself.")


def _require_ends_by(until: datetime | None, expires_at: datetime | None) -> None:
    if until and (expires_at is None or expires_at > until):
        latest = f"At the latest {until.isoformat(timespec='seconds')}."
        raise OutlivesItsIssuer(details=[{"field": "expires_at", "message": latest}])


def _require_delegation(holder: User, workspace_id: UUID, actor: Actor) -> None:
    delegated = actor.actor_id in (holder.id, holder.owner_id) or actor.actor_kind == "system"
    if not delegated:
        raise NotFound
    if not holder.is_active:
        raise AgentDisabled
    belongs = Membership.objects.standing().filter(workspace_id=workspace_id, user_id=holder.id)
    if not belongs.exists():
        raise NotFound


def _seen_key(key_id: UUID, actor: Actor) -> ApiKey:
    """One's own, those of one's agents, and all of a workspace whose members one manages."""
    key = ApiKey.objects.filter(id=key_id).first()
    if key is None:
        raise NotFound
    if ApiKey.objects.visible_to(actor).filter(id=key_id).exists():
        return key
    place = standing_of(actor=actor, workspace_id=key.workspace_id)
    if place is None or not place.permits(Permission.MANAGE_MEMBERS):
        raise NotFound
    return key


def _lock_holder(user_id: UUID) -> User:
    """Until the key is made: an agent that is handed over meanwhile would keep it."""
    return User.objects.get_queryset().select_for_update(no_key=True).get(id=user_id)


def _lock_key(key_id: UUID, actor: Actor) -> ApiKey:
    require_person(actor)
    return ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(id=key_id)
