"""What the console asks of a person: how they want to be asked, when they are away, the tour."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.models.people import Absence, Attention
from apps.ledger.models import Event
from tests.factories import agent_of, member

pytestmark = pytest.mark.django_db

ATTENTION = "/admin/review/attention/"
BE_AWAY = "/admin/approvals/absence/be_away/"
ASKED = {
    "mail": "digest",
    "digest_at": "08:30",
    "quiet_from": "20:00",
    "quiet_until": "08:00",
    "remind": "on",
}


@pytest.fixture
def me(client, reviewer):
    client.force_login(reviewer)
    return reviewer


@pytest.fixture
def other(workspace):
    return member(workspace, Role.REVIEWER)


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_what_is_saved_is_shown_again(client, me):
    assert client.get(ATTENTION).context["form"].initial["mail"] == "each"
    assert client.post(ATTENTION, ASKED).status_code == 302
    assert types() == ["approvals.attention.changed"]
    kept = client.get(ATTENTION).context["form"].initial
    assert (kept["mail"], f"{kept['quiet_from']:%H:%M}", kept["remind"]) == (
        "digest",
        "20:00",
        True,
    )


def test_half_of_the_quiet_hours_is_refused_where_it_stands(client, me):
    page = client.post(ATTENTION, {**ASKED, "quiet_until": ""})
    assert "when they end" in str(page.context["form"].errors["quiet_from"])
    assert not Attention.objects.exists()
    assert types() == []


def away(client, workspace, **asked):
    return client.post(BE_AWAY, {"workspace": str(workspace.id), "delegate": "", **asked})


HOLIDAY = {"begins_at": "2090-07-01T00:00", "ends_at": "2090-07-15T00:00"}


def test_absence_is_as_their_own_clock_shows_it(client, me, other, workspace):
    me.time_zone = "Europe/Berlin"
    me.save(update_fields=["time_zone"])
    assert away(client, workspace, delegate=str(other.id), **HOLIDAY).status_code == 302
    absence = Absence.objects.get()
    assert absence.begins_at == datetime(2090, 6, 30, 22, tzinfo=UTC)
    assert (absence.person_id, absence.delegate_id) == (me.id, other.id)
    assert types() == ["approvals.absence.set"]


def test_seats_are_offered_to_people_who_decide_here_and_to_nobody_else(
    client, me, other, workspace
):
    agent = agent_of(other, workspace, Role.REVIEWER)
    contributor = member(workspace)
    page = client.get(BE_AWAY)
    offered = {value for value, _ in page.context["form"].fields["delegate"].choices}
    assert offered == {"", str(other.id)}
    for nobody in (agent, contributor, me):
        page = away(client, workspace, delegate=str(nobody.id), **HOLIDAY)
        assert "delegate" in page.context["form"].errors
    assert not Absence.objects.exists()


def test_absence_that_overlaps_is_refused_with_the_reason(client, me, workspace):
    away(client, workspace, **HOLIDAY)
    page = away(client, workspace, **HOLIDAY)
    assert page.context["form"].non_field_errors()
    assert Absence.objects.count() == 1


def test_who_is_back_ends_their_absence_and_nobody_elses(client, me, other, workspace):
    away(client, workspace, begins_at="2020-01-01T00:00", ends_at="2090-01-01T00:00")
    absence = Absence.objects.get()
    address = reverse("admin:approvals_absence_change", args=[absence.pk])
    assert "End" in client.get(address).content.decode()
    assert client.post(f"{address.removesuffix('change/')}end/", follow=True).status_code == 200
    absence.refresh_from_db()
    assert absence.ends_at <= timezone.now()
    theirs = Absence.objects.create(
        workspace=workspace,
        person_id=other.id,
        begins_at=absence.begins_at,
        ends_at=datetime(2090, 1, 1, tzinfo=UTC),
    )
    refused = client.post(f"/admin/approvals/absence/{theirs.pk}/end/")
    assert refused.status_code == 403
    theirs.refresh_from_db()
    assert theirs.ends_at.year == 2090


def test_tour_is_noted_once(client, me):
    assert client.get("/admin/review/tour/").status_code == 405
    for _ in range(2):
        assert client.post("/admin/review/tour/").status_code == 204
    assert Attention.objects.get(person=me).toured_at
    assert types() == ["approvals.tour.seen"]
    assert 'data-seen="yes"' in client.get("/admin/review/").content.decode()
