"""The doors of workspaces, members, invitations, agents, keys and tickets, over HTTP."""

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.accounts.models import ApiKey, Membership, Workspace
from apps.accounts.services.authentication import read_key
from apps.accounts.services.invitations import send_invitation
from apps.accounts.services.tickets import redeem_ticket
from apps.ledger.models import Event
from tests.factories import (
    MembershipFactory,
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    issue,
    member,
)

pytestmark = pytest.mark.django_db


def client_of(person):
    client = APIClient()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def client_with(key):
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=key)
    return client


def code_of(response):
    return response.json()["error"]["code"]


@pytest.fixture
def workspace():
    return WorkspaceFactory.create(name="Shop")


@pytest.fixture
def client(owner):
    return client_of(owner)


class TestWorkspaces:
    def test_from_creation_to_deletion(self, client):
        made = client.post("/api/v1/workspaces", {"name": "New"})
        assert made.status_code == 201
        assert made.json()["role"] == "owner"
        here = f"/api/v1/workspaces/{made.json()['id']}"

        assert client.patch(here, {"name": "Newer"}).json()["name"] == "Newer"
        assert client.post(f"{here}/archive").json()["archived_at"]
        refused = client.patch(here, {"name": "Newest"})
        assert (refused.status_code, code_of(refused)) == (409, "workspace_archived")
        assert client.post(f"{here}/unarchive").json()["archived_at"] is None

        early = client.delete(here)
        assert (early.status_code, code_of(early)) == (428, "export_required")
        exported = client.post(f"{here}/export")
        content = exported.content
        assert exported["X-Export-Digest"] == hashlib.sha256(content).hexdigest()
        assert "manifest.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()
        wrong = client.delete(f"{here}?export_digest={'0' * 64}")
        assert (wrong.status_code, code_of(wrong)) == (412, "export_outdated")
        gone = client.delete(f"{here}?export_digest={exported['X-Export-Digest']}")
        assert gone.status_code == 204
        assert client.get(here).status_code == 404

    def test_the_list_shows_ones_own_with_ones_role(self, client, owner, workspace):
        WorkspaceFactory.create()
        MembershipFactory.create(user=owner, role=Role.VIEWER)
        roles = [row["role"] for row in client.get("/api/v1/workspaces").json()["results"]]
        assert sorted(roles) == ["owner", "viewer"]

    def test_a_list_costs_the_same_however_long(self, owner, django_assert_num_queries):
        key = issue(owner, owner.default_workspace, *Scope)
        client = client_with(key)
        client.get("/api/v1/members")
        for _ in range(3):
            agent_of(owner, owner.default_workspace)
        with django_assert_num_queries(4):  # the key, the standing, the rule again, the page
            assert len(client.get("/api/v1/members").json()["results"]) == 4

    def test_ownership_goes_to_another_member(self, client, workspace):
        heir = member(workspace)
        here = f"/api/v1/workspaces/{workspace.id}/transfer"
        assert client.post(here, {"to": str(heir.id)}).json()["role"] == "admin"
        assert client.post(here, {"to": str(heir.id)}).status_code == 403

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, None, 7, ["a"]])
    def test_a_name_has_to_be_one(self, client, name):
        response = client.post("/api/v1/workspaces", {"name": name})
        if name == 7:
            assert response.status_code == 201  # DRF reads numbers as text
        else:
            assert response.status_code == 422
            assert Workspace.objects.count() == 1


