"""The console's buttons ask first, call the services, and show only who may press them."""

import re

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import ApiKey, Invitation, Membership, TokenFamily
from apps.accounts.services.invitations import create_invitation
from apps.accounts.services.sessions import open_session
from apps.ledger.models import Event
from tests.factories import issue, member


@pytest.fixture
def owner(workspace):
    person = member(workspace, Role.OWNER)
    person.is_staff = True
    person.save()
    return person


def button(page: str, row) -> str:
    return reverse(f"admin:accounts_{page}", args=[row.pk])


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_button_asks_first_and_does_nothing_by_itself(client, owner, agent, workspace):
    issue(agent, workspace)
    key = ApiKey.objects.get()
    client.force_login(owner)

    asked = client.get(button("apikey_revoke", key)).content.decode()

    assert "Whoever uses it is out at once" in asked
    key.refresh_from_db()
    assert key.revoked_at is None
    assert types() == []


def test_key_is_revoked(client, owner, agent, workspace):
    issue(agent, workspace)
    key = ApiKey.objects.get()
    client.force_login(owner)
    answer = client.post(button("apikey_revoke", key), follow=True)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "is revoked" in answer.content.decode()
    assert types() == ["accounts.key.revoked"]
    assert Event.objects.get().via == "session"


def test_new_key_is_shown_once_and_kept_nowhere(client, owner, agent, workspace):
    client.force_login(owner)
    asked = {"name": "Nightly", "scopes": ["read", "write"], "days": "90"}
    answer = client.post(button("user_issue_key", agent), asked)

    text = re.findall(r'value="(lat_[^"]+)"', answer.content.decode())[0]
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get()
    assert (key.user, key.name, key.scopes) == (agent, "Nightly", ["read", "write"])
    secret = text.rsplit("_", 1)[1]
    assert secret not in client.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
    assert secret not in str(Event.objects.get().payload)
    assert client.get("/api/v1/auth/me", headers={"X-API-Key": text}).status_code == 200


def test_rotated_key_is_shown_once_and_the_old_one_stops(client, owner, agent, workspace):
    before = issue(agent, workspace)
    old = ApiKey.objects.get()
    client.force_login(owner)
    answer = client.post(button("apikey_rotate", old), {"grace": "0"})

    after = re.findall(r'value="(lat_[^"]+)"', answer.content.decode())[0]
    me = "/api/v1/auth/me"
    client.logout()
    assert client.get(me, headers={"X-API-Key": before}).status_code == 401
    assert client.get(me, headers={"X-API-Key": after}).status_code == 200


def test_agent_is_disabled_and_enabled(client, owner, agent):
    client.force_login(owner)
    client.post(button("user_disable", agent))
    agent.refresh_from_db()
    assert not agent.is_active
    client.post(button("user_enable", agent))
    agent.refresh_from_db()
    assert agent.is_active
    assert types() == ["accounts.agent.disabled", "accounts.agent.enabled"]


def test_operator_disables_a_person_and_nobody_else_can(client, operator, owner, reviewer):
    client.force_login(owner)
    assert client.post(button("user_disable", reviewer)).status_code == 403
    reviewer.refresh_from_db()
    assert reviewer.is_active
    assert types() == []

    client.force_login(operator)
    client.post(button("user_disable", reviewer))
    reviewer.refresh_from_db()
    assert not reviewer.is_active
    assert types() == ["accounts.person.disabled"]


def test_nobody_disables_themselves(client, operator):
    client.force_login(operator)
    assert client.post(button("user_disable", operator)).status_code == 403
    operator.refresh_from_db()
    assert operator.is_active


def test_role_is_changed_and_a_refusal_says_why(client, owner, reviewer, workspace):
    client.force_login(owner)
    membership = Membership.objects.get(user=reviewer)
    client.post(button("membership_change_role", membership), {"role": "admin"})
    membership.refresh_from_db()
    assert membership.role == Role.ADMIN

    mine = Membership.objects.get(user=owner)
    answer = client.post(button("membership_change_role", mine), {"role": "viewer"})
    assert answer.status_code == 200
    assert "owner" in answer.content.decode()
    mine.refresh_from_db()
    assert mine.role == Role.OWNER
    assert types() == ["accounts.member.role_changed"]


def test_member_is_removed(client, owner, reviewer):
    client.force_login(owner)
    membership = Membership.objects.get(user=reviewer)
    answer = client.post(button("membership_remove", membership))
    assert answer.url == "/admin/accounts/membership/"
    assert not Membership.objects.filter(user=reviewer).exists()


def test_somebody_is_invited_the_mail_sent_again_and_the_invitation_revoked(
    client, owner, workspace
):
    client.force_login(owner)
    client.post(
        button("workspace_invite", workspace), {"email": "new@example.org", "role": "reviewer"}
    )
    invitation = Invitation.objects.get()
    client.post(button("invitation_resend", invitation))
    client.post(button("invitation_revoke", invitation))
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    assert types() == [
        "accounts.invitation.created",
        "accounts.invitation.resent",
        "accounts.invitation.revoked",
    ]


def test_workspace_is_archived_and_reopened(client, owner, workspace):
    client.force_login(owner)
    client.post(button("workspace_archive", workspace))
    workspace.refresh_from_db()
    assert workspace.is_archived
    assert client.get(button("workspace_invite", workspace)).status_code == 403
    client.post(button("workspace_unarchive", workspace))
    workspace.refresh_from_db()
    assert not workspace.is_archived


def test_api_login_is_ended(client, owner, reviewer):
    open_session(person=reviewer)
    family = TokenFamily.objects.get()
    client.force_login(owner)
    assert client.post(button("tokenfamily_end", family)).status_code == 404
    client.force_login(reviewer)
    client.post(button("tokenfamily_end", family))
    family.refresh_from_db()
    assert family.ended_at is not None
    assert types()[-1] == "accounts.session.closed"


def test_reviewer_may_press_none_of_the_managers_buttons(client, owner, reviewer, agent, workspace):
    issue(agent, workspace)
    invitation = create_invitation(
        workspace_id=workspace.id, email="new@example.org", role=Role.VIEWER, actor=owner
    )
    recorded = types()
    client.force_login(reviewer)
    key, membership = ApiKey.objects.get(), Membership.objects.get(user=owner)

    for name, row, status in [
        ("workspace_invite", workspace, 403),
        ("workspace_archive", workspace, 403),
        ("membership_change_role", membership, 403),
        ("membership_remove", membership, 403),
        ("invitation_revoke", invitation, 404),
        ("user_disable", owner, 403),
        ("user_issue_key", agent, 403),
        ("apikey_revoke", key, 404),
        ("apikey_rotate", key, 404),
    ]:
        asked = {"role": "viewer", "email": "x@example.org", "grace": "0"}
        assert client.post(button(name, row), asked).status_code == status, name
    assert types() == recorded


def test_page_offers_the_buttons_that_one_may_press(client, owner, reviewer, workspace):
    page = reverse("admin:accounts_workspace_change", args=[workspace.pk])
    archive = button("workspace_archive", workspace)
    client.force_login(owner)
    assert archive in client.get(page).content.decode()
    client.force_login(reviewer)
    assert archive not in client.get(page).content.decode()
