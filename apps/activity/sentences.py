"""Events as people read them: each presenter is asked once for all its events of a page."""

from collections import defaultdict
from collections.abc import Sequence

from apps.activity.ports import EventRow, Present, presenters
from apps.activity.rules import plain_sentence


def sentences(events: Sequence[EventRow]) -> list[str]:
    written = [plain_sentence(event.type) for event in events]
    places: dict[Present, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        if start := _start_of(event.type):
            places[presenters[start]].append(place)
    for present, found in places.items():
        texts = present([events[place] for place in found])
        for place, text in zip(found, texts, strict=True):
            written[place] = text
    return written


def _start_of(event_type: str) -> str | None:
    words = event_type.split(".")
    starts = (".".join(words[:length]) for length in range(len(words), 0, -1))
    return next((start for start in starts if start in presenters), None)
