"""Who may see what in accounts, and what somebody is in a workspace."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import BinaryField, F, Func, QuerySet, Value
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from apps.accounts.choices import ActorKind, Permission, Role, Scope
from apps.accounts.errors import NotYourWorkspace, PeopleOnly, WorkspaceArchived
from apps.accounts.models import ApiKey, Invitation, Membership, TokenFamily, User, Workspace
from apps.accounts.ports import Credential, Standing
from apps.accounts.rules import HALF_PROVED_SCOPES, PERMISSIONS, PERSON_SCOPES, effective_role
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.common.prepared import prepared


def standing_of(*, actor: Actor, workspace_id: UUID) -> Standing | None:
    """What this actor is in this workspace; None: nothing, or there is no such workspace."""
    if actor.actor_kind == "system":
        found = Workspace.objects.visible_to(actor).filter(id=workspace_id).first()
        return _standing(found.id, Role.OWNER, found.archived_at) if found else None
    if actor.confined_to and actor.confined_to != workspace_id:
        return None
    for role, owner_role, archived_at, owner, tier in _membership(
        user=actor.actor_id, workspace=workspace_id
    ):
        effective = effective_role(role, owner_role)
        return _standing(workspace_id, effective, archived_at, owner=owner, tier=tier)
    return None


@prepared
def _membership(
    *, user: UUID, workspace: UUID
) -> QuerySet[Membership, tuple[str, str | None, datetime | None, UUID | None, str]]:
    mine = Membership.objects.standing().filter(user_id=user, workspace_id=workspace)
    return mine.values_list(  # type: ignore[misc]  # of which `standing` makes the second
        "role", "owner_role", "workspace__archived_at", "user__owner_id", "user__tier"
    )


def require(*, actor: Actor, workspace_id: UUID, permission: Permission) -> Standing:
    """The standing of an actor who may do this; otherwise the error that says why not."""
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    require_permission(standing, permission)
    return standing


def require_permission(standing: Standing, permission: Permission) -> None:
    """An archived workspace is read-only, for everybody."""
    if not standing.permits(permission):
        raise NotAllowed(f"Your role here is {standing.role}, which does not permit this.")
    if standing.archived and permission != Permission.READ:
        raise WorkspaceArchived


def require_owner(*, actor: Actor, workspace_id: UUID) -> Standing:
    """For what only owners may do, also to an archived workspace."""
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    if standing.role != Role.OWNER:
        raise NotAllowed("Only an owner of the workspace may do this.")
    return standing


def require_person(actor: Actor) -> None:
    if actor.actor_kind == ActorKind.AGENT:
        raise PeopleOnly


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


def keys_of(*, actor: Actor, workspace_id: UUID) -> QuerySet[ApiKey]:
    """One's own and those of one's agents; all of them for who manages members."""
    place = require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = ApiKey.objects.filter(workspace_id=workspace_id).select_related("user")
    if place.permits(Permission.MANAGE_MEMBERS):
        return found
    return found & ApiKey.objects.visible_to(actor).select_related("user")


def person_or_agent(named: str) -> User | None:
    """By their e-mail address or id, as commands name them."""
    try:
        return User.objects.filter(id=UUID(named)).first()
    except ValueError:
        return User.objects.filter(email__iexact=named).first()


def workspace_for(*, user: User, wanted: UUID | None) -> Standing:
    """The workspace a call is about: the wanted one, the credential's, or the person's default."""
    chosen = wanted or user.confined_to or user.default_workspace_id
    if chosen is None:
        mine = Membership.objects.of(user).order_by("created_at", "id")
        chosen = mine.values_list("workspace_id", flat=True).first()
    standing = standing_of(actor=user, workspace_id=chosen) if chosen else None
    if standing is None:
        raise NotYourWorkspace
    return standing


def has_second_step(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists())


def lacks_second_step(person: User) -> bool:
    return bool(settings.REQUIRE_TOTP) and not has_second_step(person)


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


def _standing(
    workspace_id: UUID,
    role: Role,
    archived_at: datetime | None,
    *,
    owner: UUID | None = None,
    tier: str = "",
) -> Standing:
    return Standing(
        workspace_id=workspace_id,
        role=role,
        permissions=PERMISSIONS[role],
        archived=archived_at is not None,
        owner=owner,
        tier=tier,
    )
