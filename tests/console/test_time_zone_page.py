"""Everybody says in the browser which clock is theirs."""

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.choices import Role
from apps.common.texts.clock import HOUR, by_the_clock
from apps.ledger.models import Event
from tests.activity.bells import ring
from tests.factories import PersonFactory, at_the_console, member

pytestmark = pytest.mark.django_db

ZONE = "/accounts/time-zone/"
ATTENTION = "/admin/review/attention/"


def test_who_never_sees_the_console_says_it_in_their_account(client):
    person = PersonFactory.create()
    client.force_login(person)
    assert ZONE in client.get("/accounts/").content.decode()
    assert client.get(ZONE).context["form"].initial == {"time_zone": "UTC"}
    home = client.post(ZONE, {"time_zone": " Europe/Berlin "}, follow=True)
    assert home.redirect_chain == [("/accounts/", 302)]
    assert "Europe/Berlin" in home.content.decode()
    person.refresh_from_db()
    assert person.time_zone == "Europe/Berlin"
    changed = Event.objects.get(type="accounts.person.changed")
    assert (changed.actor_id, changed.payload["fields"]) == (person.id, ["time_zone"])


@pytest.mark.parametrize(
    "wrong", ["Mars/Olympus", "europe/berlin", "../../etc/passwd", "", "x" * 51]
)
def test_no_such_zone_is_refused_where_it_stands(client, reviewer, wrong):
    client.force_login(reviewer)
    page = client.post(ZONE, {"time_zone": wrong})
    assert page.status_code == 200
    [fault] = page.context["form"].errors["time_zone"]
    assert fault in page.content.decode()
    reviewer.refresh_from_db()
    assert reviewer.time_zone == "UTC"
    assert not Event.objects.exists()


def test_the_refusal_says_how_zones_are_named(client, reviewer):
    client.force_login(reviewer)
    page = client.post(ZONE, {"time_zone": "Mars/Olympus"})
    assert "named like Europe/Berlin" in str(page.context["form"].errors["time_zone"])


def test_how_you_are_asked_leads_there_and_back(client, reviewer):
    client.force_login(reviewer)
    there = f"{ZONE}?next={ATTENTION}"
    assert there in client.get(ATTENTION).content.decode()
    assert client.post(there, {"time_zone": "Asia/Tokyo"}).url == ATTENTION
    assert "those of Asia/Tokyo" in client.get(ATTENTION).content.decode()


def test_it_leads_to_no_foreign_site(client, reviewer):
    client.force_login(reviewer)
    there = f"{ZONE}?next=https://evil.example/"
    assert client.post(there, {"time_zone": "Asia/Tokyo"}).url == "/accounts/"


def test_nobody_else_may(client, reviewer):
    assert client.post(ZONE, {"time_zone": "Asia/Tokyo"}).url.startswith("/accounts/login/")
    reviewer.refresh_from_db()
    assert reviewer.time_zone == "UTC"


@pytest.fixture
def in_tokyo(workspace):
    person = at_the_console(member(workspace, Role.OWNER))
    person.time_zone = "Asia/Tokyo"
    person.save()
    return person


@pytest.fixture
def rung(workspace):
    """Shortly before midnight in Greenwich."""
    with time_machine.travel("2026-03-01T23:30:00Z", tick=False):
        ring(workspace.id)
    return Event.objects.get(type="tests.tower.bell_rung")


def test_pages_tell_times_by_that_clock_and_the_api_in_utc(client, in_tokyo, rung):
    client.force_login(in_tokyo)
    page = client.get(f"/admin/ledger/event/{rung.pk}/change/").content.decode()
    assert "08:30" in page
    assert "23:30" not in page
    assert by_the_clock(rung.at, HOUR) == "23:30 UTC"  # and nobody else is told by it
    with timezone.override("Asia/Tokyo"):
        assert by_the_clock(rung.at, HOUR) == "08:30 JST"
    told = client.get(f"/api/v1/audit?workspace={rung.workspace_id}").json()
    assert "2026-03-01T23:30:00Z" in str(told)


def test_the_audit_is_filtered_by_that_clock(client, in_tokyo, rung):
    client.force_login(in_tokyo)
    where = f"/admin/audit/?workspace={rung.workspace_id}"
    page = client.get(f"{where}&since=2026-03-02T08:00&until=2026-03-02T09:00").content.decode()
    assert "Since (JST)" in page
    assert "2 Mar 2026, 08:30:00" in page
    page = client.get(f"{where}&since=2026-03-01T23:00&until=2026-03-02T08:00").content.decode()
    assert "08:30:00" not in page
