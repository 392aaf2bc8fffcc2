"""Who may call how often, and what happens while Redis is away."""

import logging
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.accounts.access.limiter import Limiter, Policy, limiter
from apps.accounts.choices import Role, Tier
from apps.accounts.services.sessions import open_session
from config.env import environment
from config.settings import RATE_LIMITS
from tests.factories import PersonFactory, WorkspaceFactory, agent_of, issue, member

LIMITS = {"free": 3, "pro": 60, "power": 120, "team": 200, "agent": 2, "address": 4, "password": 2}


@pytest.fixture(autouse=True)
def _ordinary_limits(settings):
    settings.RATE_LIMITS = LIMITS


def policy(limit, seconds=60):
    return Policy("test", uuid4().hex, limit, seconds)


def logged_in(person):
    client = APIClient()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_what_is_promised_is_what_is_set(settings):
    promised = {
        "free": 20,
        "pro": 60,
        "power": 120,
        "team": 200,
        "agent": 5,
        "address": 20,
        "password": 5,
    }
    scale = environment.rate_limit_scale
    assert {name: limit // scale for name, limit in RATE_LIMITS.items()} == promised


@pytest.mark.django_db
class TestOverHttp:
    def test_the_call_after_the_last_one_waits(self):
        client = logged_in(PersonFactory.create())
        for left in (2, 1, 0):
            response = client.get("/api/v1/auth/me")
            assert response.status_code == 200
            assert response["RateLimit-Policy"] == '"free";q=3;w=60'
            assert response["RateLimit"].startswith(f'"free";r={left};t=')

        response = client.get("/api/v1/auth/me")
        assert response.status_code == 429
        assert response.json()["error"]["code"] == "rate_limited"
        assert 1 <= int(response["Retry-After"]) <= 60
        assert response["RateLimit"].startswith('"free";r=0;t=')

    def test_the_tier_is_read_from_the_row_and_not_from_the_token(self):
        person = PersonFactory.create(tier=Tier.FREE)
        token = open_session(person=person).access_token
        person.tier = Tier.TEAM
        person.save()
        response = APIClient().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}")
        assert response["RateLimit-Policy"] == '"team";q=200;w=60'

    def test_a_person_has_one_bucket_whatever_they_call_with(self):
        workspace = WorkspaceFactory.create()
        person = member(workspace, Role.OWNER)
        browser, key = logged_in(person), issue(person, workspace)
        for _ in range(2):
            browser.get("/api/v1/auth/me")
        assert (
            APIClient()
            .get("/api/v1/auth/me", HTTP_X_API_KEY=key)["RateLimit"]
            .startswith('"free";r=0')
        )

    def test_an_agent_has_a_bucket_of_its_own_by_the_second(self):
        workspace = WorkspaceFactory.create()
        owner = member(workspace, Role.OWNER)
        key = issue(agent_of(owner, workspace), workspace)
        statuses = [
            APIClient().get("/api/v1/auth/me", HTTP_X_API_KEY=key).status_code for _ in range(3)
        ]
        assert statuses == [200, 200, 429]
        assert logged_in(owner).get("/api/v1/auth/me")["RateLimit"].startswith('"free";r=2')

    def test_callers_without_credentials_are_counted_by_address(self):
        address, body = f"2001:db8:{uuid4().hex[:4]}::1", {"refresh_token": "unknown"}
        statuses = [
            APIClient().post("/api/v1/auth/refresh", body, REMOTE_ADDR=address).status_code
            for _ in range(5)
        ]
        assert statuses == [401, 401, 401, 401, 429]

    def test_network_of_one_caller_counts_as_one_address(self):
        network, body = f"2001:db8:{uuid4().hex[:4]}:3", {"refresh_token": "unknown"}
        statuses = [
            APIClient()
            .post("/api/v1/auth/refresh", body, REMOTE_ADDR=f"{network}::{number}")
            .status_code
            for number in range(1, 6)
        ]
        assert statuses == [401, 401, 401, 401, 429]

    def test_present_password_is_not_guessed_quickly(self):
        body = {"password": "wrong", "new_password": "an entirely new password"}
        client = logged_in(member(WorkspaceFactory.create()))
        statuses = [client.post("/api/v1/auth/password", body).status_code for _ in range(3)]
        assert statuses == [422, 422, 429]

    def test_an_address_cannot_be_made_up(self, settings):
        body, address = {"refresh_token": "unknown"}, f"2001:db8:{uuid4().hex[:4]}:1::1"
        statuses = [
            APIClient()
            .post(
                "/api/v1/auth/refresh",
                body,
                REMOTE_ADDR=address,
                HTTP_X_FORWARDED_FOR=f"198.51.100.{number}",
            )
            .status_code
            for number in range(5)
        ]
        assert statuses[-1] == 429

    def test_a_trusted_proxy_is_believed_about_its_caller_alone(self, settings):
        settings.TRUSTED_PROXIES = 1
        mine = f"2001:db8:{uuid4().hex[:4]}:2::1"
        body = {"refresh_token": "unknown"}
        for number in range(4):
            APIClient().post(
                "/api/v1/auth/refresh", body, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, {mine}"
            )
        blocked = APIClient().post("/api/v1/auth/refresh", body, HTTP_X_FORWARDED_FOR=mine)
        assert blocked.status_code == 429

    def test_without_redis_everybody_passes(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        client = logged_in(PersonFactory.create())
        responses = [client.get("/api/v1/auth/me") for _ in range(LIMITS["free"] + 2)]
        assert {response.status_code for response in responses} == {200}
        assert "RateLimit" not in responses[0]


def test_of_many_at_once_no_more_pass_than_may():
    twenty = policy(20)
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda _: limiter().spend(twenty), range(60)))
    assert sum(verdict.allowed for verdict in verdicts if verdict) == 20


def test_buckets_are_separate():
    first, second = policy(1), policy(1)
    verdicts = [limiter().spend(each) for each in (first, second, first)]
    assert [verdict and verdict.allowed for verdict in verdicts] == [True, True, False]


def test_an_outage_is_said_once(caplog):
    away = Limiter("redis://127.0.0.1:1/0")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert away.spend(policy(1)) is None
            away._away_until = 0.0
    assert len(caplog.records) == 1
