"""What the console says of files on its first page."""

from django.urls import reverse

from apps.common.actors import Actor
from apps.common.ports import Reading, tile
from apps.mirror.choices import FileState
from apps.mirror.models import Mirror, MirroredFile
from apps.mirror.selectors.mirrors import counted


@tile(title="Files", icon="folder", order=10)
def files(actor: Actor) -> Reading | None:
    """Those that do not say what the workspace says."""
    if not Mirror.objects.visible_to(actor).exists():
        return None
    counts = counted(MirroredFile.objects.visible_to(actor))
    every, waits = sum(counts.values()), counts.get(FileState.WAITS, 0)
    wrong = every - waits - counts.get(FileState.AGREED, 0)
    return Reading(
        wrong,
        note=f"conflict or are refused; {waits} wait, of {every}",
        url=reverse("admin:mirror"),
        tone="attention" if wrong else "good",
    )
