"""Agents, the keys they and people hold, and socket tickets."""

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
    AgentDisabled,
    InvalidAccount,
    InvalidApiKey,
    InvalidRole,
    InvalidScope,
    InvalidToken,
    KeyRevoked,
    OutlivesItsIssuer,
    PeopleOnly,
)
from apps.accounts.models import ApiKey, Membership, SocketTicket, User
from apps.accounts.selectors import live_sessions
from apps.accounts.services.agents import change_agent, create_agent, disable_agent, enable_agent
from apps.accounts.services.authentication import identify, read_key
from apps.accounts.services.keys import issue_key, revoke_key, rotate_key
from apps.accounts.services.sessions import log_out, open_session
from apps.accounts.services.tickets import issue_ticket, redeem_ticket
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from apps.ledger.services import unit
from tests.factories import (
    MembershipFactory,
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    issue,
    member,
)
from tests.waiting import eventually, lock_waiters


@pytest.fixture
def workspace(db):
    return WorkspaceFactory.create()


@pytest.fixture
def owner(workspace):
    return member(workspace, Role.OWNER)


@pytest.fixture
def agent(workspace, owner):
    return agent_of(owner, workspace)


def recorded():
    return [
        name.removeprefix("accounts.")
        for name in Event.objects.order_by("seq").values_list("type", flat=True)
    ]


def key_for(holder, workspace, actor, scopes=("read", "write"), **fields):
    return issue_key(
        holder=holder, workspace_id=workspace.id, name="k", scopes=scopes, actor=actor, **fields
    )


class TestAgents:
    def test_whoever_creates_it_owns_it(self, workspace):
        person = member(workspace, Role.CONTRIBUTOR)
        agent = create_agent(workspace_id=workspace.id, name=" Bot ", owner=person, actor=person)
        assert (agent.name, agent.owner, agent.is_agent) == ("Bot", person, True)
        assert not agent.has_usable_password()
        assert Membership.objects.get(user=agent).role == Role.CONTRIBUTOR
        assert recorded() == ["agent.created"]

    def test_nobody_creates_one_in_another_name(self, workspace, owner):
        with pytest.raises(NotAllowed):
            create_agent(
                workspace_id=workspace.id,
                name="Bot",
                owner=member(workspace),
                actor=owner,
            )
        assert recorded() == []

    def test_it_takes_a_role_that_writes_and_a_creator_who_may(self, workspace, owner):
        with pytest.raises(InvalidRole):
            create_agent(
                workspace_id=workspace.id, name="B", owner=owner, actor=owner, role=Role.REVIEWER
            )
        viewer = member(workspace, Role.VIEWER)
        with pytest.raises(NotAllowed):
            create_agent(workspace_id=workspace.id, name="B", owner=viewer, actor=viewer)
        assert not User.objects.get_queryset().filter(kind="agent").exists()
        assert recorded() == []

    def test_agents_create_no_agents(self, workspace, agent):
        with pytest.raises(PeopleOnly):
            create_agent(workspace_id=workspace.id, name="B", owner=agent, actor=agent)

    def test_disabled_its_key_stops_and_enabled_it_works_again(self, workspace, owner, agent):
        key = issue(agent, workspace)
        for _ in range(2):
            disable_agent(agent_id=agent.id, workspace_id=workspace.id, actor=owner)
        with pytest.raises(InvalidApiKey):
            read_key(key)
        for _ in range(2):
            enable_agent(agent_id=agent.id, workspace_id=workspace.id, actor=owner)
        assert read_key(key)
        assert recorded() == ["agent.disabled", "agent.enabled"]

    def test_it_gets_another_name_and_owner(self, workspace, owner, agent):
        heir = member(workspace)
        change_agent(
            agent_id=agent.id, workspace_id=workspace.id, name="New", owner_id=heir.id, actor=owner
        )
        agent.refresh_from_db()
        assert (agent.name, agent.owner) == ("New", heir)
        assert recorded() == ["agent.renamed", "agent.owner_changed"]

    def test_handed_over_it_keeps_none_of_its_keys(self, workspace, owner, agent):
        elsewhere = WorkspaceFactory.create()
        for user in (owner, agent):
            MembershipFactory.create(workspace=elsewhere, user=user)
        keys = [issue(agent, workspace), issue(agent, elsewhere)]
        kept = issue(agent_of(owner, workspace), workspace)
        heir = member(workspace)

        hand_over = {"agent_id": agent.id, "workspace_id": workspace.id, "owner_id": heir.id}
        for _ in range(2):
            change_agent(**hand_over, actor=owner)

        for key in keys:
            with pytest.raises(InvalidApiKey):
                read_key(key)
        assert read_key(kept)
        (event,) = Event.objects.all()
        assert event.payload == {
            "agent": str(agent.id),
            "before": str(owner.id),
            "after": str(heir.id),
            "keys_revoked": 2,
        }

    def test_renamed_it_keeps_its_keys(self, workspace, owner, agent):
        key = issue(agent, workspace)
        change_agent(
            agent_id=agent.id,
            workspace_id=workspace.id,
            name="New",
            owner_id=owner.id,
            actor=owner,
        )
        assert read_key(key)

    def test_its_owner_has_to_be_a_person_of_the_workspace(self, workspace, owner, agent):
        for heir in (PersonFactory.create(), agent_of(owner, workspace)):
            with pytest.raises(InvalidAccount):
                change_agent(
                    agent_id=agent.id, workspace_id=workspace.id, owner_id=heir.id, actor=owner
                )
        agent.refresh_from_db()
        assert agent.owner == owner
        assert recorded() == []

    @pytest.mark.parametrize(
        ("role", "error"),
        [(Role.REVIEWER, NotAllowed), (Role.VIEWER, NotAllowed), (None, NotFound)],
    )
    def test_others_leave_it_alone(self, workspace, agent, role, error):
        actor = member(workspace, role) if role else PersonFactory.create()
        for act in (disable_agent, enable_agent, change_agent):
            with pytest.raises(error):
                act(agent_id=agent.id, workspace_id=workspace.id, actor=actor)
        assert recorded() == []

    def test_an_admin_may_disable_it(self, workspace, agent):
        admin = member(workspace, Role.ADMIN)
        assert not disable_agent(
            agent_id=agent.id, workspace_id=workspace.id, actor=admin
        ).is_active

    def test_an_agent_of_elsewhere_is_not_found(self, workspace, owner):
        other = WorkspaceFactory.create()
        stranger = agent_of(member(other, Role.OWNER), other)
        with pytest.raises(NotFound):
            disable_agent(agent_id=stranger.id, workspace_id=workspace.id, actor=owner)


