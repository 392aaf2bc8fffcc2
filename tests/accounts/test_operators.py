"""Who runs the instance sees all of it, with a credential that is not for one workspace."""

import pytest

from apps.accounts.choices import Role, Scope
from apps.accounts.models import TokenFamily
from apps.accounts.ports import Credential
from apps.accounts.selectors.seen import (
    managed_workspaces,
    seen_keys,
    seen_workspaces,
)
from apps.accounts.services.browser import end_login
from apps.accounts.services.people import disable_person
from apps.activity.selectors.audit import audited_chains
from apps.activity.selectors.events import seen_events
from apps.activity.selectors.viewers import viewer_of
from apps.common.actors import SYSTEM, operates
from apps.common.errors import NotAllowed, NotFound
from tests.factories import PersonFactory, WorkspaceFactory, agent_of, issue, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def foreign():
    return WorkspaceFactory.create(name="Foreign Affairs")


@pytest.fixture
def operator(foreign):
    """A viewer of one workspace, who runs the instance."""
    place = WorkspaceFactory.create(name="Home")
    operator = member(place, Role.VIEWER)
    operator.is_superuser = True
    operator.save(update_fields=["is_superuser"])
    stranger = member(foreign, Role.OWNER)
    issue(agent_of(stranger, foreign), foreign)
    return operator


def confined(operator, workspace):
    operator.confined_to = workspace.id
    return operator


def home(operator):
    return operator.memberships.get().workspace


def names(rows):
    return sorted(row.name for row in rows)


def test_they_see_everything(operator, foreign):
    assert operates(operator)
    assert names(seen_workspaces(operator)) == ["Foreign Affairs", "Home"]
    assert names(managed_workspaces(operator)) == ["Foreign Affairs", "Home"]
    assert {key.workspace for key in seen_keys(operator)} == {foreign}
    assert names(audited_chains(operator)) == ["Foreign Affairs", "Home", "The instance"]
    assert operates(SYSTEM)


def test_with_a_key_for_one_workspace_they_are_there_what_they_are_as_a_member(operator):
    operator = confined(operator, home(operator))
    assert not operates(operator)
    assert names(seen_workspaces(operator)) == ["Home"]
    assert names(managed_workspaces(operator)) == []
    assert not seen_keys(operator).exists()
    assert set(seen_events(operator).values_list("workspace_id", flat=True)) <= {home(operator).id}
    assert audited_chains(operator) == []


def test_with_a_key_for_a_workspace_of_others_they_see_nothing(operator, foreign):
    operator = confined(operator, foreign)
    assert not seen_workspaces(operator).exists()
    assert audited_chains(operator) == []


def test_watching_with_such_a_key_shows_nothing_of_the_instance(operator):
    credential = Credential(via="key", scopes=frozenset({Scope.READ}))
    assert viewer_of(user=operator, credential=credential).superuser
    assert not viewer_of(user=confined(operator, home(operator)), credential=credential).superuser


def test_such_a_key_disables_nobody_and_ends_no_login(operator):
    other = PersonFactory.create()
    login = TokenFamily.objects.create(user=other)
    operator = confined(operator, home(operator))
    with pytest.raises(NotAllowed):
        disable_person(person_id=other.id, actor=operator)
    with pytest.raises(NotFound):
        end_login(family_id=login.id, actor=operator)
    other.refresh_from_db()
    login.refresh_from_db()
    assert (other.is_active, login.ended_at) == (True, None)
    operator.confined_to = None
    assert end_login(family_id=login.id, actor=operator).ended_at
    assert not disable_person(person_id=other.id, actor=operator).is_active


def test_an_agent_manages_no_more_than_its_owner(foreign):
    """Whatever role its own membership names."""
    owner = member(foreign, Role.REVIEWER)
    agent = agent_of(owner, foreign)
    agent.memberships.update(role=Role.ADMIN)
    assert not managed_workspaces(agent).exists()
