"""What was parked, and what was sent outside, is seen and replayed in the console."""

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services.sending import offer_events
from apps.activity.services.webhooks import create_webhook
from apps.ledger.deliveries import MAX_ATTEMPTS
from apps.ledger.models import Delivery, Event
from tests.activity.bells import ring
from tests.factories import member


@pytest.fixture
def parked(workspace, settings):
    settings.SUBSCRIPTIONS = {"tests.tower.bell_rung": ["tests.answer_bell"]}
    ring(workspace.id)
    Delivery.objects.update(
        attempts=MAX_ATTEMPTS, parked_at=timezone.now(), last_error="RuntimeError at belfry.py:21"
    )
    return Delivery.objects.get()


@pytest.fixture
def owner(workspace):
    person = member(workspace, Role.OWNER)
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def webhook(workspace, owner):
    return create_webhook(
        workspace_id=workspace.id,
        url="https://hooks.example.org/in/s3cret-path?token=4711",
        event_types=["tests.*"],
        description="",
        created_by=owner.id,
        actor=owner,
    )


@pytest.fixture
def message(webhook, workspace):
    """One that was given up."""
    ring(workspace.id)
    offer_events(webhook.endpoint.id)
    WebhookMessage.objects.update(tries=15, failed_at=timezone.now())
    found = WebhookMessage.objects.get()
    WebhookAttempt.objects.create(message=found, duration_ms=7, status=503, response="their words")
    return found


def page(name: str, row) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_operator_replays_what_was_parked(client, operator, parked):
    client.force_login(operator)
    shown = client.get(page("ledger_delivery_change", parked)).content.decode()
    assert page("ledger_delivery_replay", parked) in shown
    assert "RuntimeError at belfry.py:21" in shown

    button = page("ledger_delivery_replay", parked)
    assert "another three days" in client.get(button).content.decode()
    parked.refresh_from_db()
    assert parked.parked_at is not None

    assert client.post(button).url == page("ledger_delivery_change", parked)
    parked.refresh_from_db()
    assert (parked.attempts, parked.parked_at) == (0, None)
    assert types()[-1] == "ledger.deliveries.replayed"
    event = Event.objects.get(type="ledger.deliveries.replayed")
    assert (event.actor_id, event.via) == (operator.id, "session")
    assert event.workspace_id == parked.event.workspace_id

    assert client.post(button).status_code == 403
    assert types().count("ledger.deliveries.replayed") == 1


def test_others_see_what_was_parked_and_replay_nothing(client, owner, reviewer, parked):
    recorded = types()
    for person in (owner, reviewer):
        client.force_login(person)
        shown = client.get(page("ledger_delivery_change", parked)).content.decode()
        assert page("ledger_delivery_replay", parked) not in shown
        assert client.post(page("ledger_delivery_replay", parked)).status_code == 403
    parked.refresh_from_db()
    assert parked.parked_at is not None
    assert types() == recorded


def test_manager_replays_a_message_that_was_given_up(client, owner, message):
    client.force_login(owner)
    shown = client.get(page("activity_webhookmessage_change", message)).content.decode()
    assert page("activity_webhookmessage_replay", message) in shown
    assert "503" in shown
    client.post(page("activity_webhookmessage_replay", message))
    message.refresh_from_db()
    assert (message.tries, message.failed_at) == (0, None)
    assert types()[-1] == "activity.webhook.replayed"


def test_a_disabled_webhook_is_sent_nothing_and_the_page_says_so(client, owner, message):
    WebhookEndpoint.objects.update(disabled_at=timezone.now(), disabled_because="gone")
    recorded = types()
    client.force_login(owner)
    answer = client.post(page("activity_webhookmessage_replay", message))
    assert "enable it first" in answer.content.decode()
    message.refresh_from_db()
    assert message.failed_at is not None
    assert types() == recorded


def test_who_does_not_manage_sees_no_webhook(client, reviewer, message):
    recorded = types()
    client.force_login(reviewer)
    for name, row in [
        ("activity_webhookendpoint", message.endpoint),
        ("activity_webhookmessage", message),
    ]:
        listed = client.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert str(row.pk) not in listed
        assert client.get(page(f"{name}_change", row)).status_code in (302, 404)
    assert client.post(page("activity_webhookmessage_replay", message)).status_code == 404
    assert types() == recorded


def test_an_operator_who_manages_nothing_sees_webhooks_and_replays_none(client, operator, message):
    client.force_login(operator)
    assert client.get(page("activity_webhookmessage_change", message)).status_code == 200
    assert client.post(page("activity_webhookmessage_replay", message)).status_code == 403
    message.refresh_from_db()
    assert message.failed_at is not None


def test_no_page_shows_a_secret_or_where_one_may_stand(client, owner, webhook, message):
    client.force_login(owner)
    sealed = bytes(webhook.endpoint.secrets.get().sealed)
    secrets = [
        webhook.secret.removeprefix("whsec_"),
        sealed.hex(),
        repr(sealed),
        "s3cret-path",
        "4711",
        "their words",
    ]
    for url in [
        reverse("admin:activity_webhookendpoint_changelist"),
        page("activity_webhookendpoint_change", webhook.endpoint),
        reverse("admin:activity_webhookmessage_changelist"),
        page("activity_webhookmessage_change", message),
        page("activity_webhookmessage_replay", message),
    ]:
        shown = client.get(url).content.decode()
        assert "hooks.example.org" in shown
        assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(("name", "queries"), [("webhookendpoint", 7), ("webhookmessage", 6)])
