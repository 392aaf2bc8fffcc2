"""static/review/bar.js: what is chosen with what, what can be undone, when a reason is missing."""

import pytest

pytestmark = pytest.mark.e2e
NEEDS = {"0": [], "1": [0], "2": [1], "3": []}


@pytest.fixture
def run(module):
    return module("review/bar.js")


def test_choosing_one_chooses_what_it_needs_and_leaving_it_out_what_needs_it(run):
    assert run("chosenWith", [], NEEDS, 2, True) == [0, 1, 2]
    assert run("chosenWith", [3], NEEDS, 0, True) == [0, 3]
    assert run("chosenWith", [0, 1, 2, 3], NEEDS, 0, False) == [3]
    assert run("chosenWith", [0, 1, 2], NEEDS, 2, False) == [0, 1]


def test_what_needs_each_other_is_chosen_together(run):
    circle = {"0": [1], "1": [0]}
    assert run("chosenWith", [], circle, 0, True) == [0, 1]
    assert run("chosenWith", [0, 1], circle, 1, False) == []


def test_seconds_left_end_at_none(run):
    now = 1_000_000
    assert run("secondsLeft", now + 9_001, now) == 10
    assert run("secondsLeft", now, now) == 0
    assert run("secondsLeft", now - 5_000, now) == 0


def test_a_reason_is_missing_where_one_is_taken(run):
    assert run("isReasonMissing", "reject", " \n")
    assert not run("isReasonMissing", "reject", "Stale.")
    assert not run("isReasonMissing", "approve", "")
    assert not run("isReasonMissing", "approve_edited", "")
