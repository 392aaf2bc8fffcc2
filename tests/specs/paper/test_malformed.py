"""Spoiled files are read or told, never worse: the short form of tests/torture."""

import pytest

from tests.malformed.child import all_answered


@pytest.mark.parametrize("form", ["markdown", "front_matter", "reqif", "archives"])
def test_hundreds_of_spoiled_files_are_answered(form):
    all_answered(form, cases=200, start=2026, tell=print)
