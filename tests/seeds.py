"""The number chance starts from, printed so that a failure can be replayed."""

import os
import random


def given_seed() -> str:
    """What `LATTICE_TORTURE_SEED` says, with which each run takes the same cases."""
    return os.environ.get("LATTICE_TORTURE_SEED", "")


def chosen_seed() -> int:
    """That, or a new one."""
    given = given_seed()
    seed = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"\nLATTICE_TORTURE_SEED={seed}")  # noqa: T201 (pytest shows it when the test fails)
    return seed
