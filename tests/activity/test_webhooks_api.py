"""The doors of webhooks, over HTTP: who may, shapes, codes, and that strangers see nothing."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import sending, webhooks
from apps.ledger.models import Event
from tests.activity.bells import ring
from tests.factories import MembershipFactory, WorkspaceFactory, issue, member

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/lattice?team=7"


def api(user, workspace, *scopes):
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=issue(user, workspace, *(scopes or Scope)))
    return client


@pytest.fixture
def client(admin, workspace):
    return api(admin, workspace)


@pytest.fixture
def made(client):
    return client.post("/api/v1/webhooks", {"url": URL}).json()


def code_of(response):
    return response.json()["error"]["code"]


def events() -> int:
    return Event.objects.count()


def test_the_secret_is_in_the_first_answer_alone(client):
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = client.post("/api/v1/webhooks", {"url": URL}, **key)
    assert first.status_code == 201
    body = first.json()
    assert body["secret"].startswith("whsec_")
    assert (body["url"], body["event_types"], body["enabled"]) == (URL, ["*"], True)
    assert first["Location"] == f"/api/v1/webhooks/{body['id']}"

    again = client.post("/api/v1/webhooks", {"url": URL}, **key).json()
    assert (again["id"], again["secret"]) == (body["id"], None)
    read = client.get(first["Location"]).json()
    assert "secret" not in read
    assert read == {name: value for name, value in body.items() if name != "secret"}
    assert WebhookEndpoint.objects.count() == 1


def test_list_change_disable_enable_delete(client, made):
    place = f"/api/v1/webhooks/{made['id']}"
    assert [row["id"] for row in client.get("/api/v1/webhooks").json()["results"]] == [made["id"]]
    changed = client.patch(place, {"event_types": ["accounts.*"], "enabled": False}).json()
    assert changed["event_types"] == ["accounts.*"]
    assert (changed["enabled"], changed["disabled_because"]) == (False, "asked")
    assert code_of(client.post(f"{place}/test")) == "webhook_disabled"
    assert client.patch(place, {"enabled": True}).json()["disabled_at"] is None
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    recorded = [event.type for event in Event.objects.order_by("seq")]
    assert recorded == [
        "activity.webhook.created",
        "activity.webhook.changed",
        "activity.webhook.changed",
        "activity.webhook.deleted",
    ]


def test_a_change_that_changes_nothing_is_not_recorded(client, made):
    before = events()
    assert client.patch(f"/api/v1/webhooks/{made['id']}", {"url": URL}).status_code == 200
    assert events() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "http://127.0.0.1:8080/"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": URL, "event_types": ["Accounts"]}, "event_types"),
        ({"url": URL, "event_types": ["accounts.*.added"]}, "event_types"),
        ({"url": URL, "event_types": []}, "event_types"),
        ({}, "url"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(client, given, field):
    answer = client.post("/api/v1/webhooks", given)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field
    assert (WebhookEndpoint.objects.count(), events()) == (0, 0)


def test_in_production_only_https(client, settings):
    settings.DEVELOPMENT = False
    answer = client.post("/api/v1/webhooks", {"url": "http://hooks.example.org/"})
    assert code_of(answer) == "invalid_webhook"
    assert WebhookEndpoint.objects.count() == 0


def test_what_may_not_be_sent_any_more_can_still_be_disabled_but_not_enabled(client, settings):
    made = client.post("/api/v1/webhooks", {"url": "http://hooks.example.org/"}).json()
    place = f"/api/v1/webhooks/{made['id']}"
    settings.DEVELOPMENT = False
    assert client.patch(place, {"description": "old", "enabled": False}).status_code == 200
    assert code_of(client.patch(place, {"enabled": True})) == "invalid_webhook"
    assert client.get(place).json()["enabled"] is False
    settled = client.patch(place, {"url": URL, "enabled": True})
    assert (settled.status_code, settled.json()["enabled"]) == (200, True)


def test_a_workspace_has_only_so_many(client, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST", 1)
    assert client.post("/api/v1/webhooks", {"url": URL}).status_code == 201
    assert code_of(client.post("/api/v1/webhooks", {"url": URL})) == "too_many_webhooks"
    assert WebhookEndpoint.objects.count() == 1


def test_rotation_shows_the_new_secret_once(client, made):
    place = f"/api/v1/webhooks/{made['id']}/rotate"
    rotated = client.post(place, {"overlap_seconds": 60}, HTTP_IDEMPOTENCY_KEY="r").json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert (
        client.post(place, {"overlap_seconds": 60}, HTTP_IDEMPOTENCY_KEY="r").json()["secret"]
        is None
    )
    assert WebhookEndpoint.objects.get().secrets.valid().count() == 2
    assert client.post(place, {"overlap_seconds": 8 * 86_400}).status_code == 422
    assert WebhookEndpoint.objects.get().secrets.count() == 2


@pytest.fixture
def sent(webhook, workspace, receiver):
    ring(workspace.id)
    receiver.will_answer(503, text=b"later")
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    return WebhookMessage.objects.get()


def test_every_attempt_is_seen_and_can_be_replayed(client, webhook, sent):
    place = f"/api/v1/webhooks/{webhook.endpoint.id}/deliveries"
    (row,) = client.get(place).json()["results"]
    assert row["state"] == "waiting"
    assert (row["tries"], row["last_status"], row["type"]) == (1, 503, "tests.tower.bell_rung")
    (attempt,) = client.get(f"{place}/{sent.id}").json()["attempts"]
    assert (attempt["status"], attempt["response"], attempt["error"]) == (503, "later", "")
    assert client.get(f"{place}?state=delivered").json()["results"] == []
    assert len(client.get(f"{place}?state=waiting").json()["results"]) == 1
    assert client.get(f"{place}?state=lost").status_code == 422

    assert client.post(f"{place}/{sent.id}/replay").status_code == 202
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    attempts = client.get(f"{place}/{sent.id}").json()["attempts"]
    assert [attempt["status"] for attempt in attempts] == [503, 200]


def test_a_test_is_accepted_and_shows_in_the_log(client, webhook, receiver):
    place = f"/api/v1/webhooks/{webhook.endpoint.id}"
    assert client.post(f"{place}/test").status_code == 202
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    (row,) = client.get(f"{place}/deliveries").json()["results"]
    assert (row["type"], row["state"]) == ("activity.webhook.tested", "delivered")


def everything(client, endpoint, message):
    place = f"/api/v1/webhooks/{endpoint.id}"
    yield client.get(place)
    yield client.patch(place, {"enabled": False})
    yield client.post(f"{place}/rotate", {})
    yield client.post(f"{place}/test")
    yield client.get(f"{place}/deliveries")
    yield client.get(f"{place}/deliveries/{message.id}")
    yield client.post(f"{place}/deliveries/{message.id}/replay")
    yield client.delete(place)


def untouched(endpoint, events_before):
    endpoint.refresh_from_db()
    return endpoint.enabled and endpoint.secrets.count() == 1 and events() == events_before


def test_a_stranger_finds_nothing_and_changes_nothing(webhook, sent):
    before = events()
    elsewhere = WorkspaceFactory.create()
    stranger = api(member(elsewhere, Role.OWNER), elsewhere)
    answers = list(everything(stranger, webhook.endpoint, sent))
    assert {answer.status_code for answer in answers} == {404}
    assert stranger.get("/api/v1/webhooks").json()["results"] == []
    assert untouched(webhook.endpoint, before)


def test_a_manager_of_two_workspaces_sees_one_at_a_time(webhook, admin, sent):
    before = events()
    elsewhere = WorkspaceFactory.create()
    MembershipFactory.create(user=admin, workspace=elsewhere, role=Role.OWNER)
    there = api(admin, elsewhere)
    assert {answer.status_code for answer in everything(there, webhook.endpoint, sent)} == {404}
    assert there.get("/api/v1/webhooks").json()["results"] == []
    assert untouched(webhook.endpoint, before)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.REVIEWER])
def test_members_who_do_not_manage_may_do_none_of_it(webhook, workspace, sent, role):
    before = events()
    client = api(member(workspace, role), workspace)
    answers = [
        *everything(client, webhook.endpoint, sent),
        client.get("/api/v1/webhooks"),
        client.post("/api/v1/webhooks", {"url": URL}),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert untouched(webhook.endpoint, before)


def test_a_key_without_the_scope_may_do_none_of_it(webhook, workspace, admin, sent):
    before = events()
    client = api(admin, workspace, Scope.READ, Scope.WRITE, Scope.DECIDE)
    answers = list(everything(client, webhook.endpoint, sent))
    assert {answer.status_code for answer in answers} == {403}
    assert untouched(webhook.endpoint, before)


def test_nobody_may_do_none_of_it(webhook, sent):
    before = events()
    answers = list(everything(APIClient(), webhook.endpoint, sent))
    assert {answer.status_code for answer in answers} == {401}
    assert untouched(webhook.endpoint, before)


def test_the_message_of_another_webhook_is_not_found_here(client, made, sent):
    place = f"/api/v1/webhooks/{made['id']}/deliveries/{sent.id}"
    assert client.get(place).status_code == 404
    assert client.post(f"{place}/replay").status_code == 404


def test_lists_cost_the_same_however_long(
    client, webhook, workspace, receiver, django_assert_max_num_queries
):
    ring(workspace.id, times=5)
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    client.get("/api/v1/webhooks")
    with django_assert_max_num_queries(6):
        client.get("/api/v1/webhooks")
    with django_assert_max_num_queries(7):
        rows = client.get(f"/api/v1/webhooks/{webhook.endpoint.id}/deliveries").json()["results"]
    assert len(rows) == 5
