"""Patches that somebody accepts while a process keeps the folder: that writes them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction

from apps.mirror.models import Mirror


def accept_later(*, mirror: Mirror, paths: Collection[str]) -> None:
    """Beside what is to be accepted already."""
    with transaction.atomic():
        held = Mirror.objects.select_for_update().get(id=mirror.id)
        is_all = not paths or held.accepts == []
        held.accepts = [] if is_all else sorted({*paths, *(held.accepts or ())})
        held.save(update_fields=["accepts"])


@contextmanager
def accepting(mirror: Mirror) -> Iterator[frozenset[str] | None]:
    """What is to be accepted. It is, once this ends well."""
    asked = mirror.accepts
    yield None if asked is None else frozenset(asked)
    if asked is not None:
        Mirror.objects.filter(id=mirror.id, accepts=asked).update(accepts=None)