class TestWhichWorkspace:
    def test_the_header_chooses_among_ones_own(self, client, owner, workspace):
        other = MembershipFactory.create(user=owner, role=Role.VIEWER)
        assert len(client.get("/api/v1/members").json()["results"]) == 1
        chosen = client.get("/api/v1/members", HTTP_X_WORKSPACE_ID=str(other.workspace_id))
        assert chosen.json()["results"][0]["role"] == "viewer"

    @pytest.mark.parametrize("wanted", ["01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7", "nonsense", ""])
    def test_a_strangers_workspace_is_refused(self, client, wanted):
        response = client.get("/api/v1/members", HTTP_X_WORKSPACE_ID=wanted)
        assert (response.status_code, code_of(response)) == (403, "not_your_workspace")

    def test_a_key_stays_inside_its_own(self, owner, workspace):
        other = MembershipFactory.create(user=owner, role=Role.OWNER)
        client = client_with(issue(owner, workspace, *Scope))
        refused = client.get("/api/v1/members", HTTP_X_WORKSPACE_ID=str(other.workspace_id))
        assert (refused.status_code, code_of(refused)) == (403, "not_your_workspace")
        there = f"/api/v1/workspaces/{other.workspace_id}"
        assert client.get(there).status_code == 404
        assert client.patch(there, {"name": "Mine"}).status_code == 404
        assert client.get(f"{there}/members").status_code == 404
        assert not Event.objects.exists()


class TestMembers:
    def test_a_role_is_changed_under_its_older_name_too(self, client, workspace):
        person = member(workspace, Role.VIEWER)
        here = f"/api/v1/workspaces/{workspace.id}/members/{person.id}"
        assert client.patch(here, {"role": "member"}).json()["role"] == "contributor"
        assert client.patch(here, {"role": "king"}).status_code == 422
        assert client.delete(here).status_code == 204
        assert client.delete(here).status_code == 404

    def test_the_last_owner_stays(self, client, owner, workspace):
        here = f"/api/v1/workspaces/{workspace.id}"
        for response in (
            client.post(f"{here}/leave"),
            client.delete(f"{here}/members/{owner.id}"),
            client.patch(f"{here}/members/{owner.id}", {"role": "viewer"}),
        ):
            assert (response.status_code, code_of(response)) == (409, "last_owner")
        assert Membership.objects.get().role == Role.OWNER
        assert not Event.objects.exists()

    def test_an_agent_reads_and_does_not_manage(self, owner, workspace):
        client = client_with(issue(agent_of(owner, workspace), workspace, *Scope))
        here = f"/api/v1/workspaces/{workspace.id}/members"
        assert len(client.get(here).json()["results"]) == 2
        refused = client.patch(f"{here}/{owner.id}", {"role": "viewer"})
        assert (refused.status_code, code_of(refused)) == (403, "scope_missing")


class TestInvitations:
    def test_from_the_invitation_to_the_membership(self, client, workspace, mailoutbox):
        here = f"/api/v1/workspaces/{workspace.id}/invitations"
        body = {"email": "new@example.org", "role": "reviewer"}
        made = client.post(here, body)
        assert made.status_code == 201
        again = client.post(here, body)
        assert (again.status_code, code_of(again)) == (409, "already_invited")
        assert len(client.get(here).json()["results"]) == 1

        send_invitation(invitation_id=made.json()["id"])
        token = mailoutbox[0].body.partition("/accounts/invitation/")[2].split()[0]
        invited = client_of(PersonFactory.create(email="new@example.org"))
        joined = invited.post("/api/v1/invitations/accept", {"token": token})
        assert joined.json()["role"] == "reviewer"
        assert joined.json()["id"] == str(workspace.id)

    def test_sending_again_and_revoking(self, client, workspace):
        made = client.post(
            f"/api/v1/workspaces/{workspace.id}/invitations",
            {"email": "new@example.org", "role": "viewer"},
        ).json()
        here = f"/api/v1/invitations/{made['id']}"
        assert client.post(f"{here}/resend").status_code == 200
        assert client.post(f"{here}/revoke").json()["revoked_at"]
        closed = client.post(f"{here}/resend")
        assert (closed.status_code, code_of(closed)) == (409, "invitation_closed")

    def test_addresses_are_shown_to_those_who_manage(self, workspace):
        here = f"/api/v1/workspaces/{workspace.id}/invitations"
        assert client_of(member(workspace, Role.REVIEWER)).get(here).status_code == 403
        assert client_of(PersonFactory.create()).get(here).status_code == 404


