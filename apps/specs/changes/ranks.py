"""Ranks: texts that order the parts of a node, so that there always is one between two others.

They are read in blocks, as numbers. Who adds one after another, in either direction and wherever,
counts in one block and makes no rank longer.
"""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WIDTH = 4
_LIMIT = len(_DIGITS) ** _WIDTH
_STEP = 16
LONGEST = 100


class Crowded(ValueError):
    """Between these two so much was put in and out that no rank would be short enough."""


def rank_between(before: str, after: str) -> str:
    """Above `before` and below `after`; either may be empty: nothing stands there."""
    lows, highs = _blocks(before), _blocks(after)
    rank = ""
    bounded = bool(highs)
    for place in range(LONGEST // _WIDTH):
        low = lows[place] if place < len(lows) else 0
        high = (highs[place] if place < len(highs) else 0) if bounded else _LIMIT
        if high < low:
            break
        if high - low > 1:
            return rank + _written(_chosen(low, high, place < len(lows), bounded))
        rank += _written(low)
        bounded = bounded and high == low
    raise Crowded(f"Nothing goes between {before!r} and {after!r}.")


def _chosen(low: int, high: int, is_low: bool, is_high: bool) -> int:
    """Close to the one there is, so that there is room for more on the other side."""
    if is_low and not is_high:
        return min(low + _STEP, high - 1)
    if is_high and not is_low:
        return max(high - _STEP, 1)
    return (low + high) // 2


def _blocks(rank: str) -> list[int]:
    starts = range(0, len(rank), _WIDTH)
    return [int(rank[start : start + _WIDTH].ljust(_WIDTH, "0"), len(_DIGITS)) for start in starts]


def _written(number: int) -> str:
    text = ""
    for _ in range(_WIDTH):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text
