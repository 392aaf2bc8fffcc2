"""Which folder is kept alike with which workspace."""

from pathlib import Path
from uuid import UUID

from apps.mirror.errors import AnotherFolder
from apps.mirror.models import Mirror


def mirror_of(
    *, folder: Path, workspace: UUID, moves: bool = False, dry_run: bool = False
) -> Mirror:
    """`moves`: the folder stands elsewhere now, which is kept once the mirror is. Raises
    AnotherFolder."""
    named = str(folder)
    found = Mirror.objects.filter(workspace_id=workspace).first()
    if found and found.folder == named:
        return found
    if found and not moves:
        raise AnotherFolder(
            f"{found.folder} is kept alike with this workspace. Say --move if that is {named} by "
            "now."
        )
    others = Mirror.objects.filter(folder=named, workspace__deleted_at=None)
    if not moves and (other := others.exclude(workspace_id=workspace).first()):
        raise AnotherFolder(
            f"{named} is kept alike with the workspace {other.workspace_id}. Say --move if it is "
            "to be kept alike with this one."
        )
    if found:
        found.folder = named
    elif dry_run:
        found = Mirror(workspace_id=workspace, folder=named)
    else:
        found, _ = Mirror.objects.get_or_create(workspace_id=workspace, defaults={"folder": named})
    return found
