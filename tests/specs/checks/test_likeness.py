"""How well it is told whether two demands are one: on pairs that the judge was not made better on.

Run with -s to read the figures. The floors are said and defended in docs/checks.md.
"""

from pathlib import Path

import pytest
import yaml

from apps.inference.ports import embedding_model
from apps.specs.language.likeness import CLOSE, says_the_same

CORPUS = Path(__file__).parent / "corpus"
FLOOR = {"tuned": (0.95, 0.5), "held_out": (0.95, 0.6)}
"""Precision and recall."""


@pytest.mark.parametrize("part", FLOOR)
def test_it_is_seldom_wrong_and_finds_most(part):
    read = yaml.safe_load((CORPUS / f"likeness_{part}.yaml").read_text())
    right: list[tuple[str, str]] = []
    wrong: list[tuple[str, str]] = []
    missed: list[tuple[str, str]] = []
    for heading, pairs in read.items():
        for one, other in pairs:
            mine, theirs = embedding_model().embed([one, other]).vectors
            closeness = sum(a * b for a, b in zip(mine, theirs, strict=True))
            found, is_so = says_the_same(one, other, closeness), heading == "alike"
            if found or is_so:
                (right if found and is_so else wrong if found else missed).append((one, other))
    precision = len(right) / (len(right) + len(wrong))
    recall = len(right) / (len(right) + len(missed))
    print(f"{part:9} likeness precision {precision:.2f} recall {recall:.2f}")  # noqa: T201
    print(*wrong, *missed, sep="\n")  # noqa: T201
    assert precision >= FLOOR[part][0]
    assert recall >= FLOOR[part][1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A door shall stay open for 5 s.", "A door shall stay open for 8 s."),
        ("A door shall stay open.", "A door shall not stay open."),
        ("The guard shall open the door.", "The visitor shall open the door."),
        ("The guard shall open the door.", "The door shall open the guard."),
        ("The guard shall open the door.", "The guard may open the door."),
        ("The guard shall open the door.", "The guard shall open doors without a key."),
        ("It shall stay open.", "It shall stay open."),
        ("The door.", "The door."),
        ("", ""),
    ],
)
def test_however_close_they_are_these_are_two(one, other):
    assert not says_the_same(one, other, 0.99)


def test_units_and_numbers_may_be_written_otherwise():
    one = "The door shall close within two minutes."
    assert says_the_same(one, "The door must close within 120 s.", 0.95)


def test_what_says_more_holds_what_says_less_but_not_the_other_way_round():
    both = "The till shall accept a card. The till shall print a receipt."
    assert says_the_same("The till shall accept a card.", both, 0.9)
    assert not says_the_same(both, "The till shall accept a card.", 0.9)


def test_what_is_not_close_is_not_read():
    same = "The till shall accept a card."
    assert not says_the_same(same, same, CLOSE - 0.01)