class TestIssuing:
    def test_the_text_is_in_the_answer_alone(self, workspace, owner, agent):
        issued = key_for(agent, workspace, owner)
        assert read_key(issued.text)[0] == agent
        stored = str(ApiKey.objects.values().get()) + str(Event.objects.values().get())
        secret = issued.text.rpartition("_")[2]
        assert secret not in stored
        assert recorded() == ["key.issued"]

    @pytest.mark.parametrize("scopes", [["decide"], ["manage"], ["read", "decide"], [], ["fly"]])
    def test_an_agent_gets_neither_decide_nor_manage(self, workspace, owner, agent, scopes):
        with pytest.raises(InvalidScope):
            key_for(agent, workspace, owner, scopes)
        assert not ApiKey.objects.exists()
        assert recorded() == []

    def test_a_person_may_have_every_scope(self, workspace, owner):
        issued = key_for(owner, workspace, owner, Scope.values)
        assert read_key(issued.text)[1].scopes == set(Scope)

    def test_only_for_oneself_and_ones_own_agents(self, workspace, owner):
        person = member(workspace)
        for holder in (person, agent_of(person, workspace)):
            with pytest.raises(NotFound):
                key_for(holder, workspace, owner)
        assert recorded() == []

    def test_only_where_the_holder_belongs(self, workspace, owner):
        elsewhere = WorkspaceFactory.create()
        with pytest.raises(NotFound):
            key_for(owner, elsewhere, owner)

    def test_agents_issue_none(self, workspace, agent):
        with pytest.raises(PeopleOnly):
            key_for(agent, workspace, agent)

    def test_an_expiry_is_kept_and_lies_ahead(self, workspace, owner, agent):
        tomorrow = timezone.now() + timedelta(days=1)
        issued = key_for(agent, workspace, owner, expires_at=tomorrow)
        with time_machine.travel(tomorrow + timedelta(seconds=1)), pytest.raises(InvalidApiKey):
            read_key(issued.text)
        with pytest.raises(InvalidAccount):
            key_for(agent, workspace, owner, expires_at=timezone.now())

    def test_a_disabled_agent_gets_none(self, workspace, owner, agent):
        disable_agent(agent_id=agent.id, workspace_id=workspace.id, actor=owner)
        with pytest.raises(AgentDisabled):
            key_for(agent, workspace, owner)

    def test_demo_keys_are_made_in_development_alone(self, workspace, owner, agent, settings):
        settings.DEVELOPMENT = False
        with pytest.raises(NotAllowed):
            key_for(agent, workspace, owner, demo=True)


