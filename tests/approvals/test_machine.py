"""Requests and votes in any order: a short run of the machine, whose long one is torture."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.approvals.machine import Approvals

SHORT = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.django_db
def test_whatever_is_done_in_whatever_order_votes_come_to_what_they_say():
    run_state_machine_as_test(Approvals, settings=SHORT)
