"""Reads of the record. Who may see a workspace is known above: callers bring one they resolved."""

from uuid import UUID

from apps.ledger.models import Epoch


def current_epoch() -> UUID:
    """The instance's present epoch: part of every position that a client may resume from."""
    return Epoch.objects.values_list("id", flat=True).latest()
