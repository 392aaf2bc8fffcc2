"""Keys for nodes that are created without one: the next number of their prefix. A number that was
given and not used goes back, unless somebody was given a later one since.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models.functions import Lower

from apps.specs.models.graph import Key, KeyCounter
from apps.specs.schemas import CreateIn, OperationIn

Given = Mapping[str, Sequence[str]]
"""By their prefix."""
AT_ONCE = 20
"""Keys of sections that are looked for."""


def want_keys(operations: Sequence[OperationIn]) -> bool:
    return any(isinstance(each, CreateIn) and each.key is None for each in operations)


def give_keys(
    operations: Sequence[OperationIn], prefixes: Mapping[str, str], workspace: UUID
) -> Given:
    """Once and for all. In a unit the prefix is held until it ends: so doors ask before theirs
    begins."""
    wanted = Counter(
        prefix
        for each in operations
        if isinstance(each, CreateIn) and each.key is None and (prefix := prefixes.get(each.kind))
    )
    named = {each.key.lower() for each in operations if isinstance(each, CreateIn) and each.key}
    return {
        prefix: _next(workspace, prefix, number, named) for prefix, number in sorted(wanted.items())
    }


def take_back(given: Given, workspace: UUID) -> None:
    """Nothing was kept that has them. Somebody else may hold those between: only the last ones,
    without a gap, go back."""
    for prefix, keys in given.items():
        numbers = {int(key.rpartition("-")[2]) for key in keys}
        last = free = max(numbers)
        while free in numbers:
            free -= 1
        counter = KeyCounter.objects.filter(workspace_id=workspace, prefix=prefix)
        counter.filter(last=last).update(last=free)


def handing_out(given: Given, workspace: UUID) -> Callable[[str], str]:
    """Each of them once. What is no prefix of these is a section's key: that one, or else numbered,
    as nobody has it yet."""
    left = {prefix: iter(keys) for prefix, keys in given.items()}

    def next_key(stem: str) -> str:
        if stem not in left:
            left[stem] = _numbered(stem, workspace)
        return next(left[stem])

    return next_key


def _numbered(stem: str, workspace: UUID) -> Iterator[str]:
    keys, last = [stem, *(f"{stem}-{number}" for number in range(2, AT_ONCE))], AT_ONCE - 1
    while True:
        taken = _taken(workspace, keys)
        yield from (key for key in keys if key.lower() not in taken)
        first = _free_after(workspace, stem, last)
        last = first + AT_ONCE - 1
        keys = [f"{stem}-{number}" for number in range(first, last + 1)]


def _next(workspace: UUID, prefix: str, most: int, named: set[str]) -> list[str]:
    """Those that somebody chose themselves are passed over."""
    keys: list[str] = []
    beyond = 0
    while lacks := most - len(keys):
        last = _advance(workspace, prefix, lacks, beyond)
        numbered = [f"{prefix}-{number}" for number in range(last - lacks + 1, last + 1)]
        taken = _taken(workspace, numbered)
        keys += [key for key in numbered if key.lower() not in taken | named]
        beyond = _free_after(workspace, prefix, last) - 1 if taken else 0
    return keys


def _advance(workspace: UUID, prefix: str, by: int, beyond: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO specs_keycounter AS counter (workspace_id, prefix, last)"
            " VALUES (%(workspace)s, %(prefix)s, %(beyond)s + %(by)s)"
            " ON CONFLICT (workspace_id, prefix)"
            " DO UPDATE SET last = greatest(counter.last, %(beyond)s) + %(by)s RETURNING last",
            {"workspace": workspace, "prefix": prefix, "by": by, "beyond": beyond},
        )
        [last] = cursor.fetchone()
    return int(last)


def _taken(workspace: UUID, keys: Sequence[str]) -> set[str]:
    found = Key.objects.annotate(small=Lower("key")).filter(
        workspace_id=workspace, small__in=[key.lower() for key in keys]
    )
    return set(found.values_list("small", flat=True))


def _free_after(workspace: UUID, stem: str, last: int) -> int:
    """A number beyond the last one that nobody has; the first, where none before it are left out.
    Many at once are asked for, further and further apart and then closer and closer: the keys that
    begin alike may be very many."""
    apart: Sequence[int] = [2**power for power in range(32)]
    while True:
        asked = {f"{stem}-{last + step}".lower(): last + step for step in apart}
        taken = {asked[key] for key in _taken(workspace, [*asked])}
        free = min(set(asked.values()) - taken, default=max(taken, default=last) + 2**32)
        last = max((number for number in taken if number < free), default=last)
        if free == last + 1:
            return free
        apart = range(1, free - last, -(-(free - last) // 32))
