"""Whether what clients saw of one thing could have come about one after the other: linearizability,
searched for as Wing and Gong do, with Lowe's memory of what was tried.

https://www.cs.cmu.edu/~wing/publications/WingGong93.pdf
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Act = TypeVar("Act")


@dataclass(frozen=True, kw_only=True)
class Call(Generic[Act]):
    """What one client asked and was told, and when."""

    act: Act
    asked: float
    told: float = inf
    """`inf`: never. It may have happened at any time since, or may not happen at all."""
    answer: Hashable = None


def in_one_order(
    history: Sequence[Call[Act]], begin: State, step: Callable[[State, Act], tuple[State, Hashable]]
) -> list[Call[Act]] | None:
    """An order in which each call gets the answer that it got, and which no clock contradicts:
    whatever was answered before something else was asked comes before it. None: there is none."""
    answered = sum(1 << at for at, call in enumerate(history) if call.told < inf)
    tried = {(0, begin)}
    ways: list[tuple[int, State, list[Call[Act]]]] = [(0, begin, [])]
    while ways:
        done, state, order = ways.pop()
        if answered & ~done == 0:
            return order
        left = [(at, call) for at, call in enumerate(history) if not done >> at & 1]
        soonest = min(call.told for _, call in left)
        for at, call in left:
            if call.asked > soonest:
                continue
            after, answer = step(state, call.act)
            way = (done | 1 << at, after)
            if (call.told == inf or answer == call.answer) and way not in tried:
                tried.add(way)
                ways.append((*way, [*order, call]))
    return None
