"""What a server says at its start of a model that cannot be asked."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.common.ports import SETTINGS


@register(SETTINGS)
def check_embeddings(**_: object) -> list[CheckMessage]:
    """lattice.E018."""
    if settings.EMBEDDING_MODEL == "local" or settings.EMBEDDING_DIMENSIONS:
        return []
    return [
        Error(
            "EMBEDDING_MODEL is not local, and EMBEDDING_DIMENSIONS is not set.",
            hint="Say how long its vectors are, as its provider tells: 1536, for example.",
            id="lattice.E018",
        )
    ]
