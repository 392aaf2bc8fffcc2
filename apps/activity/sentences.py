"""Events as people read them: each presenter is asked once for all its events of a page."""

from collections import defaultdict
from collections.abc import Sequence

from apps.activity.ports import EventRow, presenters
from apps.activity.rules import plain_sentence


def sentences(events: Sequence[EventRow]) -> list[str]:
    written = [plain_sentence(event.type) for event in events]
    places: dict[str, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        if presenter := _presenter_of(event.type):
            places[presenter].append(place)
    for presenter, found in places.items():
        texts = presenters[presenter]([events[place] for place in found])
        for place, text in zip(found, texts, strict=True):
            written[place] = text
    return written


def _presenter_of(event_type: str) -> str | None:
    words = event_type.split(".")
    starts = (".".join(words[:length]) for length in range(len(words), 0, -1))
    return next((start for start in starts if start in presenters), None)
