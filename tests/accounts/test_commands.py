"""The operator's doors, and what beat throws away."""

import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import tasks
from apps.accounts.choices import Role
from apps.accounts.models import ApiKey, Membership, RefreshToken, TokenFamily, User, Workspace
from apps.accounts.services.authentication import read_key
from apps.accounts.services.sessions import open_session, refresh_session
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def answer_of(command, *arguments):
    out = StringIO()
    call_command(command, "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


class TestDemo:
    def test_it_says_how_to_use_what_it_made(self):
        facts = answer_of("seed_demo")
        assert set(facts) == {"workspace", "reviewer", "colleague", "agent"}
        reviewer = User.objects.get_by_natural_key(facts["reviewer"]["email"])
        assert reviewer.check_password(facts["reviewer"]["password"])
        assert reviewer.is_staff
        assert str(reviewer.default_workspace_id) == facts["workspace"]
        agent, credential = read_key(facts["agent"]["api_key"])
        assert agent.email == facts["agent"]["email"]
        assert str(credential.confined_to) == facts["workspace"]
        assert ApiKey.objects.get().demo

    def test_the_reviewer_may_decide_what_the_agent_proposes(self):
        facts = answer_of("seed_demo")
        agent, _ = read_key(facts["agent"]["api_key"])
        assert agent.owner is not None
        assert agent.owner.email != facts["reviewer"]["email"]

    def test_two_people_can_sign_in_and_decide(self):
        facts = answer_of("seed_demo")
        for who in (facts["reviewer"], facts["colleague"]):
            person = User.objects.get_by_natural_key(who["email"])
            assert person.check_password(who["password"])
            assert person.is_staff
            membership = person.memberships.get(workspace=facts["workspace"])
            assert membership.role == Role.OWNER

    def test_known_secrets_go_on(self, data_dir):
        first = answer_of("seed_demo")
        (data_dir / "demo.json").write_text(json.dumps({"url": "http://x", **first}))
        before = Event.objects.count()
        assert answer_of("seed_demo") == first
        assert Event.objects.count() == before

    @pytest.mark.parametrize("kept", ["", "{", "[]", '{"reviewer": {"password": "old"}}'])
    def test_lost_secrets_are_made_anew_and_the_old_ones_end(self, data_dir, kept):
        first = answer_of("seed_demo")
        (data_dir / "demo.json").write_text(kept)
        second = answer_of("seed_demo")
        assert second["workspace"] == first["workspace"]
        assert ApiKey.objects.usable().count() == 1
        assert read_key(second["agent"]["api_key"])
        reviewer = User.objects.get_by_natural_key(second["reviewer"]["email"])
        assert reviewer.check_password(second["reviewer"]["password"])
        assert not reviewer.check_password(first["reviewer"]["password"])

    def test_nobody_of_it_gets_in_outside_development(self, settings, client):
        given = answer_of("seed_demo")["reviewer"]
        api = APIClient()
        tokens = api.post("/api/v1/auth/login", given).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        before = Event.objects.count()

        settings.DEVELOPMENT = False
        answers = [
            api.post("/api/v1/auth/login", given),
            api.get("/api/v1/auth/me", headers=bearer),
            api.post("/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]}),
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 401]
        seen = {"login": given["email"], "password": given["password"]}
        assert client.post("/accounts/login/", seen).url == "/accounts/inactive/"
        assert "_auth_user_id" not in client.session
        assert Event.objects.count() == before

    def test_a_trial_tells_who_is_missing_and_makes_nobody(self, data_dir):
        missing = answer_of("seed_demo", "--dry-run")["missing"]
        assert len(missing) == 6
        assert not User.objects.exists()
        assert not Event.objects.exists()
        facts = answer_of("seed_demo")
        before = Event.objects.count()
        assert answer_of("seed_demo", "--dry-run") == {"missing": []}
        assert Event.objects.count() == before
        reviewer = User.objects.get_by_natural_key(facts["reviewer"]["email"])
        assert reviewer.check_password(facts["reviewer"]["password"])

    @pytest.mark.parametrize("option", [(), ("--dry-run",)])
    def test_it_is_refused_in_production(self, settings, option):
        settings.DEVELOPMENT = False
        with pytest.raises(CommandError, match="development"):
            call_command("seed_demo", *option)
        assert not User.objects.exists()
        assert not Event.objects.exists()


class TestTheFirstOwner:
    @pytest.fixture(autouse=True)
    def _environment(self, settings):
        settings.INIT_EMAIL = "Boss@example.org"
        settings.INIT_PASSWORD = PASSWORD
        settings.INIT_WORKSPACE = "Headquarters"

    def test_is_made_with_a_workspace_when_there_is_nobody(self):
        assert answer_of("init")["made"]
        boss = User.objects.get_by_natural_key("boss@example.org")
        assert boss.is_superuser
        assert boss.is_staff
        assert boss.check_password(PASSWORD)
        assert boss.default_workspace
        assert boss.default_workspace.name == "Headquarters"
        assert Membership.objects.get(workspace=boss.default_workspace).role == Role.OWNER

    def test_a_trial_tells_whether_one_would_be_made(self):
        assert answer_of("init", "--dry-run") == {"made": False, "would_make": "Boss@example.org"}
        assert not User.objects.exists()
        answer_of("init")
        assert answer_of("init", "--dry-run") == {"made": False}

    def test_preparing_tells_of_them_too(self, settings):
        settings.DEMO = True
        out = StringIO()
        call_command("prepare", "--dry-run", stdout=out)
        assert "0 migrations would be applied" in out.getvalue()
        assert "Boss@example.org would own" in out.getvalue()
        assert "reviewer@demo" in out.getvalue()
        assert answer_of("prepare", "--dry-run")["first_owner"]
        assert not User.objects.exists()

    def test_is_not_made_twice(self):
        answer_of("init")
        before = Event.objects.count()
        assert answer_of("init") == {"made": False}
        assert (User.objects.count(), Event.objects.count()) == (1, before)

    def test_is_not_made_beside_others(self):
        PersonFactory.create()
        assert answer_of("init") == {"made": False}
        assert User.objects.count() == 1

    def test_is_made_beside_the_people_of_a_demo(self, settings):
        answer_of("seed_demo")
        settings.DEVELOPMENT = False
        assert answer_of("init")["made"]
        assert User.objects.get_by_natural_key("boss@example.org").is_superuser

    def test_needs_a_password_that_is_one(self, settings):
        settings.INIT_PASSWORD = "12345"
        with pytest.raises(CommandError):
            answer_of("init")
        settings.INIT_PASSWORD = ""
        with pytest.raises(CommandError, match="LATTICE_INIT_PASSWORD"):
            answer_of("init")
        assert not Workspace.objects.exists()


def test_a_superuser_comes_from_djangos_own_command(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--no-input", "--email", "Root@example.org", verbosity=0)
    root = User.objects.get_by_natural_key("root@example.org")
    assert root.is_superuser
    assert root.check_password(PASSWORD)


def test_spent_tokens_stay_as_long_as_their_family_lives(settings):
    tokens = open_session(person=PersonFactory.create())
    half = timezone.now() + settings.REFRESH_TOKEN_LIFETIME / 2
    with time_machine.travel(half):
        refresh_session(refresh_token=tokens.refresh_token)
    with time_machine.travel(timezone.now() + settings.REFRESH_TOKEN_LIFETIME + timedelta(days=8)):
        tasks.purge_expired()
    assert RefreshToken.objects.count() == 2

    with time_machine.travel(half + settings.REFRESH_TOKEN_LIFETIME + timedelta(days=8)):
        tasks.purge_expired()
    assert not TokenFamily.objects.exists()
