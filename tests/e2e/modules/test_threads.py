"""static/review/threads.js: what a place is called, what is told of a refusal, what is put anew."""

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture
def run(module):
    return module("review/threads.js")


@pytest.mark.parametrize(
    ("place", "key", "words"),
    [
        ({"operation": "0", "side": "after", "line": "12"}, "0:after:12", "of line 12"),
        ({"operation": "0", "side": "before", "line": "3"}, "0:before:3", "of line 3, as it was"),
        ({}, "::", "of all of it"),
    ],
)
def test_a_place_has_a_key_and_words(run, place, key, words):
    assert run("keyOf", place) == key
    assert run("wordsOf", place) == f"Say something {words}"


def test_a_refusal_is_told_and_what_was_written_stays(run):
    told = {"message": "No.", "details": [{"message": "There is no such place."}, {"field": "x"}]}
    assert run("problemOf", 422, told) == "No. There is no such place."
    assert "503" in run("problemOf", 503, None)
    for status in (0, 503):
        assert "Your text is still here" in run("problemOf", status, None)


@pytest.mark.parametrize(
    ("shown", "arrived", "differs"), [(None, "1", True), ("1", "2", True), ("1", "1", False)]
)
def test_what_is_as_it_was_is_left_alone(run, shown, arrived, differs):
    before = {"dataset": {"version": shown}} if shown else None
    assert run("differs", before, {"dataset": {"version": arrived}}) is differs
