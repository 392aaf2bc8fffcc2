"""Events as people read them: each presenter is asked once for all its events of a page."""

import logging
from collections import defaultdict
from collections.abc import Sequence

from django.db import DatabaseError

from apps.activity.ports import EventRow, Present, presenters
from apps.activity.rules import plain_sentence

log = logging.getLogger(__name__)


def sentences(events: Sequence[EventRow]) -> list[str]:
    written = [plain_sentence(event.type) for event in events]
    places: dict[Present, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        if start := _start_of(event.type):
            places[presenters[start]].append(place)
    for present, found in places.items():
        try:
            texts = present([events[place] for place in found])
        except DatabaseError:
            raise
        except Exception:  # a room that finds no words for an event may not hold it back
            log.exception("Events cannot be told in sentences")
            continue
        for place, text in zip(found, texts, strict=True):
            written[place] = text
    return written


def _start_of(event_type: str) -> str | None:
    words = event_type.split(".")
    starts = (".".join(words[:length]) for length in range(len(words), 0, -1))
    return next((start for start in starts if start in presenters), None)
