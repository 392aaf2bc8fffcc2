"""What happened, as people read it: the sentence that stands with each event, its gaps filled.
Names are read for a whole page at once: two queries, however many events.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.accounts.selectors.names import names_of
from apps.activity.ports import EventRow, phrases
from apps.activity.rules import plain_sentence
from apps.common.events import registry

_PEOPLE = {
    *("actor", "agent", "from_owner", "holder", "member", "person", "to_owner"),
    *("accounts.agent.owner_changed.after",),
}
_CODES = {"outcome", "subject_kind"}
_ROLES = {"role", "accounts.member.role_changed.after"}


def told(events: Sequence[EventRow]) -> list[str]:
    """One sentence for each. Whoever may see an event reads the same one."""
    workspaces = {event.workspace_id for event in events}
    names = names_of(_people_of(events)) | dict(
        Workspace.objects.filter(id__in=workspaces).values_list("id", "name")
    )
    return [_sentence(event, names) for event in events]


def _people_of(events: Iterable[EventRow]) -> set[UUID]:
    found = set()
    for event in events:
        found.add(event.actor_id)
        for field, value in event.payload.items():
            if _is(_PEOPLE, event, field) and (known := _as_id(value)):
                found.add(known)
    return found


def _sentence(event: EventRow, names: dict[UUID, str]) -> str:
    known = registry.get(event.type)
    if known is None or not known.sentence:
        return plain_sentence(event.type)
    text = known.sentence.format_map(_Words(event, names))
    return text[:1].upper() + text[1:]


class _Words(dict[str, str]):
    """What a sentence's gaps are filled with. An event of long ago may lack some of it."""

    def __init__(self, event: EventRow, names: dict[UUID, str]) -> None:
        super().__init__()
        self._event = event
        self._names = names

    def __missing__(self, gap: str) -> str:
        event = self._event
        if gap == "actor":
            return "Lattice" if event.actor_kind == "system" else self._person(event.actor_id)
        if gap == "workspace":
            return self._names.get(event.workspace_id, "a workspace")
        value = event.payload.get(gap)
        if _is(_PEOPLE, event, gap):
            return self._person(_as_id(value))
        if _is(_ROLES, event, gap):
            return _with_article(str(value or "member"))
        room = event.type.partition(".")[0]
        if said := phrases.get(f"{room}.{gap}", {}).get(str(value)):
            return said
        if _is(_CODES, event, gap):
            return str(value).replace("_", " ")
        if isinstance(value, list):
            return ", ".join(str(item).replace("_", " ") for item in value)
        return "unknown" if value is None else str(value)

    def _person(self, user_id: UUID | None) -> str:
        return self._names[user_id] if user_id else "somebody"


def _is(kind: set[str], event: EventRow, field: str) -> bool:
    return field in kind or f"{event.type}.{field}" in kind


def _as_id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _with_article(role: str) -> str:
    return f"an {role}" if role[:1] in "aeiou" else f"a {role}"
