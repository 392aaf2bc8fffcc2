"""Asking people in: from the row to the mail to the membership."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.choices import Role
from apps.accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvalidAccount,
    InvitationClosed,
    InvitationForSomebodyElse,
)
from apps.accounts.models import Invitation, Membership
from apps.accounts.services.authentication import read_key
from apps.accounts.services.housekeeping import purge_expired
from apps.accounts.services.invitations import (
    accept_invitation,
    create_invitation,
    resend_invitation,
    revoke_invitation,
    send_invitation,
)
from apps.accounts.services.members import change_role, remove_member
from apps.accounts.services.people import disable_person
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound, TooMany
from apps.ledger.models import Event
from tests.factories import (
    MembershipFactory,
    PersonFactory,
    WorkspaceFactory,
    agent_of,
    issue,
    member,
)

ADDRESS = "new@example.org"


@pytest.fixture
def workspace(db):
    return WorkspaceFactory.create(name="Shop")


def recorded():
    return [
        name.removeprefix("accounts.")
        for name in Event.objects.order_by("seq").values_list("type", flat=True)
    ]


def invite(workspace, actor, email=ADDRESS, role=Role.REVIEWER):
    return create_invitation(workspace_id=workspace.id, email=email, role=role, actor=actor)


def sent(invitation, mailoutbox):
    assert send_invitation(invitation_id=invitation.id)
    return mailoutbox[-1].body.partition("/accounts/invitation/")[2].split()[0]


class TestInviting:
    def test_the_mail_holds_the_link_and_the_row_only_its_hash(
        self, workspace, owner, mailoutbox, settings
    ):
        settings.PUBLIC_URL = "https://lattice.example.org"
        invitation = invite(workspace, owner, email="New@Example.org")
        token = sent(invitation, mailoutbox)

        mail = mailoutbox[0]
        assert mail.to == [ADDRESS]
        assert "Shop" in mail.subject
        assert f"https://lattice.example.org/accounts/invitation/{token}" in mail.body
        invitation.refresh_from_db()
        assert token.encode() not in bytes(invitation.token_hash)
        assert invitation.sent_at
        assert recorded() == ["invitation.created", "invitation.sent"]
        assert "example" not in str(list(Event.objects.values_list("payload", flat=True)))

    def test_a_mail_that_was_sent_is_not_sent_again(self, workspace, owner, mailoutbox):
        invitation = invite(workspace, owner)
        sent(invitation, mailoutbox)
        assert not send_invitation(invitation_id=invitation.id)
        assert len(mailoutbox) == 1

    @pytest.fixture
    def _tasks_at_once(self):
        celery = tasks.send_invitation.app
        celery.conf.task_always_eager = True
        yield
        celery.conf.task_always_eager = False

    @pytest.mark.usefixtures("_tasks_at_once")
    def test_what_is_due_leaves_once(self, workspace, owner, mailoutbox):
        invite(workspace, owner)
        assert mailoutbox == []
        for _ in range(2):
            tasks.send_due_invitations()
        assert len(mailoutbox) == 1

    @pytest.mark.usefixtures("_tasks_at_once")
    def test_a_mail_that_did_not_leave_is_tried_again(self, workspace, owner, mailoutbox, settings):
        invite(workspace, owner)
        settings.EMAIL_BACKEND, ours = "tests.accounts.no_mail.Broken", settings.EMAIL_BACKEND
        tasks.send_due_invitations()
        assert Invitation.objects.get().sent_at is None

        settings.EMAIL_BACKEND = ours
        tasks.send_due_invitations()
        assert mailoutbox == []  # whoever tried is left in peace for a while
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            tasks.send_due_invitations()
        assert len(mailoutbox) == 1
        assert recorded() == ["invitation.created", "invitation.sent"]

    def test_one_open_invitation_for_each_address(self, workspace, owner):
        invite(workspace, owner)
        with pytest.raises(AlreadyInvited):
            invite(workspace, owner, email=ADDRESS.upper())
        assert Invitation.objects.count() == 1
        assert recorded() == ["invitation.created"]

    def test_an_expired_one_stands_in_nobodys_way(self, workspace, owner):
        invite(workspace, owner)
        with time_machine.travel(timezone.now() + timedelta(days=15)):
            invite(workspace, owner)
        assert Invitation.objects.open().count() == 1

    def test_members_are_not_invited(self, workspace, owner):
        with pytest.raises(AlreadyMember):
            invite(workspace, owner, email=owner.email)

    def test_nobody_invites_above_themselves(self, workspace):
        with pytest.raises(NotAllowed):
            invite(workspace, member(workspace, Role.ADMIN), role=Role.OWNER)
        with pytest.raises(NotAllowed):
            invite(workspace, member(workspace, Role.REVIEWER), role=Role.VIEWER)
        assert not Invitation.objects.exists()
        assert recorded() == []

    def test_agents_invite_nobody(self, workspace, owner):
        with pytest.raises(NotAllowed):
            invite(workspace, agent_of(owner, workspace))

    def test_an_address_has_to_be_one(self, workspace, owner):
        with pytest.raises(InvalidAccount):
            invite(workspace, owner, email="nobody")
        assert recorded() == []


class TestAccepting:
    def test_the_invited_person_joins_once(self, workspace, owner, mailoutbox):
        person = PersonFactory.create(email=ADDRESS)
        token = sent(invite(workspace, owner), mailoutbox)
        membership = accept_invitation(token=token, actor=person)
        assert (membership.workspace, membership.role) == (workspace, Role.REVIEWER)
        person.refresh_from_db()
        assert person.is_staff
        assert recorded()[-1] == "invitation.accepted"
        with pytest.raises(InvitationClosed):
            accept_invitation(token=token, actor=person)

    def test_nobody_else_does(self, workspace, owner, mailoutbox):
        token = sent(invite(workspace, owner), mailoutbox)
        before = recorded()
        with pytest.raises(InvitationForSomebodyElse):
            accept_invitation(token=token, actor=PersonFactory.create())
        with pytest.raises(NotFound):
            accept_invitation(token="guess", actor=PersonFactory.create(email=ADDRESS))
        assert Membership.objects.count() == 1
        assert recorded() == before

    def test_a_key_joins_nothing(self, workspace, owner, mailoutbox):
        elsewhere = WorkspaceFactory.create()
        person = member(elsewhere, Role.OWNER)
        token = sent(invite(workspace, owner, email=person.email), mailoutbox)
        confined, _ = read_key(issue(person, elsewhere))
        with pytest.raises(NotAllowed):
            accept_invitation(token=token, actor=confined)

    @pytest.mark.parametrize("end", ["revoked", "expired", "archived"])
    def test_a_closed_one_opens_no_door(self, workspace, owner, mailoutbox, end):
        person = PersonFactory.create(email=ADDRESS)
        invitation = invite(workspace, owner)
        token = sent(invitation, mailoutbox)
        later = timezone.now()
        if end == "revoked":
            revoke_invitation(invitation_id=invitation.id, actor=owner)
        elif end == "expired":
            later += timedelta(days=15)
        else:
            workspace.archived_at = later
            workspace.save()
        with time_machine.travel(later), pytest.raises(InvitationClosed):
            accept_invitation(token=token, actor=person)
        assert not Membership.objects.filter(user=person).exists()

    def test_after_sending_again_the_later_link_counts(self, workspace, owner, mailoutbox):
        person = PersonFactory.create(email=ADDRESS)
        invitation = invite(workspace, owner)
        first = sent(invitation, mailoutbox)
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            resend_invitation(invitation_id=invitation.id, actor=owner)
            second = sent(invitation, mailoutbox)
        with pytest.raises(NotFound):
            accept_invitation(token=first, actor=person)
        assert accept_invitation(token=second, actor=person)

    @pytest.mark.parametrize("end", ["removed", "demoted", "disabled"])
    def test_it_gives_no_more_than_its_sender_has(self, workspace, owner, mailoutbox, end):
        sender, person = member(workspace, Role.ADMIN), PersonFactory.create(email=ADDRESS)
        token = sent(invite(workspace, sender, role=Role.ADMIN), mailoutbox)
        if end == "removed":
            remove_member(workspace_id=workspace.id, user_id=sender.id, actor=owner)
        elif end == "demoted":
            change_role(
                workspace_id=workspace.id, user_id=sender.id, role=Role.REVIEWER, actor=owner
            )
        else:
            disable_person(person_id=sender.id, actor=SYSTEM)
        before = recorded()

        with pytest.raises(InvitationClosed):
            accept_invitation(token=token, actor=person)
        assert not Membership.objects.filter(user=person).exists()
        assert recorded() == before

    def test_whoever_sends_it_again_stands_for_it(self, workspace, owner, mailoutbox):
        sender, person = member(workspace, Role.ADMIN), PersonFactory.create(email=ADDRESS)
        invitation = invite(workspace, sender)
        remove_member(workspace_id=workspace.id, user_id=sender.id, actor=owner)
        resend_invitation(invitation_id=invitation.id, actor=owner)
        assert accept_invitation(token=sent(invitation, mailoutbox), actor=person)


class TestNoFlood:
    def test_sending_again_waits_a_little(self, workspace, owner, mailoutbox):
        invitation = invite(workspace, owner)
        sent(invitation, mailoutbox)
        before = recorded()
        with pytest.raises(TooMany) as refused:
            resend_invitation(invitation_id=invitation.id, actor=owner)
        assert refused.value.retry_after in range(1, 302)
        invitation.refresh_from_db()
        assert invitation.sent_at
        assert recorded() == before

    def test_revoking_and_inviting_anew_waits_as_well(self, workspace, owner, mailoutbox):
        invitation = invite(workspace, owner)
        sent(invitation, mailoutbox)
        revoke_invitation(invitation_id=invitation.id, actor=owner)
        with pytest.raises(TooMany):
            invite(workspace, owner)
        assert Invitation.objects.count() == 1

    def test_one_person_has_so_many_mails_sent_a_day_from_all_workspaces_together(
        self, workspace, owner, mailoutbox, settings
    ):
        settings.INVITATION_MAILS = 3
        other = WorkspaceFactory.create()
        MembershipFactory.create(workspace=other, user=owner, role=Role.OWNER)
        again = invite(workspace, owner, email="a@example.org")
        invite(other, owner, email="b@example.org")
        resend_invitation(invitation_id=again.id, actor=owner)
        before = recorded()

        for place in (workspace, other):
            with pytest.raises(TooMany) as refused:
                invite(place, owner, email="c@example.org")
        assert "3 invitations" in refused.value.text
        assert refused.value.retry_after in range(86_000, 86_402)
        with pytest.raises(TooMany):
            resend_invitation(invitation_id=again.id, actor=owner)
        assert Invitation.objects.count() == 2
        assert recorded() == before

        assert invite(workspace, member(workspace, Role.ADMIN), email="c@example.org")
        with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
            assert invite(other, owner, email="c@example.org")

    def test_what_counts_no_more_is_thrown_away(self, workspace, owner):
        invite(workspace, owner)
        with time_machine.travel(timezone.now() + timedelta(hours=23)):
            assert purge_expired()["mails"] == 0
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert purge_expired()["mails"] == 1


def test_of_many_at_once_no_more_are_sent_than_a_day_allows(committed_database, settings):
    settings.INVITATION_MAILS = 3
    workspaces = WorkspaceFactory.create_batch(8)
    inviter = member(workspaces[0], Role.OWNER)
    for workspace in workspaces[1:]:
        MembershipFactory.create(workspace=workspace, user=inviter, role=Role.OWNER)

    def ask(workspace):
        try:
            return invite(workspace, inviter)
        except TooMany:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        made = [invitation for invitation in pool.map(ask, workspaces) if invitation]
    assert len(made) == Invitation.objects.count() == 3


def test_name_that_was_broken_over_lines_holds_no_mail_back(workspace, owner, mailoutbox):
    workspace.name = "Shop\r\nBcc: everybody@example.org"
    workspace.save()
    sent(invite(workspace, owner), mailoutbox)
    assert mailoutbox[0].subject == "Join Shop Bcc: everybody@example.org on Lattice"
    assert mailoutbox[0].recipients() == [ADDRESS]


def test_strangers_cannot_touch_an_invitation(workspace, owner):
    invitation = invite(workspace, owner)
    for act in (resend_invitation, revoke_invitation):
        with pytest.raises(NotFound):
            act(invitation_id=invitation.id, actor=PersonFactory.create())
        with pytest.raises(NotAllowed):
            act(invitation_id=invitation.id, actor=member(workspace, Role.VIEWER))
    assert recorded() == ["invitation.created"]


def test_accepted_many_times_at_once_it_is_one_membership(committed_database, mailoutbox):
    workspace = WorkspaceFactory.create()
    owner, person = member(workspace, Role.OWNER), PersonFactory.create(email=ADDRESS)
    token = sent(invite(workspace, owner), mailoutbox)

    def accept(_):
        try:
            return accept_invitation(token=token, actor=person)
        except InvitationClosed:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(accept, range(8)))
    assert sum(answer is not None for answer in answers) == 1
    assert Membership.objects.filter(user=person).count() == 1