class TestAgentsAndKeys:
    def test_an_agent_gets_a_key_that_works_and_is_rotated_and_revoked(self, client, workspace):
        agent = client.post("/api/v1/agents", {"name": "Bot"}).json()
        here = f"/api/v1/agents/{agent['id']}"
        body = {"name": "laptop", "scopes": ["read", "write"]}
        issued = client.post(f"{here}/keys", body, HTTP_IDEMPOTENCY_KEY="k1")
        assert issued.status_code == 201
        key = issued.json()["api_key"]
        me = client_with(key).get("/api/v1/auth/me").json()
        assert (me["id"], me["kind"]) == (agent["id"], "agent")

        replayed = client.post(f"{here}/keys", body, HTTP_IDEMPOTENCY_KEY="k1")
        assert replayed["Idempotent-Replayed"] == "true"
        assert replayed.json()["id"] == issued.json()["id"]
        assert replayed.json()["api_key"] is None
        assert replayed.json()["notice"]
        assert ApiKey.objects.count() == 1

        rotated = client.post(f"/api/v1/api-keys/{issued.json()['id']}/rotate")
        assert rotated.status_code == 201
        assert client_with(key).get("/api/v1/auth/me").status_code == 401
        fresh = client_with(rotated.json()["api_key"])
        assert fresh.get("/api/v1/auth/me").status_code == 200

        client.post(f"{here}/disable")
        assert fresh.get("/api/v1/auth/me").status_code == 401
        client.post(f"{here}/enable")
        assert fresh.get("/api/v1/auth/me").status_code == 200
        client.post(f"/api/v1/api-keys/{rotated.json()['id']}/revoke")
        assert fresh.get("/api/v1/auth/me").status_code == 401

    def test_no_list_shows_a_secret(self, client, owner, workspace):
        agent = agent_of(owner, workspace)
        keys = [issue(agent, workspace), issue(owner, workspace)]
        listed = client.get("/api/v1/api-keys")
        assert len(listed.json()["results"]) == 2
        of_agent = client.get(f"/api/v1/agents/{agent.id}/keys")
        assert len(of_agent.json()["results"]) == 1
        for key in keys:
            secret = key.rpartition("_")[2].encode()
            assert secret not in listed.content + of_agent.content

    def test_people_see_their_own_keys_and_managers_all(self, owner, workspace):
        person = member(workspace)
        issue(person, workspace)
        issue(owner, workspace)
        assert len(client_of(person).get("/api/v1/api-keys").json()["results"]) == 1
        assert len(client_of(owner).get("/api/v1/api-keys").json()["results"]) == 2

    @pytest.mark.parametrize("scopes", [["decide"], ["manage"]])
    def test_an_agents_key_never_decides(self, client, owner, workspace, scopes):
        agent = agent_of(owner, workspace)
        response = client.post(f"/api/v1/agents/{agent.id}/keys", {"name": "k", "scopes": scopes})
        assert (response.status_code, code_of(response)) == (422, "invalid_scope")
        assert not ApiKey.objects.exists()

    def test_a_key_without_the_scope_manages_nothing(self, owner, workspace):
        client = client_with(issue(owner, workspace))
        for response in (
            client.post("/api/v1/agents", {"name": "Bot"}),
            client.post("/api/v1/api-keys", {"name": "k", "scopes": ["manage"]}),
            client.get("/api/v1/api-keys"),
            client.post("/api/v1/workspaces", {"name": "W"}),
        ):
            assert (response.status_code, code_of(response)) == (403, "scope_missing")
        assert not Event.objects.exists()

    def test_another_workspaces_agent_is_not_found(self, client):
        elsewhere = WorkspaceFactory.create()
        agent = agent_of(member(elsewhere, Role.OWNER), elsewhere)
        here = f"/api/v1/agents/{agent.id}"
        for response in (
            client.get(here),
            client.patch(here, {"name": "Mine"}),
            client.post(f"{here}/disable"),
            client.post(f"{here}/keys", {"name": "k", "scopes": ["read"]}),
        ):
            assert response.status_code == 404
        assert not Event.objects.exists()


def test_a_ticket_opens_a_socket_for_whoever_asked(client, owner):
    answer = client.post("/api/v1/ws-tickets")
    assert answer.status_code == 201
    assert answer.json()["expires_in"] == 30
    assert redeem_ticket(token=answer.json()["ticket"])[0] == owner


