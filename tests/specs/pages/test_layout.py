"""Where things stand in a picture."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from apps.specs.pages.layout import LONG, WIDE, Size, arranged, extent

BOX = Size(100, 40)
names = st.integers(0, 40)
pictures = st.tuples(
    st.dictionaries(names, st.builds(Size, st.integers(20, 400), st.integers(20, 900)), min_size=1),
    st.lists(st.tuples(names, names), max_size=120),
)


def apart(sizes, places, one, other) -> bool:
    (x, y), (to_x, to_y) = places[one], places[other]
    across = x + sizes[one].width <= to_x or to_x + sizes[other].width <= x
    return across or y + sizes[one].height <= to_y or to_y + sizes[other].height <= y


@given(pictures)
def test_everything_has_a_place_of_its_own(picture):
    sizes, some = picture
    leads = {(one, other) for one, other in some if one in sizes and other in sizes}
    places = arranged(sizes, leads)
    assert places.keys() == sizes.keys()
    assert all(apart(sizes, places, one, other) for one, other in combinations(sizes, 2))
    assert min(place.x for place in places.values()) >= 0
    assert places == arranged(sizes, leads)


def test_what_follows_stands_to_the_right():
    sizes = dict.fromkeys("abcd", BOX)
    places = arranged(sizes, [("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")])
    assert places["a"].x < places["b"].x < places["c"].x
    assert places["b"].x == places["d"].x


def test_lines_do_not_cross_where_they_need_not():
    sizes = dict.fromkeys("abcdef", BOX)
    places = arranged(sizes, [("a", "f"), ("b", "e"), ("c", "d")])
    left = sorted("abc", key=lambda one: places[one].y)
    right = sorted("def", key=lambda one: places[one].y)
    assert [{"a": "f", "b": "e", "c": "d"}[one] for one in left] == right


def test_a_long_row_is_folded_to_the_shape_of_a_screen():
    sizes = dict.fromkeys(range(60), BOX)
    width, height = extent(sizes, arranged(sizes, [(n, n + 1) for n in range(59)]))
    assert width <= LONG * height


def test_a_thousand_that_follow_from_one_are_no_tower():
    sizes = dict.fromkeys(range(1_000), BOX)
    width, height = extent(sizes, arranged(sizes, [(0, n) for n in range(1, 1_000)]))
    assert width <= LONG * height * 2
    assert height <= LONG * width


def test_what_is_linked_with_nothing_fills_rows_below():
    sizes = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", BOX)
    places = arranged(sizes, [("a", "b")])
    assert {places[one].y for one in "ab"} == {0}
    assert all(places[one].y > 0 for one in "cdef")
    assert extent(sizes, places).width <= WIDE
