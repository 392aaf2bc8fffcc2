"""Minutes of business hours: by examples, and against a clock that is watched minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.approvals.rules import DAYS, Hours, after, first_at

MINUTE = timedelta(minutes=1)
WEEK = DAYS[:5]


def hours(zone="Europe/Berlin", start="09:00", end="17:00", days=WEEK):
    return Hours(
        days=tuple(days), start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone
    )


def there(text, zone="Europe/Berlin"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def watched(begin: datetime, minutes: int, hours: Hours) -> datetime:
    """Look at the clock on the wall each minute. A day's hours begin when it first shows their
    start or later, and are over when it first shows their end or later."""
    zone, now, left = ZoneInfo(hours.zone), begin, minutes
    # From well before, to know what clocks have shown already today.
    now, today, begun, over = begin - timedelta(hours=50), None, False, False
    while left:
        shown = now.astimezone(zone)
        if shown.date() != today:
            today, begun, over = shown.date(), False, False
        begun = begun or shown.time() >= hours.start
        over = over or shown.time() >= hours.end
        now += MINUTE
        counts = begun and not over and DAYS[shown.weekday()] in hours.days
        if counts and now > begin:
            left -= 1
    return now


# --- examples


@pytest.mark.parametrize(
    ("begins", "minutes", "ends"),
    [
        ("2026-11-18 10:00", 60, "2026-11-18 11:00"),  # a Wednesday
        ("2026-11-18 16:30", 60, "2026-11-19 09:30"),
        ("2026-11-18 22:15", 60, "2026-11-19 10:00"),  # opened at night
        ("2026-11-18 03:00", 60, "2026-11-18 10:00"),
        ("2026-11-20 16:00", 120, "2026-11-23 10:00"),  # over a weekend
        ("2026-11-21 12:00", 60, "2026-11-23 10:00"),  # opened in it
        ("2026-11-18 10:00", 420, "2026-11-18 17:00"),  # to the last minute
        ("2026-11-18 17:00", 1, "2026-11-19 09:01"),  # after it
        ("2026-11-18 10:00", 5 * 480, "2026-11-25 10:00"),
    ],
)
def test_only_business_hours_count(begins, minutes, ends):
    assert after(there(begins), minutes, hours()) == there(ends)


def test_without_business_hours_all_do():
    assert after(there("2026-11-20 16:00"), 1440, None) == there("2026-11-21 16:00")


def test_a_day_is_as_long_as_it_is_when_clocks_are_set_forward():
    """29 March 2026, a Sunday: from 02:00 to 03:00 in Berlin."""
    all_day = hours(start="00:00", end="23:59", days=DAYS)
    assert after(there("2026-03-29 00:00"), 180, all_day) == there("2026-03-29 04:00")
    assert after(there("2026-03-27 16:00"), 120, hours()) == there("2026-03-30 10:00")


def test_a_day_is_as_long_as_it_is_when_clocks_are_set_back():
    """25 October 2026, a Sunday: from 03:00 to 02:00 in Berlin."""
    all_day = hours(start="00:00", end="23:59", days=DAYS)
    assert after(there("2026-10-25 00:00"), 240, all_day) == there("2026-10-25 03:00")
    assert after(there("2026-10-23 16:00"), 120, hours()) == there("2026-10-26 10:00")


def test_hours_that_begin_where_clocks_jump_begin_with_the_jump():
    nightly = hours(start="02:30", end="05:00", days=DAYS)
    assert after(there("2026-03-29 00:00"), 60, nightly) == there("2026-03-29 04:00")
    begins = first_at(date(2026, 3, 29), time(2, 30), ZoneInfo("Europe/Berlin"))
    assert begins == there("2026-03-29 03:00")


def test_a_day_that_a_country_left_out_has_no_hours():
    """Samoa went from 29 to 31 December 2011, over a Friday."""
    begins = there("2011-12-29 16:00", "Pacific/Apia")
    found = after(begins, 120, hours("Pacific/Apia"))
    assert found == there("2012-01-02 10:00", "Pacific/Apia")


@pytest.mark.parametrize("days", [DAYS[:1], DAYS])
def test_what_is_farther_off_than_five_years_is_then(days):
    begin = there("2026-11-18 10:00")
    latest, little = begin + timedelta(days=5 * 365), hours(start="09:00", end="09:01", days=days)
    assert after(begin, 99_999 * 60, little) == after(begin, 99_999 * 1440, None) == latest
    assert after(begin, 99_999, hours()) < latest


# --- against the watched clock

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # changed at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",  # left a day out
    "Africa/Casablanca",
]
CHANGES = [
    *("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2018-02-17", "2018-11-04"),
    *("2026-04-05", "2026-10-04", "2011-12-30", "2026-02-15", "2026-03-22"),
]


@st.composite
def moments(draw):
    """Mostly near a change of clocks."""
    day = datetime.fromisoformat(draw(st.sampled_from(CHANGES))).replace(tzinfo=UTC)
    return day + timedelta(minutes=draw(st.integers(-4 * 1440, 2 * 1440)))


@st.composite
def some_hours(draw):
    start = draw(st.integers(0, 1400))
    end = draw(st.integers(start + 30, 1439))  # or watching would take months
    return Hours(
        days=tuple(draw(st.sets(st.sampled_from(DAYS), min_size=1))),
        start=time(*divmod(start, 60)),
        end=time(*divmod(end, 60)),
        zone=draw(st.sampled_from(ZONES)),
    )


@settings(deadline=None, max_examples=80)
@given(begin=moments(), minutes=st.integers(1, 300), hours=some_hours())
@example(begin=there("2026-03-28 23:00"), minutes=90, hours=hours(start="02:10", end="02:50"))
@example(begin=there("2026-10-24 23:00"), minutes=90, hours=hours(start="02:10", end="02:50"))
def test_it_is_what_a_watched_clock_says(begin, minutes, hours):
    assert after(begin, minutes, hours) == watched(begin, minutes, hours)


@settings(deadline=None)
@given(begin=moments(), minutes=st.integers(1, 5000), more=st.integers(1, 500), hours=some_hours())
def test_more_minutes_end_later_and_never_outside_the_hours(begin, minutes, more, hours):
    found = after(begin, minutes, hours)
    assert begin < found < after(begin, minutes + more, hours)
    last = (found - MINUTE).astimezone(ZoneInfo(hours.zone))
    assert DAYS[last.weekday()] in hours.days
