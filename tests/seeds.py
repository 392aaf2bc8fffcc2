"""The number chance starts from, printed so that a failure can be replayed."""

import os
import random


def chosen_seed() -> int:
    """`LATTICE_TORTURE_SEED`, or a new one."""
    given = os.environ.get("LATTICE_TORTURE_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"\nLATTICE_TORTURE_SEED={seed}")  # noqa: T201 (pytest shows it when the test fails)
    return seed
