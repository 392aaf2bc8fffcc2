"""static/review/tour.js: which step follows, and where its card stands."""

import pytest

pytestmark = pytest.mark.e2e

NAMES = ["queue", "change", "policy", "deciding", "history"]
VIEW = {"width": 1000, "height": 600}
CARD = {"width": 300, "height": 200}


@pytest.fixture
def run(module):
    return module("review/tour.js")


@pytest.mark.parametrize(
    ("places", "at", "direction", "found"),
    [
        (NAMES, -1, 1, 0),
        (NAMES, 4, 1, -1),
        (NAMES, 0, -1, -1),
        (["change", "history"], -1, 1, 1),
        (["change", "history"], 1, 1, 4),
        (["change", "history"], 4, -1, 1),
        ([], -1, 1, -1),
    ],
)
def test_steps_without_a_place_are_left_out(page, run, places, at, direction, found):
    followed = page.evaluate(
        """async ([names, places, at, direction]) => {
          const { following } = await import("/static/review/tour.js");
          return following(names, new Set(places), at, direction);
        }""",
        [NAMES, places, at, direction],
    )
    assert followed == found


@pytest.mark.parametrize(
    ("place", "left", "top"),
    [
        ({"left": 100, "top": 50, "bottom": 90}, 100, 102),  # below it
        ({"left": 100, "top": 500, "bottom": 590}, 100, 288),  # above it
        ({"left": 100, "top": 10, "bottom": 590}, 100, 378),  # over its end
        ({"left": 900, "top": 50, "bottom": 90}, 684, 102),  # not beyond the window
        ({"left": -50, "top": -900, "bottom": -100}, 16, 16),
    ],
)
def test_card_stands_beside_its_place_and_in_the_window(run, place, left, top):
    assert run("placed", place, CARD, VIEW) == {"left": left, "top": top}
