"""Folders that are kept alike, and their files."""

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Prefetch, QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors.members import demo_reviewer
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.mirror.choices import FileState
from apps.mirror.errors import NoMirror
from apps.mirror.models import Mirror, MirroredFile
from apps.specs.selectors.proposals import in_brief
from apps.specs.selectors.prospects import revision_of


def the_mirror(*, actor: Actor, workspace_id: UUID) -> Mirror:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Mirror.objects.visible_to(actor).filter(workspace_id=workspace_id).first()
    if found is None:
        raise NoMirror
    return found


def who_proposes() -> str:
    """What files say, unless the command names somebody: an e-mail address or an id, or nothing."""
    return settings.SPEC_SYNC_AS or settings.INIT_EMAIL or demo_reviewer()


def only_workspace_of(*, folder: Path, actor: Actor) -> UUID | None:
    """That the folder is kept alike with already."""
    found = Mirror.objects.visible_to(actor).filter(folder=str(folder))
    workspaces = list(found.values_list("workspace_id", flat=True))
    return workspaces[0] if len(workspaces) == 1 else None


def counted(files: QuerySet[MirroredFile]) -> dict[str, int]:
    """How many are in each state."""
    found = files.order_by().values("state").annotate(count=Count("id"))
    return dict(found.values_list("state", "count"))


def files_of(
    *, actor: Actor, workspace_id: UUID, state: str | None = None
) -> QuerySet[MirroredFile]:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = MirroredFile.objects.visible_to(actor).filter(workspace_id=workspace_id)
    found = found.filter(state=state) if state else found
    proposals = Prefetch("proposal", in_brief())
    return found.prefetch_related(proposals).defer("agreed", "offered", "nodes")


def unsettled_files(mirror: Mirror) -> list[MirroredFile]:
    """That do not say what the workspace says."""
    rows = mirror.files.exclude(state=FileState.AGREED).order_by("path")
    return list(rows.defer("agreed", "offered", "nodes"))


def is_due(mirror: Mirror, *, since: int) -> bool:
    """Whether the workspace has moved since the folder was compared with that revision, or somebody
    has accepted something."""
    if revision_of(mirror.workspace_id) != since:
        return True
    if Mirror.objects.filter(id=mirror.id).exclude(accepts=None).exists():
        return True
    waiting = mirror.files.exclude(proposal=None)
    return waiting.exclude(heard=F("proposal__state")).exists()
