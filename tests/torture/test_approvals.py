"""Promise 9: what was approved is what is applied, whatever else happens in whatever order."""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals.machine import Approvals
from tests.seeds import chosen_seed

RUNS, STEPS = 2_000, 25


@pytest.mark.torture
@pytest.mark.row(9)
@pytest.mark.timeout(4 * 3600)
@pytest.mark.django_db
def test_votes_come_to_what_they_say_in_two_thousand_runs(capsys):
    long = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with capsys.disabled():
        chosen = chosen_seed()
        run_state_machine_as_test(seed(chosen)(Approvals), settings=long)
        print(f"{RUNS:,} runs of up to {STEPS} steps: no contradiction")
