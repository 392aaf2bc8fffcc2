"""The console's pages: who sees what, in how many queries, and never a secret."""

import os

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.choices import Role
from apps.accounts.events import ApiKeyRevoked
from apps.accounts.models import ApiKey, User
from apps.accounts.services.invitations import create_invitation
from apps.common.actors import SYSTEM
from apps.common.admin import BrowseAdmin
from apps.ledger.models import Event
from apps.ledger.services import record, unit
from tests.factories import WorkspaceFactory, agent_of, at_the_console, issue, member

LISTS = {
    "accounts_user_changelist": 6,
    "accounts_workspace_changelist": 6,
    "accounts_membership_changelist": 6,
    "accounts_invitation_changelist": 6,
    "accounts_apikey_changelist": 6,
    "ledger_event_changelist": 5,
    "ledger_delivery_changelist": 5,
    "ledger_killswitch_changelist": 7,
    "activity_webhookendpoint_changelist": 7,
    "activity_webhookmessage_changelist": 6,
    "plans_plan_changelist": 6,
    "approvals_approvalrequest_changelist": 9,
    "approvals_afterreview_changelist": 8,
    "approvals_absence_changelist": 8,
}
HOME = 27
SEARCH = 14


@pytest.fixture
def furnished(workspace, reviewer):
    """Three agents with a key each in the reviewer's workspace, and one elsewhere."""
    keys = [issue(agent_of(reviewer, workspace), workspace) for _ in range(3)]
    foreign = WorkspaceFactory.create(name="Foreign Affairs")
    stranger = member(foreign, Role.OWNER)
    keys.append(issue(agent_of(stranger, foreign), foreign))
    return {"keys": keys, "foreign": foreign, "stranger": stranger}


def search(client, words) -> list:
    found = client.get("/admin/search/", {"s": words, "extended": "1"})
    return list(found.context["results"]) if found.content else []


@pytest.mark.parametrize(("page", "queries"), LISTS.items())
def test_list_takes_as_many_queries_for_many_rows(
    client, reviewer, furnished, page, queries, django_assert_num_queries
):
    client.force_login(reviewer)
    with django_assert_num_queries(queries):
        assert client.get(reverse(f"admin:{page}")).status_code == 200


def test_home_asks_each_tile_once(client, reviewer, furnished, django_assert_num_queries):
    client.force_login(reviewer)
    with django_assert_num_queries(HOME):
        page = client.get("/admin/")
    shown = {tile["title"]: tile["reading"].value for tile in page.context["tiles"]}
    assert shown["People"] == 1
    assert "Deliveries waiting" in shown


