"""What people and agents are called who have to do with a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.models import User
from apps.activity.naming import name_of
from apps.common.actors import NOBODY


@dataclass(frozen=True, kw_only=True)
class Person:
    id: UUID
    name: str


def people_named(ids: Iterable[UUID | None]) -> dict[UUID, Person]:
    """Whoever is gone keeps the end of their id."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    rows = User.objects.get_queryset().filter(id__in=wanted).values_list("id", "name")
    names = dict.fromkeys(wanted, "") | dict(rows)
    found = {one: Person(id=one, name=name_of(one, name)) for one, name in names.items()}
    return found | {NOBODY: Person(id=NOBODY, name="Lattice")}
