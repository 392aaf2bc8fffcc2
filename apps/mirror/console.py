"""What the console says of files on its first page."""

from django.urls import reverse

from apps.common.actors import Actor
from apps.common.ports import Reading, tile
from apps.mirror.choices import FileState
from apps.mirror.models import Mirror, MirroredFile


@tile(title="Files", icon="folder", order=10)
def files(actor: Actor) -> Reading | None:
    """Those that do not say what the workspace says."""
    if not Mirror.objects.visible_to(actor).exists():
        return None
    states = list(MirroredFile.objects.visible_to(actor).values_list("state", flat=True))
    waits = states.count(FileState.WAITS)
    wrong = len(states) - waits - states.count(FileState.AGREED)
    return Reading(
        wrong,
        note=f"conflict or are refused; {waits} wait, of {len(states)}",
        url=reverse("admin:mirror"),
        tone="attention" if wrong else "good",
    )
