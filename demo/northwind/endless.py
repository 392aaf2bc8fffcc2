"""What the agent thinks of when its script is through: made from what the specs say by then."""

import re
from collections.abc import Callable
from typing import Any

from .client import Client
from .ideas import Idea, create, edit

SPECS = "/api/v1/specs"
MEASURE = re.compile(r"\b(\d{1,4}) (seconds|minutes|hours?|days|items|EUR)\b")


def thought_up(client: Client, number: int) -> Idea | None:
    """The next one. None: there is nothing to say about what it came upon."""
    requirements = client.get(f"{SPECS}?kind=requirement&status=active&limit=100")["results"]
    if not requirements:
        return None
    ways: list[Callable[[int, dict[str, Any]], Idea | None]] = [_stricter, _shown, _noted]
    way = ways[number % len(ways)]
    # A step that has no divisor in common with most lengths goes through all of them.
    key = requirements[(number * 7) % len(requirements)]["key"]
    return way(number, client.get(f"{SPECS}/{key}"))


def _stricter(number: int, spec: dict[str, Any]) -> Idea | None:
    """Another number in the same sentence: once smaller, then larger."""
    found = MEASURE.search(spec["body"])
    if found is None or spec["body"].count(found[0]) != 1:
        return _noted(number, spec)
    before = int(found[1])
    step = max(1, before // 5)
    smaller = number % 2 == 0 and before > step
    after = before - step if smaller else before + step
    now = f"{after} {found[2]}"
    promise = "We keep more than we promise here." if smaller else "We do not always keep this."
    return Idea(
        name=f"endless-{number}",
        title=f"{now} in {spec['key']}",
        why=f"{promise} {now} instead of {found[0]} is what the figures of this week say.",
        operations=(edit(spec["key"], found[0], now, base=spec["version"]),),
    )


def _shown(number: int, spec: dict[str, Any]) -> Idea | None:
    """A test, for what none verifies."""
    if any(each["kind"] == "verifies" for each in spec["linked_from"]):
        return _noted(number, spec)
    return Idea(
        name=f"endless-{number}",
        title=f"Test {spec['key']}",
        why=f"Nothing shows that {spec['key']} holds.",
        operations=(
            create(
                "test",
                f"Shows: {spec['title'].lower()}"[:200],
                f"Given: a shop as it runs today.\n\nThen: {spec['body'].strip().splitlines()[0]}",
                ("verifies", spec["key"]),
                labels=spec["labels"],
            ),
        ),
    )


def _noted(number: int, spec: dict[str, Any]) -> Idea:
    return Idea(
        name=f"endless-{number}",
        title=f"Note to look at {spec['key']} again",
        why="So that it is not forgotten.",
        operations=(
            create(
                "task",
                f"Ask support about: {spec['title'].lower()}"[:200],
                f"Does {spec['key']} still say what they see?",
                attributes={"state": "open"},
            ),
        ),
    )
