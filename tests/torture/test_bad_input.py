"""Bad input is an answer, not a crash: 10,000 cases over the whole API as three roles."""

import pytest

from tests.seeds import chosen_seed
from tests.torture.bad_input import throw_at_all


@pytest.mark.torture
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_ten_thousand_bad_inputs_are_answered(committed_database, unhurried, figures):
    start = chosen_seed()
    tally, wrong = throw_at_all(cases=10_000, start=start)
    figures(f"row 12, seed {start}: {tally}; wrong: {len(wrong)}")
    assert wrong == [], "\n\n".join(wrong)
    assert tally.cases >= 10_000
    assert not any(status >= 500 for status in tally.statuses)
