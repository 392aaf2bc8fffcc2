"""What the console shows somebody: operators all of it, others what their workspaces show."""

from django.db.models import Q, QuerySet

from apps.accounts.models import ApiKey, CredentialQuerySet, Membership, Workspace
from apps.common.actors import Actor, operates


def seen_workspaces(actor: Actor) -> QuerySet[Workspace]:
    return Workspace.objects.all() if operates(actor) else Workspace.objects.visible_to(actor)


def managed_workspaces(actor: Actor) -> QuerySet[Workspace]:
    """Where one sees who is invited."""
    if operates(actor):
        return Workspace.objects.all()
    return Workspace.objects.filter(id__in=Membership.objects.managing(actor).values("workspace"))


def seen_keys(actor: Actor) -> CredentialQuerySet:
    """One's own, those of one's agents, and all of the workspaces whose members one manages."""
    if operates(actor):
        return ApiKey.objects.all()
    return ApiKey.objects.filter(
        Q(id__in=ApiKey.objects.visible_to(actor).values("id"))
        | Q(workspace__in=managed_workspaces(actor))
    )
