"""Bad input is an answer, not a crash: 10,000 spoiled policies in one limited child."""

import pytest

from tests.seeds import chosen_seed
from tests.torture.malformed_policies import MEMORY, SECONDS, read_in_a_child


@pytest.mark.torture
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_ten_thousand_spoiled_policies_are_answered(figures):
    start = chosen_seed()
    found = read_in_a_child(cases=10_000, start=start)
    figures(
        f"row 12, policies, seed {start}: {found['came']}, slowest {found['slowest']:.2f} s of CPU "
        f"(case {found['slowest_case']}), peak {found['peak'] / 2**20:.0f} MB"
    )
    assert found["wrong"] == []
    assert sum(found["came"].values()) == 10_000
    assert found["slowest"] < SECONDS
    assert found["peak"] < MEMORY
