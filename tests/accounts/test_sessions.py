"""Registering, logging in, refreshing, logging out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from apps.accounts.choices import Role, Tier, WorkspaceKind
from apps.accounts.errors import (
    EmailTaken,
    ExpiredToken,
    InvalidAccount,
    InvalidToken,
    LockedOut,
    WrongPassword,
)
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.accounts.services.authentication import identify
from apps.accounts.services.people import disable_person, register_person
from apps.accounts.services.sessions import log_in, log_out, open_session, refresh_session
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory


def recorded():
    return list(Event.objects.order_by("at", "seq").values_list("type", flat=True))


def try_log_in(email, password, address="203.0.113.7"):
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    return log_in(email=email, password=password, request=request)


@pytest.mark.django_db
class TestRegistering:
    def test_a_person_gets_a_workspace_of_their_own(self):
        person = register_person(email=" Ada@Example.org ", password=PASSWORD, actor=SYSTEM)

        assert person.email == "ada@example.org"
        membership = person.memberships.get()
        assert membership.role == Role.OWNER
        assert membership.workspace == person.default_workspace
        assert membership.workspace.kind == WorkspaceKind.PERSONAL
        assert recorded() == ["accounts.person.registered"]

    def test_the_event_holds_no_address(self):
        register_person(email="tilly@example.org", password=PASSWORD, name="Tilly", actor=SYSTEM)
        assert "tilly" not in str(Event.objects.get().payload).lower()

    def test_passwords_are_hashed_with_bcrypt(self):
        person = register_person(email="ada@example.org", password=PASSWORD, actor=SYSTEM)
        assert person.password.startswith("bcrypt_sha256$")
        assert person.check_password(PASSWORD)

    def test_an_address_is_registered_once(self):
        PersonFactory.create(email="ada@example.org")
        with pytest.raises(EmailTaken):
            register_person(email="ADA@example.org", password=PASSWORD, actor=SYSTEM)
        assert User.objects.count() == 1
        assert recorded() == []

    @pytest.mark.parametrize(
        ("email", "password", "fields"),
        [
            ("nobody", PASSWORD, {"email"}),
            ("ada@example.org", "short", {"password"}),
            ("ada@example.org", "password1", {"password"}),
            ("ada.lovelace@example.org", "ada.lovelace", {"password"}),
            ("nobody", "12345", {"email", "password"}),
        ],
    )
    def test_what_cannot_be_used_is_named(self, email, password, fields):
        with pytest.raises(InvalidAccount) as refused:
            register_person(email=email, password=password, actor=SYSTEM)
        assert {detail["field"] for detail in refused.value.details} == fields
        assert User.objects.count() == 0
        assert recorded() == []


@pytest.mark.django_db
class TestLoggingIn:
    def test_the_access_token_says_who_and_which_tier(self):
        person = PersonFactory.create(tier=Tier.POWER)
        tokens = try_log_in(person.email.upper(), PASSWORD)

        claims = jwt.decode(tokens.access_token, settings.JWT_SECRET, algorithms=["HS256"])
        assert claims["user_id"] == str(person.id)
        assert claims["tier"] == "power"
        assert tokens.expires_at == claims["exp"]
        found, credential = identify(tokens.access_token)
        assert found == person
        assert credential.via == "token"
        assert recorded() == ["accounts.session.opened"]

    @pytest.mark.parametrize("address", ["known@example.org", "unknown@example.org"])
    def test_a_wrong_password_and_an_unknown_address_look_alike(self, address):
        PersonFactory.create(email="known@example.org")
        with pytest.raises(WrongPassword) as refused:
            try_log_in(address, "wrong")
        assert str(refused.value) == WrongPassword.message
        assert recorded() == []

    def test_a_disabled_person_stays_out(self):
        person = PersonFactory.create(is_active=False)
        with pytest.raises(WrongPassword):
            try_log_in(person.email, PASSWORD)

    def test_guessing_locks_the_pair_of_name_and_address_alone(self):
        person = PersonFactory.create()
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            with pytest.raises(WrongPassword):
                try_log_in(person.email, "wrong")
        with pytest.raises(LockedOut):
            try_log_in(person.email, "wrong")
        with pytest.raises(LockedOut) as refused:
            try_log_in(person.email, PASSWORD)
        assert refused.value.retry_after == 15 * 60

        assert try_log_in(person.email, PASSWORD, address="198.51.100.1")
        assert try_log_in(PersonFactory.create().email, PASSWORD)

    def test_a_lock_ends_by_itself(self):
        person = PersonFactory.create()
        for _ in range(settings.AXES_FAILURE_LIMIT):
            with pytest.raises((WrongPassword, LockedOut)):
                try_log_in(person.email, "wrong")
        with time_machine.travel(timezone.now() + settings.AXES_COOLOFF_TIME * 1.1):
            assert try_log_in(person.email, PASSWORD)

    def test_success_forgets_the_failures_before_it(self):
        person = PersonFactory.create()
        for _ in range(2):
            for _ in range(settings.AXES_FAILURE_LIMIT - 1):
                with pytest.raises(WrongPassword):
                    try_log_in(person.email, "wrong")
            try_log_in(person.email, PASSWORD)


@pytest.mark.django_db
class TestAccessTokens:
    def test_it_expires(self):
        tokens = open_session(person=PersonFactory.create())
        later = timezone.now() + settings.ACCESS_TOKEN_LIFETIME + timedelta(seconds=1)
        with time_machine.travel(later), pytest.raises(ExpiredToken):
            identify(tokens.access_token)

    @pytest.mark.parametrize(
        "forge",
        [
            lambda token, _: token[:-4] + "AAAA",
            lambda _, claims: jwt.encode(claims, "x" * 32, algorithm="HS256"),
            lambda _, claims: jwt.encode(claims, "", algorithm="none"),
            lambda _, claims: jwt.encode(
                claims | {"session": None}, settings.JWT_SECRET, algorithm="HS256"
            ),
            lambda _, claims: jwt.encode(
                claims | {"token_type": "refresh"}, settings.JWT_SECRET, algorithm="HS256"
            ),
            lambda _, claims: jwt.encode(
                claims | {"user_id": "1"}, settings.JWT_SECRET, algorithm="HS256"
            ),
            lambda *_: "a.b.c",
            lambda *_: "..",
        ],
    )
    def test_a_forged_one_is_refused(self, forge):
        token = open_session(person=PersonFactory.create()).access_token
        claims = jwt.decode(token, options={"verify_signature": False})
        with pytest.raises(InvalidToken):
            identify(forge(token, claims))

    def test_it_ends_with_its_login(self):
        tokens = open_session(person=PersonFactory.create())
        log_out(refresh_token=tokens.refresh_token)
        with pytest.raises(InvalidToken):
            identify(tokens.access_token)

    def test_it_ends_when_the_person_is_disabled(self):
        person = PersonFactory.create()
        tokens = open_session(person=person)
        disable_person(person_id=person.id, actor=SYSTEM)
        with pytest.raises(InvalidToken):
            identify(tokens.access_token)


@pytest.mark.django_db
class TestRefreshing:
    def test_a_token_is_spent_for_a_new_pair(self):
        first = open_session(person=PersonFactory.create())
        second = refresh_session(refresh_token=first.refresh_token)
        assert second.refresh_token != first.refresh_token
        assert identify(second.access_token)
        assert recorded() == ["accounts.session.opened", "accounts.session.refreshed"]

    def test_tokens_are_stored_as_hashes(self):
        tokens = open_session(person=PersonFactory.create())
        assert tokens.refresh_token.encode() not in bytes(RefreshToken.objects.get().token_hash)

    def test_spent_refresh_token_ends_the_family(self):
        first = open_session(person=PersonFactory.create())
        second = refresh_session(refresh_token=first.refresh_token)

        with pytest.raises(InvalidToken):
            refresh_session(refresh_token=first.refresh_token)

        assert TokenFamily.objects.get().ended_at
        assert recorded()[-1] == "accounts.session.reuse_detected"
        with pytest.raises(InvalidToken):
            refresh_session(refresh_token=second.refresh_token)
        with pytest.raises(InvalidToken):
            identify(second.access_token)

    def test_other_logins_of_the_person_go_on(self):
        person = PersonFactory.create()
        stolen, other = open_session(person=person), open_session(person=person)
        refresh_session(refresh_token=stolen.refresh_token)
        with pytest.raises(InvalidToken):
            refresh_session(refresh_token=stolen.refresh_token)
        assert refresh_session(refresh_token=other.refresh_token)

    def test_an_old_token_has_expired(self):
        tokens = open_session(person=PersonFactory.create())
        before = recorded()
        later = timezone.now() + settings.REFRESH_TOKEN_LIFETIME + timedelta(seconds=1)
        with time_machine.travel(later), pytest.raises(InvalidToken):
            refresh_session(refresh_token=tokens.refresh_token)
        assert recorded() == before

    @pytest.mark.parametrize("token", ["", "unknown", "\N{SNOWMAN}"])
    def test_an_unknown_token_is_refused(self, token):
        with pytest.raises(InvalidToken):
            refresh_session(refresh_token=token)
        assert recorded() == []

    def test_logging_out_twice_is_logging_out(self):
        tokens = open_session(person=PersonFactory.create())
        log_out(refresh_token=tokens.refresh_token)
        log_out(refresh_token=tokens.refresh_token)
        assert recorded() == ["accounts.session.opened", "accounts.session.closed"]


def test_of_many_who_refresh_at_once_one_wins(committed_database):
    tokens = open_session(person=PersonFactory.create())

    def spend(_):
        try:
            return refresh_session(refresh_token=tokens.refresh_token)
        except InvalidToken:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(spend, range(8)))

    winners = [answer for answer in answers if answer]
    assert len(winners) == 1
    assert RefreshToken.objects.count() == 2
    # Two holders of one token look like a theft, whoever they are: the family has ended for both.
    assert TokenFamily.objects.get().ended_at
    assert Event.objects.filter(type="accounts.session.reuse_detected").count() == 1