class TestRotating:
    def test_the_old_key_stops_at_once(self, workspace, owner, agent):
        old = key_for(agent, workspace, owner)
        new = rotate_key(key_id=old.key.id, actor=owner)
        assert read_key(new.text)[0] == agent
        assert (new.key.scopes, new.key.name) == (old.key.scopes, old.key.name)
        with pytest.raises(InvalidApiKey):
            read_key(old.text)
        assert recorded() == ["key.issued", "key.rotated"]

    def test_it_works_on_for_the_grace_period(self, workspace, owner, agent):
        old = key_for(agent, workspace, owner)
        rotate_key(key_id=old.key.id, actor=owner, grace=timedelta(hours=1))
        assert read_key(old.text)
        later = timezone.now() + timedelta(hours=1, seconds=1)
        with time_machine.travel(later), pytest.raises(InvalidApiKey):
            read_key(old.text)

    def test_a_rotated_or_revoked_key_is_not_rotated_again(self, workspace, owner, agent):
        rotated, revoked = (key_for(agent, workspace, owner).key for _ in range(2))
        rotate_key(key_id=rotated.id, actor=owner, grace=timedelta(hours=1))
        revoke_key(key_id=revoked.id, actor=owner)
        before = recorded()
        for key in (rotated, revoked):
            with pytest.raises(KeyRevoked):
                rotate_key(key_id=key.id, actor=owner)
        assert recorded() == before

    @pytest.mark.parametrize("grace", [timedelta(seconds=-1), timedelta(days=8)])
    def test_the_grace_period_has_bounds(self, workspace, owner, agent, grace):
        key = key_for(agent, workspace, owner).key
        with pytest.raises(InvalidAccount):
            rotate_key(key_id=key.id, actor=owner, grace=grace)

    def test_an_admin_revokes_but_does_not_take_over(self, workspace, owner, agent):
        issued, admin = key_for(agent, workspace, owner), member(workspace, Role.ADMIN)
        with pytest.raises(NotAllowed):
            rotate_key(key_id=issued.key.id, actor=admin)
        assert read_key(issued.text)
        revoke_key(key_id=issued.key.id, actor=admin)
        with pytest.raises(InvalidApiKey):
            read_key(issued.text)

    def test_revoking_twice_is_revoking(self, workspace, owner, agent):
        key = key_for(agent, workspace, owner).key
        for _ in range(2):
            revoke_key(key_id=key.id, actor=owner)
        assert recorded() == ["key.issued", "key.revoked"]

    @pytest.mark.parametrize("role", [Role.REVIEWER, None])
    def test_others_do_not_find_it(self, workspace, owner, agent, role):
        issued = key_for(agent, workspace, owner)
        actor = member(workspace, role) if role else PersonFactory.create()
        for act in (rotate_key, revoke_key):
            with pytest.raises(NotFound):
                act(key_id=issued.key.id, actor=actor)
        assert read_key(issued.text)
        assert recorded() == ["key.issued"]


class TestOutlasting:
    """A key that ends hands out none that goes on after it."""

    @pytest.fixture
    def tomorrow(self):
        return timezone.now() + timedelta(days=1)

    @pytest.mark.parametrize("longer", [timedelta(seconds=1), None])
    def test_none_is_issued(self, workspace, owner, agent, tomorrow, longer):
        expires_at = tomorrow + longer if longer else None
        with pytest.raises(OutlivesItsIssuer):
            key_for(agent, workspace, owner, expires_at=expires_at, until=tomorrow)
        assert not ApiKey.objects.exists()
        assert recorded() == []

    def test_none_is_got_by_rotating(self, workspace, owner, agent, tomorrow):
        endless = key_for(agent, workspace, owner)
        with pytest.raises(OutlivesItsIssuer):
            rotate_key(key_id=endless.key.id, actor=owner, until=tomorrow)
        assert read_key(endless.text)
        assert recorded() == ["key.issued"]

    def test_one_that_ends_with_it_is(self, workspace, owner, agent, tomorrow):
        issued = key_for(agent, workspace, owner, expires_at=tomorrow, until=tomorrow)
        rotated = rotate_key(key_id=issued.key.id, actor=owner, until=tomorrow)
        assert rotated.key.expires_at == tomorrow


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


@pytest.mark.parametrize("way", ["issue", "rotate"])
def test_a_key_made_while_the_agent_is_handed_over_is_not_left_over(committed_database, way):
    """Not in the workspace where it is handed over, whose row would make them wait."""
    workspace, elsewhere = WorkspaceFactory.create(), WorkspaceFactory.create()
    owner, heir = member(workspace, Role.OWNER), member(workspace)
    agent = agent_of(owner, workspace)
    for user in (owner, heir, agent):
        MembershipFactory.create(workspace=elsewhere, user=user)
    old = key_for(agent, elsewhere, owner).key

    def make():
        try:
            if way == "rotate":
                return rotate_key(key_id=old.id, actor=owner)
            return key_for(agent, elsewhere, owner)
        except (NotAllowed, NotFound, KeyRevoked):
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with unit(actor=owner, workspace=workspace.id):
            change_agent(
                agent_id=agent.id, workspace_id=workspace.id, owner_id=heir.id, actor=owner
            )
            made = other.submit(make)
            eventually(lock_waiters, within=20)
        assert made.result(20) is None
    assert not ApiKey.objects.filter(user=agent, revoked_at=None).exists()
