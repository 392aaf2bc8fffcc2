"""Which folder is kept alike with which workspace."""

from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from apps.mirror.errors import AnotherFolder
from apps.mirror.models import Mirror


def mirror_of(
    *, folder: Path, workspace: UUID, moves: bool = False, dry_run: bool = False
) -> Mirror:
    """`moves`: the folder stands elsewhere now, which is kept once the mirror is. Raises
    AnotherFolder."""
    named = str(folder)
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever comes at the same time sees who was first.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('mirror claims', 0))")
        found = Mirror.objects.filter(workspace_id=workspace).first()
        if found and found.folder == named:
            return found
        if found and not moves:
            raise AnotherFolder(
                f"{found.folder} is kept alike with this workspace. Say --move if that is {named} "
                "by now."
            )
        others = Mirror.objects.filter(folder=named, workspace__deleted_at=None)
        if not moves and (other := others.exclude(workspace_id=workspace).first()):
            raise AnotherFolder(
                f"{named} is kept alike with the workspace {other.workspace_id}. Say --move if it "
                "is to be kept alike with this one."
            )
        mirror = found or Mirror(workspace_id=workspace)
        mirror.folder = named
        if not (found or dry_run):
            mirror.save()
    return mirror
