"""A retried request is the same request."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import IdempotencyKey, Workspace
from apps.accounts.services.idempotency import purge_answers
from apps.ledger.models import Event
from tests.accounts.idempotent_urls import HOLD
from tests.factories import PersonFactory
from tests.waiting import eventually

pytestmark = pytest.mark.urls("tests.accounts.idempotent_urls")


def client_of(person):
    client = APIClient()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def create(client, key, name="Room", path="/rooms", **more):
    return client.post(path, {"name": name, **more}, HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.django_db
class TestOneAfterTheOther:
    @pytest.fixture
    def client(self):
        return client_of(PersonFactory.create())

    def test_the_same_request_gets_the_same_answer(self, client):
        first, second = (create(client, "k1") for _ in range(2))
        assert first.status_code == second.status_code == 201
        assert second["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert second.json()["id"] == first.json()["id"]
        assert second.json()["at"] == first.json()["at"]
        assert second["Location"] == first["Location"]
        assert Workspace.objects.count() == 1
        assert Event.objects.count() == 1

    def test_a_secret_is_shown_once_and_the_replay_says_so(self, client):
        assert create(client, "k1").json()["secret"] == "s3cret"
        replayed = create(client, "k1").json()
        assert replayed["secret"] is None
        assert "once" in replayed["notice"]
        assert b"s3cret" not in bytes(IdempotencyKey.objects.get().body)

    def test_another_body_is_refused(self, client):
        create(client, "k1")
        response = create(client, "k1", name="Other")
        assert response.status_code == 422
        assert Workspace.objects.count() == 1

    def test_another_path_is_another_request(self, client):
        create(client, "k1")
        assert create(client, "k1", path="/silent").status_code == 422

    def test_another_persons_key_is_another_key(self, client):
        create(client, "k1")
        other = create(client_of(PersonFactory.create()), "k1", name="Other")
        assert other.status_code == 201
        assert "Idempotent-Replayed" not in other

    def test_without_a_key_every_request_is_its_own(self, client):
        for name in ("One", "Two"):
            assert client.post("/rooms", {"name": name}).status_code == 201
        assert Workspace.objects.count() == 2

    def test_a_refusal_is_not_kept(self, client):
        assert create(client, "k1", name="bad").status_code == 422
        assert not IdempotencyKey.objects.exists()
        assert create(client, "k1").status_code == 201

    def test_an_empty_answer_is_replayed_empty(self, client):
        create(client, "k1", path="/silent")
        replayed = create(client, "k1", path="/silent")
        assert (replayed.status_code, replayed.content) == (204, b"")

    @pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\u00e9"])
    def test_an_unsound_key_is_refused(self, client, key):
        assert create(client, key).status_code == 422
        assert not Workspace.objects.exists()

    def test_answers_are_kept_for_a_day(self, client):
        create(client, "k1")
        with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
            assert purge_answers() == 0
        with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
            again = create(client, "k1", name="Next day")
            assert again.status_code == 201
            assert "Idempotent-Replayed" not in again
        with time_machine.travel(timezone.now() + timedelta(hours=49)):
            assert purge_answers() == 1
        assert not IdempotencyKey.objects.exists()


@pytest.mark.row(8)
def test_of_a_hundred_at_once_one_has_an_effect(committed_database, figures):
    person = PersonFactory.create()
    clients = [client_of(person) for _ in range(10)]
    key = uuid4().hex

    def send(number):
        try:
            response = create(clients[number % 10], key)
            return response.status_code, response.content, response.get("Retry-After")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(100)))

    assert Workspace.objects.count() == 1
    assert Event.objects.filter(type="accounts.workspace.created").count() == 1
    made = {json.loads(body)["id"] for status, body, _ in answers if status == 201}
    assert made == {str(Workspace.objects.get().id)}
    busy = [(status, wait) for status, _, wait in answers if status != 201]
    assert set(busy) <= {(409, "1")}
    again = create(clients[0], key)
    assert again["Idempotent-Replayed"] == "true"
    figures(f"one key 100 times at once: one effect, {len(busy)} told to try again")


def test_a_request_in_flight_says_try_again(committed_database):
    person = PersonFactory.create()
    key = uuid4().hex

    def slow():
        try:
            return create(client_of(person), key, wait=True)
        finally:
            connections.close_all()

    def locks_held():
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
            return cursor.fetchone()[0]

    HOLD.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slow)
        eventually(locks_held, what="the first one holds its key")
        second = create(client_of(person), key, wait=True)
        HOLD.set()
        assert first.result().status_code == 201
    assert (second.status_code, second["Retry-After"]) == (409, "1")
    assert second.json()["error"]["code"] == "request_in_flight"
    assert Workspace.objects.count() == 1
