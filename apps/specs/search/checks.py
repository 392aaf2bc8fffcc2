"""What a server says at its start of a search that cannot work."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.common.ports import SETTINGS
from apps.specs.search.backends.qdrant import is_installed


@register(SETTINGS)
def check_search(**_: object) -> list[CheckMessage]:
    """lattice.E017."""
    return list(_unsearchable())


def _unsearchable() -> Iterator[CheckMessage]:
    if settings.EMBEDDINGS_BACKEND != "qdrant":
        return
    if not is_installed():
        yield Error(
            "EMBEDDINGS_BACKEND is qdrant, but qdrant-client is not installed.",
            hint="Install it beside Lattice: `.venv/bin/pip install qdrant-client`.",
            id="lattice.E017",
        )
    if not settings.QDRANT_URL:
        yield Error(
            "EMBEDDINGS_BACKEND is qdrant, but QDRANT_URL is not set.",
            hint="Name the server, like http://127.0.0.1:6333.",
            id="lattice.E017",
        )
