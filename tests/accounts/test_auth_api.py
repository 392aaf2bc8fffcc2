"""The doors of authentication, over HTTP: shapes, codes, headers."""

import jwt
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory, WorkspaceFactory, agent_of, issue, member

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
def client():
    return APIClient()


def code_of(response):
    return response.json()["error"]["code"]


def bearer(token):
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


class TestTheLifeOfALogin:
    def test_register_me_refresh_log_out(self, client):
        registered = client.post("/api/v1/auth/register", ADA)
        assert registered.status_code == 201
        tokens = registered.json()
        assert set(tokens) == {"access_token", "refresh_token", "expires_at"}
        assert isinstance(tokens["expires_at"], int)

        me = client.get("/api/v1/auth/me", **bearer(tokens["access_token"])).json()
        assert {"id", "email", "tier"} <= set(me)
        assert (me["email"], me["tier"]) == ("ada@example.org", "free")

        spent = {"refresh_token": tokens["refresh_token"]}
        renewed = client.post("/api/v1/auth/refresh", spent)
        assert renewed.status_code == 200
        assert set(renewed.json()) == {"access_token", "refresh_token", "expires_at"}

        logged_in = client.post("/api/v1/auth/login", ADA)
        assert logged_in.status_code == 200
        left = client.post(
            "/api/v1/auth/logout", {"refresh_token": logged_in.json()["refresh_token"]}
        )
        assert left.status_code == 204
        after = client.get("/api/v1/auth/me", **bearer(logged_in.json()["access_token"]))
        assert (after.status_code, code_of(after)) == (401, "invalid_token")

    def test_a_spent_refresh_token_is_refused_and_recorded(self, client):
        tokens = client.post("/api/v1/auth/register", ADA).json()
        spent = {"refresh_token": tokens["refresh_token"]}
        assert client.post("/api/v1/auth/refresh", spent).status_code == 200
        again = client.post("/api/v1/auth/refresh", spent)
        assert (again.status_code, code_of(again)) == (401, "invalid_token")
        assert Event.objects.filter(type="accounts.session.reuse_detected").exists()

    def test_an_expired_token_says_so(self, client):
        tokens = client.post("/api/v1/auth/register", ADA).json()
        claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
        old = jwt.encode(claims | {"exp": 1}, settings.JWT_SECRET, algorithm="HS256")
        response = client.get("/api/v1/auth/me", **bearer(old))
        assert (response.status_code, code_of(response)) == (401, "expired_token")

    def test_an_old_credential_does_not_keep_anybody_from_logging_in(self, client):
        PersonFactory.create(email=ADA["email"])
        assert client.post("/api/v1/auth/login", ADA, **bearer("a.b.c")).status_code == 200


class TestRefusals:
    def test_an_address_is_registered_once(self, client):
        client.post("/api/v1/auth/register", ADA)
        again = client.post("/api/v1/auth/register", ADA | {"email": "ADA@example.org"})
        assert (again.status_code, code_of(again)) == (409, "email_taken")
        assert User.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, {"email", "password"}),
            ({"email": "x", "password": PASSWORD}, {"email"}),
            ({"email": "ada@example.org", "password": "short"}, {"password"}),
            ({"email": ["a"], "password": {}}, {"email", "password"}),
        ],
    )
    def test_what_cannot_be_used_is_named(self, client, body, fields):
        response = client.post("/api/v1/auth/register", body)
        assert response.status_code == 422
        assert {detail["field"] for detail in response.json()["error"]["details"]} == fields
        assert not User.objects.exists()
        assert not Event.objects.exists()

    def test_wrong_passwords_are_counted_until_the_door_stays_shut(self, client):
        PersonFactory.create(email=ADA["email"])
        wrong = ADA | {"password": "wrong"}
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            response = client.post("/api/v1/auth/login", wrong)
            assert (response.status_code, code_of(response)) == (401, "wrong_password")
        client.post("/api/v1/auth/login", wrong)
        response = client.post("/api/v1/auth/login", ADA)
        assert (response.status_code, code_of(response)) == (429, "locked_out")
        assert int(response["Retry-After"]) == 15 * 60
        assert not Event.objects.exists()


