"""Specs that are searched, and their index brought up to date."""

from apps.specs.services.indexing import embed_passages, post_passages


def index(workspace) -> None:
    """What the task does after something was applied."""
    while post_passages(workspace.id):
        pass
    while embed_passages(workspace.id):
        pass
