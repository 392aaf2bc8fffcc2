"""Whatever two sides do, in whatever order: nothing that anybody wrote is lost, both say the same
in the end but for what they disagree on, and to ask again changes nothing.
"""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.mirror.sides import Sides
from tests.seeds import chosen_seed

SHORT = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
RUNS, STEPS = 100, 40


def test_two_sides(db):
    run_state_machine_as_test(Sides, settings=SHORT)


@pytest.mark.torture
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_two_sides_in_a_hundred_runs(db, figures):
    long = settings(SHORT, max_examples=RUNS, stateful_step_count=STEPS, database=None)
    run_state_machine_as_test(seed(chosen_seed())(Sides), settings=long)
    figures(f"{RUNS} runs of up to {STEPS} steps on both sides of a folder: nothing was lost")
