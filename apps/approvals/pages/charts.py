"""How long decisions took, as small bars and in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log1p

from apps.approvals.choices import State
from apps.approvals.selectors.records import ACCEPTED, Decided

BAR, GAP, TALL, SHORTEST = 8, 3, 36, 3
MOST = 24
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: int
    y: int
    height: int
    tone: str
    told: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    bars: tuple[Bar, ...]
    width: int
    height: int
    told: str


def times_chart(decided: Sequence[Decided]) -> Chart | None:
    """Of the latest decisions, the newest first: drawn from the oldest on. Heights grow with the
    logarithm, so that a minute and a day are both seen."""
    latest = list(reversed(decided[:MOST]))
    if not latest:
        return None
    longest = max(each.took for each in latest)
    shortest = min(each.took for each in latest)
    span = f"between {in_words(shortest)} and {in_words(longest)}"
    if len(latest) == 1 or in_words(shortest) == in_words(longest):
        span = in_words(longest)
    count = "The last decision" if len(latest) == 1 else f"The last {len(latest)} decisions"
    return Chart(
        bars=tuple(_bar(number, each, longest) for number, each in enumerate(latest)),
        width=len(latest) * (BAR + GAP) - GAP,
        height=TALL,
        told=f"{count} took {span}.",
    )


def _bar(number: int, each: Decided, longest: timedelta) -> Bar:
    share = log1p(each.took.total_seconds()) / log1p(max(1.0, longest.total_seconds()))
    height = max(SHORTEST, round(TALL * share))
    tone, outcome = outcome_of(each.state)
    return Bar(
        x=number * (BAR + GAP),
        y=TALL - height,
        height=height,
        tone=tone,
        told=f"{outcome} after {in_words(each.took)}",
    )


def outcome_of(state: str) -> tuple[str, str]:
    """Of what people decided: its tone, and a word for it."""
    if state in ACCEPTED:
        return "good", "Accepted"
    return ("wait", "Sent back") if state == State.CHANGES_REQUESTED else ("bad", "Denied")


def in_words(span: timedelta) -> str:
    """In the largest unit of which there is one: "14 minutes"."""
    seconds = max(0, round(span.total_seconds()))
    size, unit = next((one for one in UNITS if seconds >= one[0]), UNITS[-1])
    count = round(seconds / size)
    return f"{count} {unit}" + ("" if count == 1 else "s")
