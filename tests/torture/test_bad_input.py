"""Bad input is an answer, not a crash: 10,000 cases over the whole API as three roles.

`SEED=<number>` replays a run.
"""

import os
import random

import pytest

from tests.torture.bad_input import throw_at_all


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_ten_thousand_bad_inputs_are_answered(committed_database, unhurried, figures):
    start = int(os.environ.get("SEED", random.randrange(2**32)))
    tally, wrong = throw_at_all(cases=10_000, start=start)
    figures(f"bad input, SEED={start}: {tally}; wrong: {len(wrong)}")
    assert wrong == [], "\n\n".join(wrong)
    assert tally.cases >= 10_000
    assert not any(status >= 500 for status in tally.statuses)
