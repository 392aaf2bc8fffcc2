"""Who may watch what, and whether those who watch still may."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.choices import Scope
from apps.accounts.errors import NotYourWorkspace, ScopeMissing
from apps.accounts.models import ApiKey, Membership, TokenFamily, User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import live_sessions
from apps.activity.ports import Viewer
from apps.common.actors import operates


def viewer_of(*, user: User, credential: Credential) -> Viewer:
    if not credential.allows(Scope.READ):
        raise ScopeMissing("This needs a credential with the scope `read`.")
    return Viewer(
        actor=user,
        credential=credential,
        workspaces=frozenset(Membership.objects.of(user).values_list("workspace_id", flat=True)),
        superuser=operates(user),
        password_mark=user.get_session_auth_hash() if credential.session else "",
    )


def unseeing(*, user: User, credential: Credential) -> Viewer:
    """Somebody whose workspaces cannot be told: until they can, there is nothing to see."""
    return Viewer(actor=user, credential=credential, workspaces=frozenset())


def narrowed(viewer: Viewer, wanted: str) -> Viewer:
    """The same, looking at one workspace only."""
    try:
        workspace_id = UUID(wanted)
    except ValueError as error:
        raise NotYourWorkspace from error
    if workspace_id not in viewer.workspaces:
        raise NotYourWorkspace
    return replace(viewer, workspaces=frozenset({workspace_id}), narrowed_to=workspace_id)


def reach_of(viewers: Collection[Viewer]) -> Mapping[Viewer, frozenset[UUID]]:
    """What each of them may see now; those who may not watch any more are missing.

    The number of queries does not depend on the number of viewers.
    """
    users = {viewer.actor.actor_id for viewer in viewers}
    active = {
        user.id: user
        for user in User.objects.get_queryset()
        .filter(id__in=users, is_active=True)
        .only("id", "password", "is_superuser")
    }
    member_of: dict[UUID, set[UUID]] = {user: set() for user in users}
    for user_id, workspace_id in (
        Membership.objects.standing()
        .filter(user_id__in=users)
        .values_list("user_id", "workspace_id")
    ):
        member_of[user_id].add(workspace_id)
    keys = ApiKey.objects.usable().filter(id__in=_known(v.credential.key_id for v in viewers))
    if not settings.DEVELOPMENT:
        keys = keys.filter(demo=False)
    families = TokenFamily.objects.filter(
        id__in=_known(v.credential.family_id for v in viewers),
        ended_at__isnull=True,
        tokens__expires_at__gt=timezone.now(),
    )
    sessions = live_sessions(_known(v.credential.session for v in viewers))
    proofs: set[Any] = {None}
    proofs.update(keys.values_list("id", flat=True))
    proofs.update(families.values_list("id", flat=True))
    proofs.update(map(bytes, sessions.values_list("fingerprint", flat=True)))  # type: ignore[misc]

    found = {}
    for viewer in viewers:
        user = active.get(viewer.actor.actor_id)
        shown = viewer.credential
        if user is None or not {shown.key_id, shown.family_id, shown.session} <= proofs:
            continue
        if viewer.superuser and not operates(user):
            continue
        if viewer.password_mark and viewer.password_mark != user.get_session_auth_hash():
            continue
        reach = frozenset(member_of[user.id])
        if confined := viewer.credential.confined_to:
            reach &= {confined}
            if not reach:
                continue
        if viewer.narrowed_to:
            reach &= {viewer.narrowed_to}
        found[viewer] = reach
    return found


def refreshed(viewer: Viewer) -> Viewer:
    """The same with what it may see now."""
    return replace(viewer, workspaces=reach_of([viewer]).get(viewer, frozenset()))


def _known(values: Iterable[Any]) -> set[Any]:
    return {value for value in values if value}
