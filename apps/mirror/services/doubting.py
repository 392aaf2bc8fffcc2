"""Whether files that are gone are believed to be gone."""

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from apps.mirror.events import FolderDoubted
from apps.mirror.models import Mirror, MirroredFile

LATELY = timedelta(minutes=2)


class Doubts:
    """Where most of all files are gone, at once or shortly after each other, the disk is more
    likely to be gone than they are."""

    def __init__(self, mirror: Mirror, *, delete_many: bool) -> None:
        self.mirror, self.delete_many = mirror, delete_many
        self.gone = self.files = 0
        """Of which it is doubted."""
        self._believed: list[MirroredFile] = []

    def believed(
        self, lost: Collection[MirroredFile], files: Collection[MirroredFile]
    ) -> list[MirroredFile]:
        """Of what is gone, and not by another name. `files`: those that were there."""
        before = self._lost_lately()
        there = before + sum(1 for row in files if row.digest and row.document)
        gone = before + sum(1 for row in lost if row.document)
        if 2 * gone <= there or self.delete_many:
            self._believed = [row for row in lost if row.document]
            return list(lost)
        self.gone, self.files = gone, there
        return [row for row in lost if row.document is None]

    @property
    def said(self) -> str:
        if not self.gone:
            return ""
        return (
            f"{self.gone} of {self.files} files are gone at once, which is not believed: nothing "
            "is deleted, and nothing is written. Say --delete-many if it is meant."
        )

    def as_event(self) -> FolderDoubted:
        return FolderDoubted(mirror=self.mirror.id, gone=self.gone, files=self.files)

    def count(self) -> None:
        """What was taken to be gone, once that is kept."""
        lost = sum(1 for row in self._believed if row.pk is None or not row.digest)
        if lost:
            self.mirror.lost = 0 if self.delete_many else self._lost_lately() + lost
            self.mirror.lost_at = timezone.now()
            self.mirror.save(update_fields=["lost", "lost_at"])

    def _lost_lately(self) -> int:
        """Files that were believed to be gone; also long ago, as long as others are not."""
        mirror = self.mirror
        is_lately = mirror.lost_at and timezone.now() - mirror.lost_at < LATELY
        return mirror.lost if mirror.said or is_lately else 0
