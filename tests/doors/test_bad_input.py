"""Bad input is an answer, not a crash: the short form of tests/torture/test_bad_input.py."""

import pytest

from tests.torture.bad_input import ROLES, throw_at_all

CASES = 100
"""At least: it is one for each operation."""


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_many_bad_inputs_are_answered(role, committed_database, unhurried):
    tally, wrong = throw_at_all(cases=CASES, start=2026, roles=[role])
    assert wrong == [], "\n\n".join(wrong)
    assert tally.cases >= CASES
    assert not any(status >= 500 for status in tally.statuses)
