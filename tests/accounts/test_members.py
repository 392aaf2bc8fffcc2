"""Who belongs, as what, and who may change it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.accounts.choices import Role
from apps.accounts.errors import (
    AlreadyMember,
    InvalidApiKey,
    InvalidRole,
    LastOwner,
    PersonalWorkspace,
)
from apps.accounts.models import Membership
from apps.accounts.services.authentication import read_key
from apps.accounts.services.members import (
    add_member,
    change_role,
    leave_workspace,
    remove_member,
)
from apps.accounts.services.people import disable_person, register_person
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory, WorkspaceFactory, agent_of, issue, member


def role_of(user):
    return Membership.objects.get(user=user).role


def recorded():
    return [
        name.removeprefix("accounts.")
        for name in Event.objects.order_by("seq").values_list("type", flat=True)
    ]


class TestRoles:
    def test_a_change_is_recorded_with_both_roles(self, workspace, owner):
        person = member(workspace, Role.VIEWER)
        change_role(workspace_id=workspace.id, user_id=person.id, role=Role.REVIEWER, actor=owner)
        assert role_of(person) == Role.REVIEWER
        assert Event.objects.get().payload == {
            "member": str(person.id),
            "before": "viewer",
            "after": "reviewer",
        }

    def test_the_console_opens_and_closes_with_the_role(self, workspace, owner):
        person = member(workspace, Role.CONTRIBUTOR)
        for role, may_enter in ((Role.REVIEWER, True), (Role.VIEWER, False)):
            change_role(workspace_id=workspace.id, user_id=person.id, role=role, actor=owner)
            person.refresh_from_db()
            assert person.is_staff is may_enter

    def test_the_same_role_again_is_no_change(self, workspace, owner):
        change_role(workspace_id=workspace.id, user_id=owner.id, role=Role.OWNER, actor=owner)
        assert recorded() == []

    @pytest.mark.parametrize(
        ("present", "wanted"), [(Role.VIEWER, Role.OWNER), (Role.OWNER, Role.VIEWER)]
    )
    def test_an_admin_neither_makes_nor_unmakes_owners(self, workspace, owner, present, wanted):
        person = member(workspace, present)
        with pytest.raises(NotAllowed):
            change_role(
                workspace_id=workspace.id,
                user_id=person.id,
                role=wanted,
                actor=member(workspace, Role.ADMIN),
            )
        assert role_of(person) == present
        assert recorded() == []

    def test_a_reviewer_manages_nobody(self, workspace, owner):
        person = member(workspace, Role.VIEWER)
        with pytest.raises(NotAllowed):
            change_role(
                workspace_id=workspace.id,
                user_id=person.id,
                role=Role.CONTRIBUTOR,
                actor=member(workspace, Role.REVIEWER),
            )
        assert recorded() == []

    def test_an_agent_gets_no_role_that_decides(self, workspace, owner):
        agent = agent_of(owner, workspace)
        with pytest.raises(InvalidRole):
            change_role(
                workspace_id=workspace.id, user_id=agent.id, role=Role.REVIEWER, actor=owner
            )
        assert role_of(agent) == Role.CONTRIBUTOR

    def test_a_stranger_cannot_ask(self, workspace, owner):
        with pytest.raises(NotFound):
            change_role(
                workspace_id=workspace.id,
                user_id=owner.id,
                role=Role.VIEWER,
                actor=PersonFactory.create(),
            )


class TestTheLastOwner:
    def test_cannot_step_down_leave_or_be_removed(self, workspace, owner):
        ways = [
            lambda: change_role(
                workspace_id=workspace.id, user_id=owner.id, role=Role.ADMIN, actor=owner
            ),
            lambda: leave_workspace(workspace_id=workspace.id, actor=owner),
            lambda: remove_member(workspace_id=workspace.id, user_id=owner.id, actor=SYSTEM),
        ]
        for way in ways:
            with pytest.raises(LastOwner):
                way()
        assert role_of(owner) == Role.OWNER
        assert recorded() == []

    def test_a_disabled_owner_is_none(self, workspace, owner):
        other = member(workspace, Role.OWNER)
        disable_person(person_id=other.id, actor=SYSTEM)
        with pytest.raises(LastOwner):
            leave_workspace(workspace_id=workspace.id, actor=owner)

    def test_a_personal_workspace_is_not_left(self, db):
        person = register_person(email="a@example.org", password=PASSWORD, actor=SYSTEM)
        with pytest.raises(PersonalWorkspace):
            leave_workspace(workspace_id=person.memberships.get().workspace_id, actor=person)


class TestGoing:
    def test_agents_go_with_their_owner_and_keys_end(self, workspace, owner):
        person = member(workspace, Role.REVIEWER)
        agent = agent_of(person, workspace)
        keys = [issue(person, workspace), issue(agent, workspace)]

        remove_member(workspace_id=workspace.id, user_id=person.id, actor=owner)

        assert list(Membership.objects.values_list("user_id", flat=True)) == [owner.id]
        for key in keys:
            with pytest.raises(InvalidApiKey):
                read_key(key)
        person.refresh_from_db()
        assert (person.default_workspace, person.is_staff) == (None, False)
        assert Event.objects.get().payload["agents_removed"] == [str(agent.id)]

    def test_somebody_elses_agents_stay(self, workspace, owner):
        agent = agent_of(owner, workspace)
        person = member(workspace)
        leave_workspace(workspace_id=workspace.id, actor=person)
        assert Membership.objects.filter(user=agent).exists()
        assert recorded() == ["member.left"]

    def test_an_admin_does_not_remove_an_owner(self, workspace, owner):
        member(workspace, Role.OWNER)
        with pytest.raises(NotAllowed):
            remove_member(
                workspace_id=workspace.id, user_id=owner.id, actor=member(workspace, Role.ADMIN)
            )
        assert role_of(owner) == Role.OWNER
        assert recorded() == []

    def test_an_agent_does_not_leave(self, workspace, owner):
        agent = agent_of(owner, workspace)
        with pytest.raises(NotAllowed):
            leave_workspace(workspace_id=workspace.id, actor=agent)


class TestAdding:
    def test_once(self, workspace, owner):
        person = PersonFactory.create()
        add_member(workspace_id=workspace.id, user=person, role=Role.VIEWER, actor=owner)
        with pytest.raises(AlreadyMember):
            add_member(workspace_id=workspace.id, user=person, role=Role.ADMIN, actor=owner)
        assert role_of(person) == Role.VIEWER
        assert recorded() == ["member.added"]

    def test_not_to_somebodys_own(self, db):
        person = register_person(email="a@example.org", password=PASSWORD, actor=SYSTEM)
        with pytest.raises(PersonalWorkspace):
            add_member(
                workspace_id=person.memberships.get().workspace_id,
                user=PersonFactory.create(),
                role=Role.VIEWER,
                actor=person,
            )


@pytest.mark.parametrize("act", ["leave", "demote each other"])
def test_of_two_last_owners_who_go_at_once_one_stays(committed_database, act):
    for _ in range(5):
        workspace = WorkspaceFactory.create()
        owners = [member(workspace, Role.OWNER) for _ in range(2)]

        def go(mine, theirs, workspace=workspace):
            try:
                if act == "leave":
                    leave_workspace(workspace_id=workspace.id, actor=mine)
                else:
                    change_role(
                        workspace_id=workspace.id, user_id=theirs.id, role=Role.ADMIN, actor=mine
                    )
            except (LastOwner, NotAllowed) as refused:
                return refused
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(go, owners, reversed(owners)))
        assert sum(answer is None for answer in answers) == 1
        assert workspace.memberships.filter(role=Role.OWNER).count() == 1
        assert Event.objects.filter(workspace_id=workspace.id).count() == 1
