"""Tickets of sockets: used once, and gone with what they were made with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.credentials import fingerprint
from apps.accounts.errors import (
    InvalidToken,
)
from apps.accounts.models import ApiKey, SocketTicket
from apps.accounts.selectors.credentials import live_sessions
from apps.accounts.services.authentication import identify
from apps.accounts.services.sessions import log_out, open_session
from apps.accounts.services.tickets import issue_ticket, redeem_ticket
from tests.accounts.holders import recorded
from tests.factories import (
    PersonFactory,
    WorkspaceFactory,
    issue,
    member,
)


class TestTickets:
    def ticket_of(self, workspace, secret):
        user, credential = identify(secret)
        return user, issue_ticket(user=user, credential=credential, workspace_id=workspace.id)

    def test_it_carries_what_it_was_issued_for(self, workspace, owner):
        user, ticket = self.ticket_of(workspace, issue(owner, workspace, Scope.READ))
        redeemed, credential = redeem_ticket(token=ticket)
        assert redeemed == user
        assert credential.scopes == {Scope.READ}
        assert redeemed.confined_to == credential.confined_to == workspace.id
        assert recorded() == ["ticket.issued", "ticket.redeemed"]

    def test_it_opens_one_socket(self, workspace, owner):
        _, ticket = self.ticket_of(workspace, issue(owner, workspace))
        redeem_ticket(token=ticket)
        with pytest.raises(InvalidToken):
            redeem_ticket(token=ticket)
        assert recorded() == ["ticket.issued", "ticket.redeemed"]

    def test_it_is_good_for_half_a_minute(self, workspace, owner):
        _, ticket = self.ticket_of(workspace, issue(owner, workspace))
        later = timezone.now() + timedelta(seconds=31)
        with time_machine.travel(later), pytest.raises(InvalidToken):
            redeem_ticket(token=ticket)
        assert SocketTicket.objects.get().used_at is None

    def test_it_ends_with_its_credential(self, workspace, owner):
        _, by_key = self.ticket_of(workspace, issue(owner, workspace))
        tokens = open_session(person=owner)
        _, by_login = self.ticket_of(workspace, tokens.access_token)
        ApiKey.objects.update(revoked_at=timezone.now())
        log_out(refresh_token=tokens.refresh_token)
        for ticket in (by_key, by_login, "unknown"):
            with pytest.raises(InvalidToken):
                redeem_ticket(token=ticket)


class TestTicketsOfSessions:
    """Made in a browser, they end with its session."""

    @pytest.fixture
    def browser(self, client, owner):
        client.force_login(owner)
        return client

    @pytest.fixture
    def ticket(self, browser, workspace):
        answer = browser.post("/api/v1/ws-tickets", headers={"X-Workspace-Id": str(workspace.id)})
        assert answer.status_code == 201
        return answer.json()["ticket"]

    def test_it_opens_a_socket_while_the_session_lasts(self, browser, owner, ticket):
        user, credential = redeem_ticket(token=ticket)
        assert user == owner
        assert credential.session == fingerprint(browser.session.session_key)

    def test_the_key_of_the_session_is_not_kept(self, browser, ticket):
        kept = str(SocketTicket.objects.values().get())
        assert browser.session.session_key not in kept

    def logged_out(self, browser, owner):
        browser.logout()

    def expired(self, browser, owner):
        Session.objects.update(expire_date=timezone.now())

    def new_password(self, browser, owner):
        owner.set_password("another one")
        owner.save()

    def somebody_else(self, browser, owner):
        session = browser.session
        session[SESSION_KEY] = str(PersonFactory.create().id)
        session.save()

    @pytest.mark.parametrize("end", [logged_out, expired, new_password, somebody_else])
    def test_it_ends_with_the_session(self, browser, owner, ticket, end):
        end(self, browser, owner)
        before = recorded()
        with pytest.raises(InvalidToken):
            redeem_ticket(token=ticket)
        assert SocketTicket.objects.get().used_at is None
        assert recorded() == before

    def test_another_session_of_the_same_person_does_not_hold_it(self, browser, owner, ticket):
        other = Client()
        other.force_login(owner)
        browser.logout()
        with pytest.raises(InvalidToken):
            redeem_ticket(token=ticket)


@pytest.mark.django_db
def test_sessions_are_found_by_their_fingerprint_through_an_index():
    """Among many that have not ended, so that their expiry is no way to find one."""
    tomorrow = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"{number:032}", session_data="", expire_date=tomorrow)
        for number in range(1000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE django_session")
    assert "session_fingerprint" in live_sessions([bytes(32)]).explain()


def test_of_many_who_redeem_one_ticket_one_gets_in(committed_database):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    user, credential = identify(issue(owner, workspace))
    ticket = issue_ticket(user=user, credential=credential, workspace_id=workspace.id)

    def redeem(_):
        try:
            return redeem_ticket(token=ticket)
        except InvalidToken:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(redeem, range(8)))
    assert sum(answer is not None for answer in answers) == 1
