"""Bad input is an answer, not a crash: 10,000 spoiled policies in one limited child."""

import pytest

from tests.seeds import chosen_seed
from tests.torture.malformed_policies import MEMORY, SECONDS, read_in_a_child
from tests.torture.rows import sized


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_ten_thousand_spoiled_policies_are_answered(figures):
    cases = sized(10_000, 500)
    found = read_in_a_child(cases=cases, start=chosen_seed())
    figures(
        f"{cases:,} spoiled policies in a child that may write no file: "
        + ", ".join(f"{times:,} {how}" for how, times in found["came"].items())
        + f", the slowest {found['slowest']:.2f} s of CPU (case {found['slowest_case']}), "
        f"{found['peak'] / 2**20:.0f} MB at most"
    )
    assert found["wrong"] == []
    assert sum(found["came"].values()) == cases
    assert found["slowest"] < SECONDS
    assert found["peak"] < MEMORY
