"""Agents: whose they are, and what becomes of their keys when that changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.accounts.choices import Role
from apps.accounts.errors import (
    InvalidAccount,
    InvalidApiKey,
    InvalidRole,
    KeyRevoked,
    PeopleOnly,
)
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.services.agents import change_agent, create_agent, disable_agent, enable_agent
from apps.accounts.services.authentication import read_key
from apps.accounts.services.keys import rotate_key
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from apps.ledger.services import unit
from tests.accounts.holders import key_for, recorded
from tests.factories import (
    MembershipFactory,
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    issue,
    member,
)
from tests.waiting import eventually, lock_waiters


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
            eventually(lock_waiters)
        assert made.result(60) is None
    assert not ApiKey.objects.filter(user=agent, revoked_at=None).exists()
