"""What is wrong with an operation, gathered so that all of it is told at once."""

from collections.abc import Callable, Iterator
from typing import Any

from apps.specs.changes.values import Fault


class Wrong(Exception):
    """`others`: what else is wrong with the same operation."""

    def __init__(
        self, field: str, message: str, code: str = "invalid", others: tuple["Wrong", ...] = ()
    ) -> None:
        self.field, self.message, self.code, self.others = field, message, code, others
        super().__init__(message)

    def faults(self, operation: int) -> Iterator[Fault]:
        yield Fault(operation=operation, field=self.field, message=self.message, code=self.code)
        for other in self.others:
            yield from other.faults(operation)


class Consequence(Exception):
    """It names what an operation with a fault would have made. That fault is told already."""


def every(*parts: Callable[[], Any]) -> list[Any]:
    """What each comes to, or all that is wrong with them."""
    found: list[Any] = []
    wrongs: list[Wrong] = []
    followed = False
    for part in parts:
        try:
            found.append(part())
        except Wrong as wrong:
            wrongs.append(wrong)
        except Consequence:
            followed = True
    if wrongs:
        first, *others = wrongs
        raise Wrong(first.field, first.message, first.code, (*first.others, *others))
    if followed:
        raise Consequence
    return found
