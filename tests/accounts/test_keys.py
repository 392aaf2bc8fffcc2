"""API keys: issued, rotated, and what outlasts them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.errors import (
    AgentDisabled,
    InvalidAccount,
    InvalidApiKey,
    InvalidScope,
    KeyRevoked,
    OutlivesItsIssuer,
    PeopleOnly,
)
from apps.accounts.models import ApiKey
from apps.accounts.services.agents import disable_agent
from apps.accounts.services.authentication import read_key
from apps.accounts.services.keys import revoke_key, rotate_key
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from tests.accounts.holders import key_for, recorded
from tests.factories import (
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    member,
)


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