def test_lists_cost_the_same_however_long(
    client, owner, webhook, workspace, name, queries, django_assert_num_queries
):
    ring(workspace.id, times=5)
    offer_events(webhook.endpoint.id)
    client.force_login(owner)
    with django_assert_num_queries(queries):
        assert client.get(reverse(f"admin:activity_{name}_changelist")).status_code == 200


@pytest.mark.parametrize(
    "asked", ["webhookendpoint/?url__startswith=h", "webhookendpoint/?secrets__sealed__isnull=0"]
)
def test_no_list_is_a_question_about_a_secret(client, owner, asked):
    client.force_login(owner)
    assert client.get(f"/admin/activity/{asked}").status_code == 400


class TestWebhookButtons:
    @pytest.fixture
    def browse(self, client):
        def signed_in(person):
            client.force_login(person)
            return client

        return signed_in

    def test_owner_makes_one_and_is_shown_its_secret_once(self, browse, workspace, owner):
        browser = browse(owner)
        add = reverse("admin:activity_webhookendpoint_add_webhook")
        assert (
            "New webhook"
            in browser.get(reverse("admin:activity_webhookendpoint_changelist")).content.decode()
        )
        asked = {
            "workspace": str(workspace.pk),
            "url": "https://hooks.example.org/in/s3cret-path",
            "event_types": "accounts.*, tests.tower.bell_rung",
            "description": "Our chat",
        }
        shown = browser.post(add, asked)
        made = WebhookEndpoint.objects.get()
        assert made.event_types == ["accounts.*", "tests.tower.bell_rung"]
        assert "whsec_" in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        detail = browser.get(page("activity_webhookendpoint_change", made)).content.decode()
        assert "whsec_" not in detail
        assert "s3cret-path" not in detail

    def test_what_is_wrong_is_said_and_nothing_is_made(self, browse, workspace, owner):
        add = reverse("admin:activity_webhookendpoint_add_webhook")
        asked = {"workspace": str(workspace.pk), "url": "ftp://x", "event_types": "*"}
        answer = browse(owner).post(add, asked)
        assert 'role="alert"' in answer.content.decode()
        assert not WebhookEndpoint.objects.exists()

    def test_neither_reviewers_nor_operators_make_one_in_a_workspace_that_is_not_theirs(
        self, browse, workspace, reviewer, operator
    ):
        add = reverse("admin:activity_webhookendpoint_add_webhook")
        asked = {
            "workspace": str(workspace.pk),
            "url": "https://x.example.org/",
            "event_types": "*",
        }
        for person in (reviewer, operator):
            assert browse(person).post(add, asked).status_code == 403
        assert not WebhookEndpoint.objects.exists()

    def test_secret_is_rotated(self, browse, webhook, owner):
        answer = browse(owner).post(
            page("activity_webhookendpoint_rotate", webhook.endpoint), {"overlap": "24"}
        )
        assert "whsec_" in answer.content.decode()
        assert webhook.secret not in answer.content.decode()
        assert webhook.endpoint.secrets.valid().count() == 2

    def test_it_is_disabled_and_enabled(self, browse, webhook, owner):
        browser = browse(owner)
        for name, enabled in (("disable", False), ("enable", True)):
            browser.post(page(f"activity_webhookendpoint_{name}", webhook.endpoint))
            webhook.endpoint.refresh_from_db()
            assert webhook.endpoint.enabled is enabled
            refused = browser.post(page(f"activity_webhookendpoint_{name}", webhook.endpoint))
            assert refused.status_code == 403

    def test_in_the_sidebar_webhooks_are_where_one_is_and_activity_is_not(self, browse, owner):
        shown = browse(owner).get(reverse("admin:activity_webhookendpoint_changelist"))
        items = {
            item["title"]: item["active"]
            for group in shown.context["sidebar_navigation"]
            for item in group["items"]
        }
        assert (items["Webhooks"], items["Activity"]) == (True, False)

    def test_a_test_is_sent(self, browse, webhook, owner):
        browse(owner).post(page("activity_webhookendpoint_test", webhook.endpoint))
        offer_events(webhook.endpoint.id)
        assert webhook.endpoint.messages.get().event.type == "activity.webhook.tested"

    def test_an_operator_sees_it_and_has_no_button(self, browse, webhook, operator):
        browser = browse(operator)
        shown = browser.get(
            page("activity_webhookendpoint_change", webhook.endpoint)
        ).content.decode()
        assert "Rotate secret" not in shown
        for name in ("rotate", "test", "disable"):
            url = page(f"activity_webhookendpoint_{name}", webhook.endpoint)
            assert browser.post(url, {"overlap": "0"}).status_code == 403
        assert webhook.endpoint.secrets.valid().count() == 1

    def test_its_page_leads_to_its_deliveries_alone(
        self, browse, webhook, message, workspace, owner
    ):
        other = create_webhook(
            workspace_id=workspace.id,
            url="https://other.example.org/",
            event_types=["*"],
            description="",
            created_by=owner.id,
            actor=owner,
        )
        browser = browse(owner)
        shown = browser.get(
            page("activity_webhookendpoint_change", webhook.endpoint)
        ).content.decode()
        assert "0 delivered, 1 failed, 0 waiting" in shown
        log = reverse("admin:activity_webhookmessage_changelist")
        for endpoint, count in ((webhook.endpoint, 1), (other.endpoint, 0)):
            listed = browser.get(f"{log}?endpoint__id__exact={endpoint.pk}")
            assert len(listed.context["cl"].result_list) == count
