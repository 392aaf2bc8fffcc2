"""Bad input is an answer, not a crash: 10,000 spoiled files of each format in one limited child."""

import pytest

from tests.malformed.child import FORMATS, all_answered
from tests.seeds import chosen_seed
from tests.torture.rows import sized


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("form", FORMATS)
def test_ten_thousand_spoiled_files_are_answered(form, figures):
    all_answered(form, cases=sized(10_000, 150), start=chosen_seed(), tell=figures)
