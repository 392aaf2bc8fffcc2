"""What happens to folders, beside what their proposals tell: ids and counts, no names of files."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class FileConflicted(Event):
    """Both sides have changed the same. The file stays as its author has it."""

    type = "mirror.file.conflicted"
    sentence = "A file and the specs of {workspace} say different things"
    file: UUID
    proposal: UUID | None


@dataclass(frozen=True, kw_only=True)
class FolderDoubted(Event):
    """More than half of its files are gone at once, which was not believed."""

    type = "mirror.folder.doubted"
    sentence = "Most files of {workspace} are gone at once: nothing was deleted"
    mirror: UUID
    gone: int
    files: int
