"""Quantities are read with their units and bounds, and excluded where no value keeps both."""

from math import inf, isclose

import pytest

from apps.specs.language.measures import measures_in
from apps.specs.language.prose import sentences_of


def measures(text):
    (sentence,) = sentences_of(text)
    return measures_in(sentence.words)


@pytest.mark.parametrize(
    ("text", "dimension", "low", "high"),
    [
        ("at most 200 ms", "time", -inf, 0.2),
        ("no less than 1,500 requests per minute", "of requests/time", 25, inf),
        ("within three business days", "of it", -inf, 3),
        ("after 15 minutes", "time", 900, 900),
        ("between 10 MB and 20 MB", "data", 10e6, 20e6),
        ("from -40 to 85 °C", "degrees (°C)", -40, 85),
        ("10 - 20 mm", "length", 0.01, 0.02),
        ("5 ± 0.5 V", "voltage", 4.5, 5.5),
        ("at most € 5", "money", -inf, 5),
        ("at least $2.50", "money (USD)", 2.5, inf),
        ("2 thousand litres", "volume", 2000, 2000),
        ("up to 100 km/h", "speed", -inf, 27.7778),
        ("a 30-day period", "time", 2592000, 2592000),
        ("1,5 bar", "pressure", 150000, 150000),
        ("exactly 3", "of it", 3, 3),
        ("99.9 % of all days", "share", 0.999, 0.999),
    ],
)
def test_a_quantity_is_read(text, dimension, low, high):
    (one,) = measures(text)
    assert one.dimension == dimension
    assert isclose(one.low, low, rel_tol=1e-4)
    assert isclose(one.high, high, rel_tol=1e-4)


@pytest.mark.parametrize(
    "text", ["TLS 1.2", "version 1.2.3", "port 8080", "ISO 27001", "section 4", "24/7", "H2O"]
)
def test_names_with_numbers_are_no_quantities(text):
    assert measures(text) == []


@pytest.mark.parametrize(
    ("one", "other", "excludes"),
    [
        ("at most 5 s", "more than 5 s", True),
        ("at most 5 s", "at least 5 s", False),
        ("less than 5 s", "exactly 5 s", True),
        ("at most 100 ms", "at least 105 ms", True),
        ("30 days", "1 month", False),
        ("1 GB", "1 GiB", False),
        ("5 s", "5 m", False),
        ("5 °C", "41 °F", False),
        ("below -10 °C", "above -5 °C", True),
    ],
)
def test_what_no_value_keeps_both_of_is_known(one, other, excludes):
    (this,), (that,) = measures(one), measures(other)
    assert this.excludes(that) == that.excludes(this) == excludes
