"""How a person wants to be asked."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.approvals.models.people import Attention
from apps.approvals.rules import next_daily, next_reminder, quiet_end
from apps.ledger.models import Event
from tests.approvals.deliveries import deliver

QUIET = {
    "mail": "digest",
    "digest_at": "08:30",
    "quiet_from": "20:00",
    "quiet_until": "08:00",
    "remind": False,
}
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
at_some_time = st.builds(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    st.integers(0, 365 * 1440),
)
clocks = st.builds(lambda minute: time(*divmod(minute, 60)), st.integers(0, 1439))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_who_says_nothing_is_asked_at_once(api, reviewer):
    assert api(reviewer).get("/api/v1/attention").json() == {
        "mail": "each",
        "digest_at": "09:00",
        "quiet_from": None,
        "quiet_until": None,
        "remind": True,
        "time_zone": "UTC",
    }
    assert not Attention.objects.exists()


def test_it_is_said_whole_and_recorded_as_the_names_of_what_changed(api, reviewer):
    me = api(reviewer)
    assert me.put("/api/v1/attention", QUIET).json() == {**QUIET, "time_zone": "UTC"}
    assert me.get("/api/v1/attention").json()["quiet_from"] == "20:00"
    recorded = Event.objects.get(type="approvals.attention.changed")
    assert recorded.payload == {
        "person": str(reviewer.id),
        "fields": ["digest_at", "mail", "quiet_from", "quiet_until", "remind"],
    }
    me.put("/api/v1/attention", QUIET)
    assert Event.objects.filter(type="approvals.attention.changed").count() == 1
    assert me.put("/api/v1/attention", {"mail": "off"}).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": None},
        {"quiet_until": None},
        {"quiet_from": "08:00"},
        {"mail": "sometimes"},
        {"digest_at": "25:00"},
        {"remind": "x"},
    ],
)
def test_what_cannot_be_is_refused(wrong, api, reviewer):
    assert api(reviewer).put("/api/v1/attention", {**QUIET, **wrong}).status_code == 422
    assert not Attention.objects.exists()
    assert not Event.objects.filter(type="approvals.attention.changed").exists()


def test_a_part_is_changed_and_the_rest_stays(api, reviewer):
    me = api(reviewer)
    me.put("/api/v1/attention", QUIET)
    assert me.patch("/api/v1/attention", {"mail": "off"}).json()["quiet_from"] == "20:00"
    recorded = Event.objects.filter(type="approvals.attention.changed").latest("seq")
    assert recorded.payload["fields"] == ["mail"]
    half = me.patch("/api/v1/attention", {"quiet_until": None})
    assert (half.status_code, half.json()["error"]["details"][0]["field"]) == (422, "quiet_from")
    assert me.get("/api/v1/attention").json() == {**QUIET, "mail": "off", "time_zone": "UTC"}


def test_an_agent_has_no_attention(api, baker):
    assert api(baker).put("/api/v1/attention", QUIET).status_code == 403


def test_a_digest_is_due_at_the_hour_of_who_reads_it(api, reviewer):
    reviewer.time_zone = "Asia/Tokyo"
    reviewer.save()
    api(reviewer).put("/api/v1/attention", QUIET)
    due = Attention.objects.get().digest_due_at
    assert due is not None
    assert (due.hour, due.minute) == (23, 30)
    api(reviewer).put("/api/v1/attention", {**QUIET, "mail": "each"})
    assert Attention.objects.get().digest_due_at is None


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_digest_follows_who_goes_to_another_zone(api, reviewer, zone):
    me = api(reviewer)
    me.put("/api/v1/attention", {**QUIET, "digest_at": "09:00"})
    me.patch("/api/v1/auth/me", {"time_zone": zone})
    deliver()
    found = Attention.objects.get().digest_due_at
    assert found == next_daily(timezone.now(), time(9), zone)


@pytest.mark.parametrize("mail", ["each", "off"])
def test_who_wants_no_digest_gets_none_elsewhere_either(api, reviewer, mail):
    me = api(reviewer)
    me.put("/api/v1/attention", {**QUIET, "mail": mail})
    me.patch("/api/v1/auth/me", {"time_zone": "Asia/Tokyo"})
    deliver()
    assert Attention.objects.get().digest_due_at is None


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-18 19:00", "2026-11-19 07:00"),  # 20:00 in Berlin, to the minute
        ("2026-11-18 18:59", None),
        ("2026-11-19 03:00", "2026-11-19 07:00"),
        ("2026-11-19 07:00", None),
        ("2026-03-28 23:00", "2026-03-29 06:00"),  # clocks are set forward in this night
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # and back in this one
    ],
)
def test_quiet_hours_pass_midnight_and_changes_of_clocks(now, ends):
    found = quiet_end(utc(now), time(20), time(8), "Europe/Berlin")
    assert found == (utc(ends) if ends else None)


@settings(deadline=None)
@given(moment=at_some_time, begins=clocks, ends=clocks, zone=st.sampled_from(ZONES))
def test_after_quiet_hours_it_is_not_quiet(moment, begins, ends, zone):
    end = quiet_end(moment, begins, ends, zone)
    if end is not None:
        assert moment < end <= moment + timedelta(hours=25)
        if begins != ends:
            assert quiet_end(end, begins, ends, zone) is None


@settings(deadline=None)
@given(moment=at_some_time, clock=clocks, zone=st.sampled_from(ZONES))
def test_a_daily_moment_comes_within_a_day(moment, clock, zone):
    found = next_daily(moment, clock, zone)
    assert moment < found <= moment + timedelta(hours=25)


def test_one_is_reminded_when_it_is_due_and_before_it_expires():
    opened = utc("2026-11-18 10:00")
    due, expires = opened + timedelta(hours=4), opened + timedelta(days=8)
    moments = {"opened": opened, "due": due, "expires": expires}
    assert next_reminder(opened, **moments) == due
    assert next_reminder(due, **moments) == expires - timedelta(days=1)
    assert next_reminder(expires - timedelta(days=1), **moments) is None
    short = {"opened": opened, "due": None, "expires": opened + timedelta(hours=4)}
    assert next_reminder(opened, **short) == opened + timedelta(hours=3)
