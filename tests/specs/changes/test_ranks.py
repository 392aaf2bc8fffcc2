"""There always is a rank between two others, and they stay short."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.specs.changes.ranks import LONGEST, Crowded, rank_between


@given(st.lists(st.integers(min_value=0), max_size=60))
def test_what_is_put_in_stands_where_it_was_put(places):
    ranks: list[str] = []
    for place in places:
        at = place % (len(ranks) + 1)
        before = ranks[at - 1] if at else ""
        ranks.insert(at, rank_between(before, ranks[at] if at < len(ranks) else ""))
    assert all(one < other for one, other in pairwise(ranks))
    assert all(0 < len(rank) <= LONGEST for rank in ranks)


@pytest.mark.parametrize("is_upwards", [True, False])
@pytest.mark.parametrize(("low", "high"), [("", ""), ("i000", "i001"), ("i000", "")])
def test_thousands_one_after_another_make_no_rank_longer(is_upwards, low, high):
    for _ in range(10_000):
        rank = rank_between(low, high)
        assert len(rank) <= 8
        low, high = (rank, high) if is_upwards else (low, rank)


@pytest.mark.parametrize(("low", "high"), [("b", "a"), ("a", "a"), ("i000", "i0000000")])
def test_between_what_stands_in_no_order_nothing_goes(low, high):
    with pytest.raises(Crowded):
        rank_between(low, high)


def test_a_place_can_be_worn_out():
    def wear() -> None:
        low, high = "i000", "i001"
        for turn in range(10_000):
            rank = rank_between(low, high)
            low, high = (rank, high) if turn % 2 else (low, rank)

    with pytest.raises(Crowded):
        wear()