def test_audit_tile_tells_signed_from_behind(client, reviewer, settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path
    client.force_login(reviewer)

    def reading():
        tiles = client.get("/admin/").context["tiles"]
        return next(tile["reading"] for tile in tiles if tile["title"] == "Audit")

    assert reading().value == "unsigned"
    newest = tmp_path / "2026-01-01.jsonl"
    newest.touch()
    assert reading().value == "signed"
    os.utime(newest, (0, 0))
    assert (reading().value, reading().tone) == ("behind", "attention")


def test_search_takes_a_query_for_each_kind(client, reviewer, furnished, django_assert_num_queries):
    client.force_login(reviewer)
    search(client, "orchard")  # once a process asks which extensions there are
    with django_assert_num_queries(SEARCH):
        search(client, "orchard")


def test_reviewer_sees_what_their_workspaces_show(client, reviewer, furnished):
    client.force_login(reviewer)
    foreign, stranger = furnished["foreign"], furnished["stranger"]
    with unit(actor=SYSTEM, workspace=foreign.id):
        record(ApiKeyRevoked(key=foreign.id, holder=stranger.id))
    event = Event.objects.get(workspace_id=foreign.id)
    hidden = {
        "accounts_workspace": foreign.pk,
        "accounts_user": stranger.pk,
        "accounts_apikey": ApiKey.objects.get(workspace=foreign).pk,
        "accounts_membership": stranger.memberships.get().pk,
        "ledger_event": event.pk,
    }

    for page, pk in hidden.items():
        listed = client.get(reverse(f"admin:{page}_changelist")).content.decode()
        assert str(pk) not in listed
        assert client.get(reverse(f"admin:{page}_change", args=[pk])).status_code in (302, 404)
    for words in ("foreign affairs", stranger.email, str(event.id)):
        assert search(client, words) == []


def test_operator_sees_every_workspace(client, operator, furnished):
    client.force_login(operator)
    foreign = furnished["foreign"]
    assert "Foreign Affairs" in client.get("/admin/accounts/workspace/").content.decode()
    assert client.get(f"/admin/accounts/workspace/{foreign.pk}/change/").status_code == 200
    assert [found.title for found in search(client, "foreign aff")] == ["Foreign Affairs"]


def test_search_finds_workspaces_people_agents_keys_and_events(client, reviewer, workspace):
    key = issue(agent_of(reviewer, workspace), workspace)
    agent = User.objects.get_queryset().get(kind="agent")
    with unit(actor=SYSTEM, workspace=workspace.id):
        record(ApiKeyRevoked(key=agent.id, holder=agent.id))
    event = Event.objects.get()
    client.force_login(reviewer)

    def kinds(words):
        return {(found.title, found.description) for found in search(client, words)}

    assert ("Orchard", "Workspace") in kinds("orch")
    assert (reviewer.name, "Person") in kinds(reviewer.email)
    assert (agent.name, "Agent") in kinds(agent.name)
    assert {kind for _, kind in kinds(key)} == {"API key"}
    assert {kind for _, kind in kinds(key.split("_")[1])} == {"API key"}
    assert kinds(str(event.id)) == {("accounts.key.revoked", "Event 1")}
    assert kinds("x") == set()


def test_no_page_shows_a_secret_or_a_hash(client, operator, furnished):
    client.force_login(operator)
    for key in ApiKey.objects.all():
        secrets = [bytes(key.secret_hash).hex(), repr(bytes(key.secret_hash))]
        secrets += [text.rsplit("_", 1)[1] for text in furnished["keys"]]
        pages = [f"/admin/accounts/apikey/{key.pk}/change/", "/admin/accounts/apikey/"]
        for page in pages:
            shown = client.get(page).content.decode()
            assert not [secret for secret in secrets if secret in shown]
    shown = client.get(f"/admin/accounts/user/{operator.pk}/change/").content.decode()
    assert operator.password not in shown


def test_nothing_is_changed_past_the_services(client, operator, workspace, furnished):
    """Only our own pages stand in the console, and none of them has a form that saves."""
    client.force_login(operator)
    for model, page in admin.site._registry.items():
        assert isinstance(page, BrowseAdmin)
        add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        assert client.get(add).status_code == 403
    change = reverse("admin:accounts_workspace_change", args=[workspace.pk])
    assert client.post(change, {"name": "Stolen"}).status_code == 403
    delete = reverse("admin:accounts_workspace_delete", args=[workspace.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    workspace.refresh_from_db()
    assert workspace.name == "Orchard"


def test_contributor_has_no_console(client, workspace):
    contributor = member(workspace, Role.CONTRIBUTOR)
    client.force_login(contributor)
    assert client.get("/admin/accounts/user/").url.startswith("/admin/login/")


@pytest.mark.parametrize(
    "asked",
    [
        "user/?password__startswith=bcrypt",
        "apikey/?secret_hash__isnull=0",
        "invitation/?token_hash__isnull=1",
        "user/?memberships__user__password__startswith=b",
    ],
)
def test_no_list_is_a_question_about_a_hash(client, reviewer, asked):
    client.force_login(reviewer)
    assert client.get(f"/admin/accounts/{asked}").status_code == 400


def test_lists_are_filtered_as_they_offer(client, reviewer):
    client.force_login(reviewer)
    assert client.get("/admin/accounts/user/?kind__exact=agent").status_code == 200
    assert client.get("/admin/accounts/user/?is_active__exact=1").status_code == 200


def test_invited_addresses_are_shown_to_those_who_manage(client, reviewer, workspace):
    owner = member(workspace, Role.OWNER)
    at_the_console(owner)
    create_invitation(
        workspace_id=workspace.id, email="new@example.org", role=Role.VIEWER, actor=owner
    )
    client.force_login(reviewer)
    assert "new@example.org" not in client.get("/admin/accounts/invitation/").content.decode()
    client.force_login(owner)
    assert "new@example.org" in client.get("/admin/accounts/invitation/").content.decode()


TEACHING = [
    *("approvals_approvalrequest", "approvals_afterreview", "approvals_absence", "plans_plan"),
    *("activity_webhookendpoint", "activity_webhookmessage", "ledger_delivery"),
    *("accounts_apikey", "accounts_invitation"),
]


@pytest.mark.parametrize("page", TEACHING)
def test_empty_list_tells_what_it_is_of(client, reviewer, page):
    client.force_login(reviewer)
    shown = client.get(reverse(f"admin:{page}_changelist"))
    taught = shown.context["cl"].model_admin.when_empty
    assert taught != BrowseAdmin.when_empty
    assert escape(taught) in shown.content.decode()
