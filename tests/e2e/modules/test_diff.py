"""What diff.js works out for itself."""

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture
def run(module):
    return module("review/diff.js")


@pytest.mark.parametrize(
    ("count", "at", "step", "found"),
    [
        (3, 0, 1, 1),
        (3, 2, 1, 2),
        (3, 0, -1, 0),
        (3, -1, 1, 0),
        (3, -1, -1, 2),
        (0, -1, 1, -1),
    ],
)
def test_the_next_one_is_never_past_the_last(run, count, at, step, found):
    assert run("nextOf", count, at, step) == found


def test_what_was_viewed_is_of_one_content_of_one_request(run):
    keys = {
        run("keyOf", {"request": request, "content": content})
        for request in ("a", "b")
        for content in ("c", "d")
    }
    assert len(keys) == 4


def test_an_operation_is_viewed_or_not(run):
    assert run("toggled", ["0"], "2") == ["0", "2"]
    assert run("toggled", ["0", "2"], "0") == ["2"]
    assert run("counted", 2, 5) == "2 of 5 viewed"