def test_a_read_key_still_gets_a_ticket(owner, workspace):
    client = client_with(issue(owner, workspace, Scope.READ))
    ticket = client.post("/api/v1/ws-tickets").json()["ticket"]
    assert redeem_ticket(token=ticket)[1].scopes == {Scope.READ}


def test_a_key_that_was_shown_is_read_back(client):
    answer = client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]}).json()
    assert answer["api_key"].startswith("lat_" + answer["public_id"])
    assert read_key(answer["api_key"])[1].scopes == {Scope.READ}


class TestHonestNames:
    @pytest.mark.parametrize(
        "name",
        ["Shop\r\nBcc: x@example.org", "\u202egnp.exe", "\u200b", "b\aell", "two\u2028lines"],
    )
    def test_name_that_does_not_show_what_it_is_is_refused(self, client, workspace, name):
        for path in ("workspaces", "agents"):
            refused = client.post(f"/api/v1/{path}", {"name": name})
            assert (refused.status_code, code_of(refused)) == (422, "invalid_account")
        refused = client.post("/api/v1/api-keys", {"name": name, "scopes": ["read"]})
        assert (refused.status_code, code_of(refused)) == (422, "invalid_account")
        refused = client.patch(f"/api/v1/workspaces/{workspace.id}", {"name": name})
        assert (refused.status_code, code_of(refused)) == (422, "invalid_account")
        assert not Event.objects.exists()

    @pytest.mark.parametrize("name", ["Ångström & Söhne", "متجر", "👩‍🌾 Farm", "=1+1"])
    def test_any_writing_is_a_name(self, client, name):
        assert client.post("/api/v1/workspaces", {"name": name}).json()["name"] == name


class TestScopesOfIssuedKeys:
    @pytest.fixture
    def half(self, owner, workspace):
        return client_with(issue(owner, workspace, Scope.READ, Scope.MANAGE))

    def test_key_hands_out_no_scope_it_lacks(self, half):
        body = {"name": "more", "scopes": ["read", "decide"]}
        refused = half.post("/api/v1/api-keys", body)
        assert (refused.status_code, code_of(refused)) == (422, "invalid_scope")
        assert ApiKey.objects.count() == 1
        assert not Event.objects.exists()

    def test_key_rotates_none_that_has_more(self, half, owner, workspace):
        issue(owner, workspace, *Scope)
        stronger = ApiKey.objects.latest("id")
        refused = half.post(f"/api/v1/api-keys/{stronger.id}/rotate")
        assert (refused.status_code, code_of(refused)) == (422, "invalid_scope")
        stronger.refresh_from_db()
        assert stronger.revoked_at is None
        assert ApiKey.objects.count() == 2

    def test_key_hands_out_what_it_has(self, half):
        assert half.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]}).status_code == 201

    def test_a_key_that_ends_makes_none_that_outlasts_it(self, owner, workspace):
        tomorrow = timezone.now() + timedelta(days=1)
        ending = client_with(issue(owner, workspace, *Scope, expires_at=tomorrow))
        body = {"name": "k", "scopes": ["read"]}
        refused = ending.post("/api/v1/api-keys", body)
        assert (refused.status_code, code_of(refused)) == (422, "outlives_its_issuer")
        assert refused.json()["error"]["details"][0]["field"] == "expires_at"

        made = ending.post("/api/v1/api-keys", body | {"expires_at": tomorrow.isoformat()})
        assert made.status_code == 201

        endless = ApiKey.objects.create(
            public_id="endless",
            secret_hash=b"",
            user=owner,
            workspace=workspace,
            name="k",
            scopes=["read"],
            created_by=owner,
        )
        refused = ending.post(f"/api/v1/api-keys/{endless.id}/rotate")
        assert code_of(refused) == "outlives_its_issuer"

    def test_archived_workspace_gets_no_new_keys(self, client, workspace):
        workspace.archived_at = timezone.now()
        workspace.save()
        refused = client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})
        assert (refused.status_code, code_of(refused)) == (409, "workspace_archived")
        assert not ApiKey.objects.exists()
