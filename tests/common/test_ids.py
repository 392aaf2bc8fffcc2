"""Ids are version 7, sort by age and cannot be guessed."""

from datetime import UTC, datetime

from apps.common.ids import first_id_at, uuid7


def test_ids_are_of_version_7_and_sort_in_the_order_they_were_made():
    before = datetime.now(UTC)
    made = [uuid7() for _ in range(1000)]
    assert made == sorted(made)
    assert made[0] >= first_id_at(before)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_what_cannot_be_guessed_differs_in_every_id():
    assert len({uuid7().int & (1 << 62) - 1 for _ in range(1000)}) == 1000
