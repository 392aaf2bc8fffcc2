"""What people and agents are called where others read it: never by their address."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.models import User
from apps.common.actors import NOBODY


@dataclass(frozen=True, kw_only=True)
class Person:
    id: UUID
    name: str


def name_of(user_id: UUID, name: str) -> str:
    if user_id == NOBODY:
        return "Lattice"
    return name or f"Somebody ({user_id.hex[-8:]})"


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Whoever is gone keeps the end of their id."""
    wanted = {one for one in ids if one}
    people = User.objects.get_queryset().filter(id__in=wanted - {NOBODY})
    found = dict.fromkeys(wanted, "") | dict(people.values_list("id", "name"))
    return {one: name_of(one, name) for one, name in found.items()}


def people_named(ids: Iterable[UUID | None]) -> dict[UUID, Person]:
    """With Lattice, which stands where nobody does."""
    return {one: Person(id=one, name=name) for one, name in names_of([NOBODY, *ids]).items()}
