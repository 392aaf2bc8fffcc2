"""Patches that somebody accepts while a process keeps the folder: that writes them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, TextField, Value

from apps.mirror.models import Mirror


def accept_later(*, mirror: Mirror, paths: Collection[str]) -> None:
    """Beside what is to be accepted already."""
    held = Mirror.objects.filter(id=mirror.id)
    if not paths:
        held.update(accepts=[])
        return
    more = Value(sorted(paths), output_field=ArrayField(TextField()))
    held.exclude(accepts=[]).update(accepts=Func(F("accepts"), more, function="array_cat"))


@contextmanager
def accepting(mirror: Mirror) -> Iterator[frozenset[str] | None]:
    """What is to be accepted. It is, once this ends well."""
    asked = mirror.accepts
    yield None if asked is None else frozenset(asked)
    if asked is not None:
        Mirror.objects.filter(id=mirror.id, accepts=asked).update(accepts=None)
