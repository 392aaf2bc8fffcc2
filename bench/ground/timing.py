"""How long something takes, and what of it takes how long."""

import cProfile
import pstats
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


def milliseconds(
    ask: Callable[..., object], *given: object, clock: Callable[[], float] = time.perf_counter
) -> float:
    began = clock()
    ask(*given)
    return (clock() - began) * 1000


def within(took: Sequence[float], share: float) -> float:
    """How many milliseconds pass until so many of all were done, which took these seconds."""
    return took[int(len(took) * share)] * 1000


@contextmanager
def profiled() -> Iterator[None]:
    """Prints what took the processor's time: with all that it called, then by itself."""
    with cProfile.Profile(time.process_time) as profile:
        yield
    stats = pstats.Stats(profile)
    stats.sort_stats("cumulative").print_stats(r"apps/|execute|as_sql|full_clean", 60)
    stats.sort_stats("tottime").print_stats(25)
