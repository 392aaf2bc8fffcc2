"""Who belongs to a workspace, or is asked to, and whom a command names."""

from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.accounts.choices import ActorKind, Permission
from apps.accounts.models import Invitation, Membership, User
from apps.accounts.rules import DEMO_REVIEWER
from apps.accounts.selectors.standing import require, standing_of
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound


def members_of(*, actor: Actor, workspace_id: UUID) -> QuerySet[Membership]:
    """Those who count, with what they are: a removed owner's agents are not among them."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Membership.objects.visible_to(actor).standing().filter(workspace_id=workspace_id)
    return found.select_related("user")


def invitations_of(*, actor: Actor, workspace_id: UUID) -> QuerySet[Invitation]:
    """Addresses of people who are not members yet, so only for those who manage members."""
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    if not standing.permits(Permission.MANAGE_MEMBERS):
        raise NotAllowed("Invitations are shown to those who manage members.")
    return Invitation.objects.visible_to(actor).filter(workspace_id=workspace_id)


def agents_of(*, actor: Actor, workspace_id: UUID) -> QuerySet[Membership]:
    """Disabled ones too, as memberships that know the agent and its owner."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Membership.objects.visible_to(actor).filter(workspace_id=workspace_id)
    return found.filter(user__kind=ActorKind.AGENT).select_related("user", "user__owner")


def demo_reviewer() -> str:
    """Their e-mail address, or nothing where there is no demo."""
    return DEMO_REVIEWER if settings.DEMO else ""


def person_or_agent(named: str) -> User | None:
    """By their e-mail address or id, as commands name them."""
    try:
        return User.objects.filter(id=UUID(named)).first()
    except ValueError:
        return User.objects.filter(email__iexact=named).first()
