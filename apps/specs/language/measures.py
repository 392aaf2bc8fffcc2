"""Quantities in a sentence: a number with its unit, and what bound it sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

from apps.specs.language.prose import Word

_UNITS = {
    "time": "ns 1e-9 nanosecond 1e-9 µs 1e-6 μs 1e-6 us 1e-6 microsecond 1e-6 ms 1e-3 "
    "millisecond 1e-3 msec 1e-3 s 1 sec 1 second 1 min 60 minute 60 h 3600 hr 3600 hour 3600 "
    "day 86400 week 604800 month 2629800 year 31557600",
    "data": "bit 0.125 byte 1 B 1 kB 1e3 KB 1e3 MB 1e6 GB 1e9 TB 1e12 PB 1e15 KiB 1024 MiB 1048576 "
    "GiB 1073741824 TiB 1099511627776 kilobyte 1e3 megabyte 1e6 gigabyte 1e9 terabyte 1e12 "
    "kbit 125 Mbit 125e3 Gbit 125e6",
    "data/time": "bps 0.125 kbps 125 Kbps 125 Mbps 125e3 Gbps 125e6",
    "length": "nm 1e-9 µm 1e-6 mm 1e-3 cm 0.01 m 1 km 1e3 metre 1 meter 1 millimetre 1e-3 "
    "millimeter 1e-3 centimetre 0.01 centimeter 0.01 kilometre 1e3 kilometer 1e3 inch 0.0254 "
    "inches 0.0254 ft 0.3048 foot 0.3048 feet 0.3048 mile 1609.344",
    "mass": "mg 1e-6 g 1e-3 kg 1 t 1e3 gram 1e-3 kilogram 1 tonne 1e3 lb 0.45359 pound 0.45359",
    "volume": "ml 1e-3 mL 1e-3 l 1 L 1 litre 1 liter 1 millilitre 1e-3 milliliter 1e-3",
    "voltage": "mV 1e-3 V 1 kV 1e3 volt 1",
    "current": "mA 1e-3 A 1 ampere 1 amp 1",
    "power": "mW 1e-3 W 1 kW 1e3 MW 1e6 watt 1 kilowatt 1e3",
    "energy": "J 1 kJ 1e3 Wh 3600 kWh 3.6e6",
    "pressure": "Pa 1 hPa 100 kPa 1e3 MPa 1e6 bar 1e5 mbar 100",
    "frequency": "Hz 1 kHz 1e3 MHz 1e6 GHz 1e9",
    "share": "% 0.01 percent 0.01",
    "noise": "dB 1 decibel 1",
    "rotation": "rpm 1",
    "speed": "km/h 0.277778 m/s 1 mph 0.44704 kmh 0.277778",
    "money": "€ 1 EUR 1 euro 1",
    "money (USD)": "$ 1 USD 1 dollar 1",
    "money (GBP)": "£ 1 GBP 1",
    "degrees (°C)": "°C 1",
    "degrees (°F)": "°F 1",
    "kelvin": "K 1 kelvin 1",
    "degrees": "° 1 degree 1",
}
_NAMED: dict[str, tuple[str, float]] = {}
for _dimension, _listed in _UNITS.items():
    _parts = _listed.split()
    for _name, _factor in zip(_parts[::2], _parts[1::2], strict=True):
        _NAMED[_name] = (_dimension, float(_factor))

_WRITTEN = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: number for number, word in enumerate(_WRITTEN.split(" "))} | {
    "twenty": 20,
    "thirty": 30,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
}
_CURRENCIES = ("€", "$", "£")
_DASHES = ("-", "–")
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3}

_UP = """at most; no more than; not more than; no longer than; not longer than; no later than
not later than; not exceeding; up to; within; in under; in less than
less than or equal to; a maximum of; maximum of; maximum; max; ≤; <=; no greater than
not greater than; no higher than; no larger than; under; below; less than; fewer than; <
shorter than; lower than; smaller than; in at most; at maximum"""
_DOWN = """at least; no less than; not less than; no fewer than; not fewer than; a minimum of
minimum of; minimum; ≥; >=; greater than or equal to; more than; greater than; longer than
higher than; larger than; above; over; exceed; exceeds; exceeding; >; at minimum; no shorter than
no lower than"""
_STRICT = """under; below; less than; fewer than; <; shorter than; lower than; smaller than
in under; in less than; more than; greater than; longer than; higher than; larger than; above; over
exceed; exceeds; exceeding; >"""
_EXACT = "exactly; equal to; equals; =; precisely"


def _phrases(written: str, side: str) -> dict[tuple[str, ...], str]:
    return {tuple(one.split()): side for one in written.replace("\n", ";").split(";")}


_OUTSIDE = frozenset(map(" ".join, _phrases(_STRICT, "")))
_BOUNDS = _phrases(_UP, "up") | _phrases(_DOWN, "down") | _phrases(_EXACT, "exact")
_LONGEST = max(map(len, _BOUNDS))


@dataclass(frozen=True)
class Measure:
    dimension: str
    """Of what it is: a kind of unit, or what is counted."""
    low: float
    high: float
    is_open: bool
    """Its ends are not of it: less than, not at most."""
    is_bound: bool
    """It says at most, at least or exactly. Otherwise it stands there as a bare number."""
    start: int
    """Which words say so."""
    end: int

    @property
    def is_counted(self) -> bool:
        return self.dimension.startswith("of ")

    def negated(self) -> "Measure":
        """Not more than is at most. Of a bare number or a range, what is left is no range."""
        if not self.is_bound or (isfinite(self.low) and isfinite(self.high)):
            return replace(self, low=-inf, high=inf)
        if isfinite(self.low):
            return replace(self, low=-inf, high=self.low, is_open=not self.is_open)
        return replace(self, low=self.high, high=inf, is_open=not self.is_open)

    def excludes(self, other: "Measure") -> bool:
        """Nothing can satisfy both."""
        if self.dimension != other.dimension:
            return False
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low == high:
            touching = self if high in (self.low, self.high) and self.is_open else other
            return touching.is_open and touching.low != touching.high
        # A month and 30 days, or 1 GB and 1 GiB, are the same to whoever says so.
        both_exact = self.low == self.high and other.low == other.high
        return low - high > abs(high) * (0.08 if both_exact else 0.02)


def measures_in(words: Sequence[Word]) -> list[Measure]:
    found: list[Measure] = []
    at = 0
    while at < len(words):
        measure = _measure(words, at)
        if measure and (not found or measure.start >= found[-1].end):
            found.append(measure)
            at = measure.end
        else:
            at += 1
    return found


def _measure(words: Sequence[Word], at: int) -> Measure | None:
    number = _number(words, at)
    if number is None:
        return None
    value, end = number
    side, start, said = _bound(words, at)
    between = start > 0 and words[start - 1].low in ("between", "from")
    second, end = _further(words, end, between=between)
    unit = (*_NAMED[words[at].text], end) if words[at].text in _CURRENCIES else _unit(words, end)
    if unit is None and not side:
        return None
    dimension, factor, end = unit or ("of it", 1.0, end)
    low, high = value * factor, (value if second is None else second) * factor
    if second is not None:
        if any(word.text == "±" for word in words[at:end]):
            low, high = low - high, low + high
        start -= between
        return Measure(dimension, min(low, high), max(low, high), False, True, start, end)
    if side == "up":
        return Measure(dimension, -inf, high, said in _OUTSIDE, True, start, end)
    if side == "down":
        return Measure(dimension, low, inf, said in _OUTSIDE, True, start, end)
    return Measure(dimension, low, high, False, side == "exact", start, end)


def _further(words: Sequence[Word], at: int, *, between: bool) -> tuple[float | None, int]:
    """The other end of a range, which may repeat the unit: 10 to 20 MB, 10 MB to 20 MB."""
    unit = _unit(words, at) if between else None
    for joint in {at, unit[2] if unit else at}:
        if joint < len(words) and words[joint].text in (*_DASHES, "±", "to", "and"):
            number = _number(words, joint + 1)
            if number and (between or words[joint].text not in ("to", "and")):
                return number
    return None, at


def _number(words: Sequence[Word], at: int) -> tuple[float, int] | None:
    if at >= len(words):
        return None
    word = words[at]
    if word.text in ("-", "−") and at + 1 < len(words) and words[at + 1].start == word.end:
        further = _number(words, at + 1)
        return further and (-further[0], further[1])
    if word.kind == "number":
        plain = word.text
        head, comma, tail = plain.rpartition(",")
        thousands = comma and len(tail) == 3 and "." not in tail and head.replace(",", "").isdigit()
        plain = plain.replace(",", "") if thousands or "." in tail else plain.replace(",", ".")
        try:
            value = float(plain)
        except ValueError:  # 1.2.3 is a version
            return None
    elif word.kind == "word" and word.low in _NUMBERS:
        value = float(_NUMBERS[word.low])
    elif word.text in _CURRENCIES and at + 1 < len(words) and words[at + 1].kind == "number":
        return _number(words, at + 1)
    else:
        return None
    end = at + 1
    if end < len(words) and words[end].low in _SCALES:
        value *= _SCALES[words[end].low]
        end += 1
    return value, end


def _bound(words: Sequence[Word], at: int) -> tuple[str, int, str]:
    """What is said before the number: which side, from which word on, and how."""
    for length in range(_LONGEST, 0, -1):
        start = at - length
        if start < 0:
            continue
        said = tuple(word.low for word in words[start:at])
        if said in _BOUNDS:
            return _BOUNDS[said], start, " ".join(said)
    return "", at, ""


def _unit(words: Sequence[Word], at: int) -> tuple[str, float, int] | None:
    if at < len(words) and words[at].text in _DASHES:  # 30-day
        at += 1
    if at >= len(words) or words[at].kind not in ("word", "mark"):
        return None
    first = words[at].text
    pair = "".join(word.text for word in words[at : at + 2])
    triple = "".join(word.text for word in words[at : at + 3])
    if triple in _NAMED:
        return (*_NAMED[triple], at + 3)
    if pair in _NAMED and not first.isalpha():
        return (*_NAMED[pair], at + 2)
    known = _named(first)
    if known:
        dimension, factor = known
    elif first.islower() and first.endswith("s") and not first.endswith("ss") and len(first) > 3:
        dimension, factor = f"of {first}", 1.0
    else:
        return None
    at += 1
    if at + 1 < len(words) and words[at].low in ("/", "per", "a", "an", "every", "each"):
        per = _named(words[at + 1].text)
        if per and per[0] == "time":
            return f"{dimension}/time", factor / per[1], at + 2
    return dimension, factor, at


def _named(written: str) -> tuple[str, float] | None:
    if written in _NAMED:
        return _NAMED[written]
    low = written.lower()
    if len(low) < 3:
        return None
    return _NAMED.get(low) or _NAMED.get(low.removesuffix("s"))
