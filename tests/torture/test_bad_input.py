"""Bad input is an answer, not a crash: 10,000 cases over the whole API as three roles."""

import pytest

from tests.seeds import chosen_seed
from tests.torture.bad_input import throw_at_all
from tests.torture.rows import sized


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_ten_thousand_bad_inputs_are_answered(committed_database, unhurried, figures):
    cases = sized(10_000, 400)
    tally, wrong = throw_at_all(cases=cases, start=chosen_seed())
    server_errors = sum(times for status, times in tally.statuses.items() if status >= 500)
    figures(
        f"{tally.cases:,} cases over the whole API as three roles: {server_errors} answers of 5xx, "
        f"{len(wrong)} against the description"
    )
    assert wrong == [], "\n\n".join(wrong)
    assert tally.cases >= cases
    assert server_errors == 0
