"""What graph.js works out for itself: which part of a picture is seen."""

import pytest

pytestmark = pytest.mark.e2e

WHOLE = {"x": 0, "y": 0, "width": 4_000, "height": 1_000}
PLACE = {"width": 1_000, "height": 500}
MIDDLE = {"x": 0.5, "y": 0.5}


@pytest.fixture
def run(module):
    return module("specs/graph.js")


def test_all_of_it_is_seen_in_the_middle(run):
    assert run("fitted", WHOLE, PLACE) == {"x": 0, "y": -500, "width": 4_000, "height": 2_000}
    small = {"x": 0, "y": 0, "width": 100, "height": 100}
    assert run("fitted", small, PLACE) == {"x": -450, "y": -200, "width": 1_000, "height": 500}


def test_what_nobody_could_read_begins_at_its_beginning(run):
    seen = run("first", WHOLE, PLACE)
    assert (seen["x"], seen["y"]) == (0, 0)
    assert seen["width"] < 2_000


def test_coming_nearer_keeps_what_is_under_the_point(run):
    view = run("fitted", WHOLE, PLACE)
    nearer = run("scaled", view, WHOLE, PLACE, 2, MIDDLE)
    assert (nearer["width"], nearer["height"]) == (2_000, 1_000)
    assert nearer["x"] + nearer["width"] / 2 == view["x"] + view["width"] / 2


@pytest.mark.parametrize("factor", [1_000, 0.001])
def test_there_is_a_nearest_and_a_farthest(run, factor):
    view = run("scaled", run("fitted", WHOLE, PLACE), WHOLE, PLACE, factor, MIDDLE)
    assert 300 < view["width"] <= 4_000


def test_the_picture_never_leaves_its_place(run):
    view = run("fitted", WHOLE, PLACE)
    moved = run("moved", view, WHOLE, 1_000_000, -1_000_000)
    assert moved["x"] + moved["width"] / 2 == WHOLE["width"]
    assert moved["y"] + moved["height"] / 2 == 0
