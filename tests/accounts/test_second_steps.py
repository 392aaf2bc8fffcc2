"""The second step at the API's door, and its secrets at rest."""

import base64
import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from rest_framework.test import APIClient

from apps.accounts.models import TokenFamily
from apps.accounts.services.second_steps import reseal_second_steps, unseal
from apps.accounts.services.sessions import open_session
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def person():
    person = PersonFactory.create()
    TOTP.activate(person, SECRET)
    return person


def code_at(moment):
    return format_hotp_value(hotp_value(SECRET, int(moment.timestamp()) // 30))


def log_in(person, *, password=PASSWORD, address="203.0.113.7", **more):
    body = {"email": person.email, "password": password, **more}
    return APIClient(REMOTE_ADDR=address).post("/api/v1/auth/login", body)


def code_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def nothing_opened():
    return not TokenFamily.objects.exists() and not Event.objects.exists()


class TestLoggingIn:
    @pytest.fixture(autouse=True)
    def _noon(self):
        cache.clear()
        with time_machine.travel(NOON, tick=False):
            yield

    def test_password_alone_opens_nothing(self, person):
        assert code_of(log_in(person)) == (401, "second_step_required")
        assert nothing_opened()

    def test_wrong_password_does_not_tell_that_there_is_a_second_step(self, person):
        assert code_of(log_in(person, password="wrong")) == (401, "wrong_password")

    def test_code_of_the_app_opens_a_login_and_is_recorded(self, person):
        assert log_in(person, code=code_at(NOON)).status_code == 200
        opened = Event.objects.get(type="accounts.session.opened")
        assert opened.payload["second_step"] is True

    def test_login_without_a_second_step_is_recorded_as_such(self):
        assert log_in(PersonFactory.create()).status_code == 200
        opened = Event.objects.get(type="accounts.session.opened")
        assert opened.payload["second_step"] is False

    def test_wrong_code_opens_nothing(self, person):
        assert code_of(log_in(person, code="000000")) == (401, "invalid_second_step")
        assert nothing_opened()

    def test_code_is_good_once_even_when_the_cache_has_forgotten_it(self, person):
        code = code_at(NOON)
        assert log_in(person, code=code).status_code == 200
        cache.clear()
        with time_machine.travel(NOON + timedelta(seconds=31), tick=False):
            assert code_of(log_in(person, code=code)) == (401, "invalid_second_step")
        assert TokenFamily.objects.count() == 1

    def test_code_before_the_one_that_was_used_is_not_taken(self, person):
        assert log_in(person, code=code_at(NOON)).status_code == 200
        earlier = code_at(NOON - timedelta(seconds=30))
        assert code_of(log_in(person, code=earlier)) == (401, "invalid_second_step")

    def test_next_code_is_good_again(self, person):
        assert log_in(person, code=code_at(NOON)).status_code == 200
        later = NOON + timedelta(seconds=30)
        with time_machine.travel(later, tick=False):
            assert log_in(person, code=code_at(later)).status_code == 200

    def test_recovery_code_is_good_once(self, person):
        code = RecoveryCodes.activate(person).generate_codes()[0]
        assert log_in(person, code=code).status_code == 200
        assert code_of(log_in(person, code=code)) == (401, "invalid_second_step")

    def test_guessing_is_slowed_for_an_address_like_guessing_passwords(self, person):
        for _ in range(5):
            log_in(person, code="000000")
        cache.clear()
        refused = log_in(person, code=code_at(NOON))
        assert code_of(refused) == (429, "locked_out")
        assert refused["Retry-After"] == "900"
        assert nothing_opened()

    def test_guessing_from_many_addresses_is_slowed_for_the_person(self, person):
        for number in range(5):
            log_in(person, code="000000", address=f"198.51.100.{number}")
        refused = log_in(person, code=code_at(NOON), address="203.0.113.9")
        assert code_of(refused) == (429, "locked_out")
        assert nothing_opened()

    def test_browser_takes_no_code_that_the_api_has_taken(self, person, client):
        code = code_at(NOON)
        assert log_in(person, code=code).status_code == 200
        cache.clear()
        asked = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        assert asked.url == "/accounts/2fa/authenticate/"
        client.post(asked.url, {"code": code})
        assert "_auth_user_id" not in client.session


class TestWhereItIsRequired:
    """A login without it may read and write, and neither decide nor manage."""

    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.REQUIRE_TOTP = True

    def renamed(self, client):
        return client.patch("/api/v1/auth/me", {"name": "New"}, format="json")

    def test_token_of_a_password_alone_manages_nothing(self):
        person = PersonFactory.create(name="Old")
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {open_session(person=person).access_token}")
        assert client.get("/api/v1/auth/me").status_code == 200
        refused = self.renamed(client)
        assert code_of(refused) == (403, "scope_missing")
        assert "/accounts/2fa/" in refused.json()["error"]["message"]
        person.refresh_from_db()
        assert person.name == "Old"

    def test_session_of_a_password_alone_manages_nothing(self):
        client = APIClient()
        client.force_login(PersonFactory.create())
        assert client.get("/api/v1/auth/me").status_code == 200
        assert code_of(self.renamed(client)) == (403, "scope_missing")

    def test_whoever_has_it_manages(self, person):
        client = APIClient()
        client.force_login(person)
        assert self.renamed(client).status_code == 200


def new_key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


class TestRotation:
    def test_afterwards_the_older_key_may_go(self, person, settings):
        codes = RecoveryCodes.activate(person).generate_codes()
        newest = new_key()
        settings.MASTER_KEYS = [newest, *settings.MASTER_KEYS]
        call_command("rotate_keys", "--dry-run")
        assert not Event.objects.exists()
        assert reseal_second_steps(actor=SYSTEM) == 2

        settings.MASTER_KEYS = [newest]
        kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)
        assert unseal(kept.data["secret"]) == SECRET
        recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
        assert RecoveryCodes(recovery).generate_codes() == codes
        assert Event.objects.get().type == "accounts.second_steps.resealed"

    def test_twice_is_once(self, person, settings):
        settings.MASTER_KEYS = [new_key(), *settings.MASTER_KEYS]
        call_command("rotate_keys")
        before = Event.objects.count()
        assert reseal_second_steps(actor=SYSTEM) == 0
        assert Event.objects.count() == before

    def test_lost_key_is_said_and_nothing_changes(self, person, settings):
        before = Authenticator.objects.get().data
        settings.MASTER_KEYS = [new_key()]
        with pytest.raises(ImproperlyConfigured, match="LATTICE_MASTER_KEYS"):
            reseal_second_steps(actor=SYSTEM)
        assert Authenticator.objects.get().data == before
        assert not Event.objects.exists()

    def test_only_the_system_does_it(self, person):
        with pytest.raises(NotAllowed):
            reseal_second_steps(actor=person)
        assert not Event.objects.exists()
