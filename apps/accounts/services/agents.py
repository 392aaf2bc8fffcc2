"""Agents: members of a workspace that act for the person who delegated to them."""

from uuid import UUID

from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import ActorKind, Permission, Role
from apps.accounts.errors import InvalidAccount
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.selectors.standing import require_person, standing_of
from apps.accounts.services.members import admit
from apps.accounts.services.names import readable
from apps.accounts.services.workspaces import lock_workspace
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.common.ids import uuid7
from apps.ledger.services import record, unit

DOMAIN = "agents.lattice.invalid"
"""Agents have an address because everybody has one. No mail gets there (RFC 2606)."""


def create_agent(
    *,
    workspace_id: UUID,
    name: str,
    owner: User,
    actor: Actor,
    role: Role = Role.CONTRIBUTOR,
    email: str = "",
) -> User:
    """Whoever creates it is its owner: it is never more than they are, and ends with them."""
    require_person(actor)
    require_person(owner)
    if actor.actor_id != owner.id and actor.actor_kind != "system":
        raise NotAllowed
    agent = User(id=uuid7(), name=readable(name), kind=ActorKind.AGENT, owner=owner)
    agent.email = email or f"{agent.id.hex}@{DOMAIN}"
    agent.default_workspace_id = workspace_id
    agent.set_unusable_password()
    with unit(actor=actor, workspace=workspace_id):
        workspace, _ = lock_workspace(workspace_id, actor, Permission.WRITE)
        agent.save(force_insert=True)
        admit(workspace, agent, role)
        record(events.AgentCreated(agent=agent.id, owner=owner.id, role=role))
    return agent


def change_agent(
    *,
    agent_id: UUID,
    workspace_id: UUID,
    actor: Actor,
    name: str | None = None,
    owner_id: UUID | None = None,
) -> User:
    """Another name, or another person of the workspace as its owner. What keys it had end then,
    in every workspace: whoever holds them would act for somebody who never gave them out."""
    name = None if name is None else readable(name)
    with unit(actor=actor, workspace=workspace_id):
        agent = _lock_agent(agent_id, workspace_id, actor)
        if name is not None and agent.name != name:
            agent.name = name
            agent.save(update_fields=["name", "updated_at"])
            record(events.AgentRenamed(agent=agent.id))
        before = agent.owner_id
        if owner_id and before and before != owner_id:
            _require_person_of(workspace_id, owner_id)
            agent.owner_id = owner_id
            agent.save(update_fields=["owner", "updated_at"])
            keys = ApiKey.objects.filter(user=agent, revoked_at__isnull=True)
            revoked = keys.update(revoked_at=timezone.now())
            record(
                events.AgentOwnerChanged(
                    agent=agent.id, before=before, after=owner_id, keys_revoked=revoked
                )
            )
    return agent


def disable_agent(*, agent_id: UUID, workspace_id: UUID, actor: Actor) -> User:
    """Its keys stop at once, in every workspace, and work again when it is enabled."""
    with unit(actor=actor, workspace=workspace_id):
        agent = _lock_agent(agent_id, workspace_id, actor)
        if agent.is_active:
            agent.is_active = False
            agent.save(update_fields=["is_active", "updated_at"])
            record(events.AgentDisabled(agent=agent.id))
    return agent


def enable_agent(*, agent_id: UUID, workspace_id: UUID, actor: Actor) -> User:
    with unit(actor=actor, workspace=workspace_id):
        agent = _lock_agent(agent_id, workspace_id, actor)
        if not agent.is_active:
            agent.is_active = True
            agent.save(update_fields=["is_active", "updated_at"])
            record(events.AgentEnabled(agent=agent.id))
    return agent


def _lock_agent(agent_id: UUID, workspace_id: UUID, actor: Actor) -> User:
    """For its owner, and for those who manage the members of a workspace it belongs to."""
    require_person(actor)
    lock_workspace(workspace_id, actor, Permission.WRITE)
    agent = (
        User.objects.get_queryset()
        .select_for_update()
        .filter(id=agent_id, kind=ActorKind.AGENT, memberships__workspace_id=workspace_id)
        .first()
    )
    if agent is None:
        raise NotFound
    place = standing_of(actor=actor, workspace_id=workspace_id)
    manages = place is not None and place.permits(Permission.MANAGE_MEMBERS)
    if agent.owner_id != actor.actor_id and not manages:
        raise NotAllowed("Only its owner, and who manages members, may do this to an agent.")
    return agent


def _require_person_of(workspace_id: UUID, user_id: UUID) -> None:
    people = Membership.objects.standing().filter(
        workspace_id=workspace_id, user_id=user_id, user__kind=ActorKind.PERSON
    )
    if not people.exists():
        message = "This is no person of the workspace."
        raise InvalidAccount(details=[{"field": "owner", "message": message}])
