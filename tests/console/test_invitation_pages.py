"""The link of an invitation brings people in: with the account they have, or a new one."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User
from apps.accounts.services.invitations import (
    create_invitation,
    revoke_invitation,
    send_invitation,
)
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory


@pytest.fixture
def invite(workspace, owner):
    def invited(email):
        row = create_invitation(
            workspace_id=workspace.id, email=email, role=Role.REVIEWER, actor=owner
        )
        send_invitation(invitation_id=row.id)
        link = next(word for word in mail.outbox[-1].body.split() if "/invitation/" in word)
        return row, link[link.index("/accounts/") :]

    return invited


def test_newcomer_makes_an_account_and_is_in(browser, invite, workspace):
    _, link = invite("new@example.org")
    assert "Make my account and join" in browser.get(link).content.decode()

    answer = browser.post(link, {"name": "Nora New", "password": "a rather long password"})

    assert answer.url == "/admin/"
    nora = User.objects.get(email="new@example.org")
    assert Membership.objects.get(workspace=workspace, user=nora).role == Role.REVIEWER
    assert EmailAddress.objects.get(user=nora).verified
    assert "Orchard" in browser.get("/accounts/").content.decode()
    assert browser.get(link).status_code == 404
    assert Event.objects.filter(type="accounts.invitation.accepted", actor_id=nora.id).exists()


def test_weak_password_makes_no_account(browser, invite, workspace):
    _, link = invite("new@example.org")
    before = Event.objects.count()
    answer = browser.post(link, {"name": "Nora", "password": "password"})
    assert "too common" in answer.content.decode()
    assert not User.objects.get_queryset().filter(email="new@example.org").exists()
    assert Event.objects.count() == before


def test_who_has_an_account_signs_in_and_joins(browser, invite, workspace):
    person = PersonFactory.create()
    _, link = invite(person.email)
    assert f"/accounts/login/?next={link}" in browser.get(link).content.decode()
    browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})

    browser.post(link)

    assert Membership.objects.filter(workspace=workspace, user=person).exists()


def test_somebody_else_cannot_use_the_link(browser, invite, reviewer, workspace):
    row, link = invite("new@example.org")
    browser.force_login(reviewer)
    members = Membership.objects.filter(workspace=workspace).count()

    answer = browser.post(link)

    assert "went to another address" in answer.content.decode()
    row.refresh_from_db()
    assert row.accepted_at is None
    assert Membership.objects.filter(workspace=workspace).count() == members


def test_withdrawn_invitation_is_closed(browser, invite, owner):
    row, link = invite("new@example.org")
    revoke_invitation(invitation_id=row.id, actor=owner)
    answer = browser.post(link, {"name": "Nora", "password": "a rather long password"})
    assert answer.status_code == 404
    assert "This invitation is closed" in answer.content.decode()
    assert not User.objects.get_queryset().filter(email="new@example.org").exists()
