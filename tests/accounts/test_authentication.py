"""API keys, where they lead, and what their holder is there."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.choices import Permission, Role, Scope
from apps.accounts.errors import InvalidApiKey, NotYourWorkspace, WorkspaceArchived
from apps.accounts.models import ApiKey, Membership, Workspace
from apps.accounts.selectors.credentials import credential_stands
from apps.accounts.selectors.standing import require, standing_of, workspace_for
from apps.accounts.services.authentication import identify, read_key
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound
from tests.factories import (
    MembershipFactory,
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    issue,
    member,
)


class TestKeys:
    def test_a_key_says_who_where_and_what_for(self, workspace, owner):
        agent = agent_of(owner, workspace)
        user, credential = identify(issue(agent, workspace))

        assert user == agent
        assert user.confined_to == credential.confined_to == workspace.id
        assert credential.scopes == {Scope.READ, Scope.WRITE}
        assert credential.via.startswith("key:")

    def test_an_agent_gets_no_human_scope_even_if_its_row_says_so(self, workspace, owner):
        text = issue(agent_of(owner, workspace), workspace, *Scope)
        assert identify(text)[1].scopes == {Scope.READ, Scope.WRITE}

    def test_a_malformed_key_costs_no_query(self, workspace, owner, django_assert_num_queries):
        text = issue(owner, workspace)
        with django_assert_num_queries(0):
            for wrong in ("", "lat_", text[:-1], text[:-1] + "é", text.swapcase(), "x" * 5000):
                with pytest.raises(InvalidApiKey):
                    read_key(wrong)

    def test_a_key_is_found_with_one_query(self, workspace, owner, django_assert_num_queries):
        text = issue(owner, workspace)
        read_key(text)
        with django_assert_num_queries(1):
            read_key(text)

    def test_the_last_use_is_written_at_most_once_a_minute(self, workspace, owner):
        text = issue(owner, workspace)
        read_key(text)
        first = ApiKey.objects.get().last_used_at
        read_key(text)
        assert ApiKey.objects.get().last_used_at == first
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            read_key(text)
        assert ApiKey.objects.filter(last_used_at__gt=first).exists()

    def test_expired_and_revoked_keys_are_refused(self, workspace, owner):
        expired = issue(owner, workspace, expires_at=timezone.now() - timedelta(seconds=1))
        revoked = issue(owner, workspace)
        ApiKey.objects.filter(expires_at=None).update(revoked_at=timezone.now())
        for text in (expired, revoked):
            with pytest.raises(InvalidApiKey):
                read_key(text)
        assert not ApiKey.objects.filter(last_used_at__isnull=False).exists()

    def test_a_key_of_the_same_name_with_another_secret_is_refused(self, workspace, owner):
        text = issue(owner, workspace)
        ApiKey.objects.update(secret_hash=b"x" * 32)
        with pytest.raises(InvalidApiKey):
            read_key(text)

    def test_demo_keys_never_work_outside_development(self, workspace, owner, settings):
        text = issue(owner, workspace, demo=True)
        user, credential = read_key(text)
        settings.DEVELOPMENT = False
        with pytest.raises(InvalidApiKey):
            read_key(text)
        assert not credential_stands(user=user, credential=credential)

    @pytest.mark.parametrize(
        "end",
        [
            lambda agent: type(agent).objects.filter(id=agent.id).update(is_active=False),
            lambda agent: type(agent).objects.filter(id=agent.owner_id).update(is_active=False),
            lambda agent: Membership.objects.filter(user_id=agent.id).delete(),
            lambda agent: Membership.objects.filter(user_id=agent.owner_id).delete(),
            lambda agent: Workspace.objects.update(deleted_at=timezone.now()),
            lambda agent: ApiKey.objects.update(revoked_at=timezone.now()),
        ],
        ids=["disabled", "owner disabled", "removed", "owner removed", "deleted", "revoked"],
    )
    def test_it_ends_with_what_it_stands_on(self, workspace, owner, end):
        text = issue(agent_of(owner, workspace), workspace)
        user, credential = read_key(text)
        assert credential_stands(user=user, credential=credential)
        end(user)
        with pytest.raises(InvalidApiKey):
            read_key(text)
        assert not credential_stands(user=user, credential=credential)


class TestDevelopmentKeys:
    def test_it_acts_as_the_first_owner_of_the_first_workspace(self, workspace, owner, settings):
        member(WorkspaceFactory.create(), Role.OWNER)
        settings.DEVELOPMENT_API_KEYS = ["local-dev-key"]
        user, credential = identify("local-dev-key")
        assert user == owner
        assert credential.confined_to == workspace.id
        assert Scope.DECIDE in credential.scopes

    def test_it_is_refused_in_production(self, owner, settings):
        settings.DEVELOPMENT_API_KEYS = ["local-dev-key"]
        settings.DEVELOPMENT = False
        with pytest.raises(InvalidApiKey):
            identify("local-dev-key")

    @pytest.mark.parametrize("key", ["test", "test-token", "changeme-dev-token", "local-dev-key"])
    def test_no_key_works_that_nobody_configured(self, owner, key):
        with pytest.raises(InvalidApiKey):
            identify(key)


class TestStanding:
    def test_an_agent_is_capped_by_its_owner(self, workspace):
        owner = member(workspace, Role.VIEWER)
        agent = agent_of(owner, workspace, Role.CONTRIBUTOR)
        standing = standing_of(actor=agent, workspace_id=workspace.id)
        assert standing
        assert standing.role == Role.VIEWER
        with pytest.raises(NotAllowed):
            require(actor=agent, workspace_id=workspace.id, permission=Permission.WRITE)

    def test_strangers_are_told_there_is_nothing(self, workspace):
        with pytest.raises(NotFound):
            require(
                actor=PersonFactory.create(),
                workspace_id=workspace.id,
                permission=Permission.READ,
            )

    def test_an_archive_is_read_only(self, workspace, owner):
        workspace.archived_at = timezone.now()
        workspace.save()
        assert require(actor=owner, workspace_id=workspace.id, permission=Permission.READ).archived
        with pytest.raises(WorkspaceArchived):
            require(actor=owner, workspace_id=workspace.id, permission=Permission.WRITE)

    def test_the_system_may_do_everything_where_there_is_something(self, workspace):
        place = require(
            actor=SYSTEM, workspace_id=workspace.id, permission=Permission.MANAGE_MEMBERS
        )
        assert place.role == Role.OWNER
        workspace.deleted_at = timezone.now()
        workspace.save()
        assert standing_of(actor=SYSTEM, workspace_id=workspace.id) is None


class TestTheWorkspaceOfACall:
    def test_it_is_the_default_one(self, workspace, owner):
        MembershipFactory.create(user=owner)
        assert workspace_for(user=owner, wanted=None).workspace_id == workspace.id

    def test_it_may_be_chosen(self, workspace, owner):
        other = MembershipFactory.create(user=owner, role=Role.VIEWER)
        chosen = workspace_for(user=owner, wanted=other.workspace_id)
        assert (chosen.workspace_id, chosen.role) == (other.workspace_id, Role.VIEWER)

    def test_without_a_default_it_is_the_oldest(self, workspace, owner):
        owner.default_workspace = None
        assert workspace_for(user=owner, wanted=None).workspace_id == workspace.id

    def test_one_has_to_belong_to_it(self, workspace, owner):
        with pytest.raises(NotYourWorkspace):
            workspace_for(user=owner, wanted=WorkspaceFactory.create().id)
        with pytest.raises(NotYourWorkspace):
            workspace_for(user=PersonFactory.create(), wanted=None)

    def test_a_key_stays_inside_its_own(self, workspace, owner):
        other = MembershipFactory.create(user=owner, role=Role.OWNER)
        user, _ = identify(issue(owner, workspace))
        with pytest.raises(NotYourWorkspace):
            workspace_for(user=user, wanted=other.workspace_id)
        assert list(Workspace.objects.visible_to(user)) == [workspace]
        assert not Membership.objects.visible_to(user).exclude(workspace=workspace).exists()