class TestCredentials:
    @pytest.mark.parametrize(
        ("headers", "code", "message"),
        [
            ({}, "missing_api_key", "X-API-Key header required"),
            ({"HTTP_X_API_KEY": "wrong"}, "invalid_api_key", "X-API-Key invalid"),
            (bearer("wrong"), "invalid_api_key", "X-API-Key invalid"),
            (bearer("a.b.c"), "invalid_token", None),
            (bearer(""), "invalid_api_key", None),
            ({"HTTP_AUTHORIZATION": "Basic YTpi"}, "invalid_token", None),
        ],
    )
    def test_missing_and_wrong_ones_are_told_apart(self, client, headers, code, message):
        response = client.get("/api/v1/auth/me", **headers)
        assert (response.status_code, code_of(response)) == (401, code)
        assert message in (None, response.json()["error"]["message"])
        assert response["WWW-Authenticate"].startswith("Bearer")

    def test_a_key_works_in_either_header(self, client):
        workspace = WorkspaceFactory.create()
        agent = agent_of(member(workspace, Role.OWNER), workspace)
        key = issue(agent, workspace)
        for headers in (
            {"HTTP_X_API_KEY": key},
            bearer(key),
            {"HTTP_AUTHORIZATION": f"bearer {key}"},
        ):
            assert client.get("/api/v1/auth/me", **headers).json()["id"] == str(agent.id)

    def test_an_agent_cannot_change_who_it_is(self, client):
        workspace = WorkspaceFactory.create()
        agent = agent_of(member(workspace, Role.OWNER), workspace)
        response = client.patch(
            "/api/v1/auth/me", {"name": "Boss"}, HTTP_X_API_KEY=issue(agent, workspace)
        )
        assert (response.status_code, code_of(response)) == (403, "scope_missing")
        agent.refresh_from_db()
        assert agent.name != "Boss"
        assert not Event.objects.exists()

    def test_a_session_needs_its_csrf_token_to_write(self):
        browser = APIClient(enforce_csrf_checks=True)
        person = PersonFactory.create()
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        assert browser.get("/api/v1/auth/me").status_code == 200
        response = browser.patch("/api/v1/auth/me", {"name": "Eve"})
        assert (response.status_code, code_of(response)) == (403, "csrf_failed")

        browser.cookies["csrftoken"] = "a" * 32
        response = browser.patch("/api/v1/auth/me", {"name": "Eve"}, HTTP_X_CSRFTOKEN="a" * 32)
        assert response.status_code == 200


class TestOneself:
    @pytest.fixture
    def me(self, client):
        person = PersonFactory.create()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return person

    def test_name_and_zone_are_kept(self, client, me):
        response = client.patch(
            "/api/v1/auth/me",
            {"time_zone": "Europe/Vienna", "name": "Ada"},
        )
        assert response.status_code == 200
        assert response.json()["time_zone"] == "Europe/Vienna"
        assert Event.objects.get().payload["fields"] == ["name", "time_zone"]

    def test_mails_are_asked_for_at_one_door_alone(self, client, me):
        response = client.patch("/api/v1/auth/me", {"notifications": {"digest": False}})
        assert "notifications" not in response.json()
        assert not Event.objects.exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"default_workspace": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7"}, "default_workspace"),
        ],
    )
    def test_what_does_not_exist_is_refused(self, client, me, body, field):
        response = client.patch("/api/v1/auth/me", body)
        assert response.status_code == 422
        assert response.json()["error"]["details"][0]["field"] == field
        assert not Event.objects.exists()

    def test_a_new_password_ends_every_login(self, client, me):
        tokens = client.post("/api/v1/auth/login", {"email": me.email, "password": PASSWORD}).json()
        wrong = {"password": "wrong", "new_password": "another fine horse"}
        assert client.post("/api/v1/auth/password", wrong).status_code == 422
        assert client.get("/api/v1/auth/me", **bearer(tokens["access_token"])).status_code == 200

        right = wrong | {"password": PASSWORD}
        assert client.post("/api/v1/auth/password", right).status_code == 204
        assert client.get("/api/v1/auth/me", **bearer(tokens["access_token"])).status_code == 401
        login = {"email": me.email, "password": "another fine horse"}
        assert client.post("/api/v1/auth/login", login).status_code == 200
