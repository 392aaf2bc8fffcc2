"""Invitations by e-mail. The row says that a mail is due; whoever sends it makes the token."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import Permission, Role, WorkspaceKind
from apps.accounts.credentials import fingerprint, new_token
from apps.accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvalidAccount,
    InvitationClosed,
    InvitationForSomebodyElse,
    PersonalWorkspace,
)
from apps.accounts.models import Invitation, InvitationMail, Membership, User, Workspace
from apps.accounts.rules import may_grant
from apps.accounts.selectors.standing import require_person, standing_of
from apps.accounts.services.members import admit
from apps.accounts.services.workspaces import lock_workspace
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotAllowed, NotFound, TooMany
from apps.ledger.services import record, unit
from apps.ledger.switch import require_running, staying_open

GOOD_FOR = timedelta(days=14)
QUIET = timedelta(minutes=5)
"""How long an address is left in peace after a mail from a workspace."""
LATELY = timedelta(days=1)
"""In which one person has `INVITATION_MAILS` sent at most, from all their workspaces together."""
LEASE = timedelta(minutes=5)
"""How long one sender is left in peace before another one tries."""


def create_invitation(*, workspace_id: UUID, email: str, role: Role, actor: User) -> Invitation:
    require_person(actor)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidAccount(details=[{"field": "email", "message": error.messages[0]}]) from error
    with unit(actor=actor, workspace=workspace_id):
        workspace, standing = lock_workspace(workspace_id, actor, Permission.MANAGE_MEMBERS)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspace
        if not may_grant(standing.role, role):
            raise NotAllowed("You cannot invite somebody to a role above your own.")
        if Membership.objects.filter(workspace=workspace, user__email=email).exists():
            raise AlreadyMember
        _close_expired(workspace, email)
        _leave_in_peace(workspace, email)
        try:
            with transaction.atomic():
                invitation = Invitation.objects.create(
                    workspace=workspace,
                    email=email,
                    role=role,
                    invited_by=actor,
                    expires_at=timezone.now() + GOOD_FOR,
                )
        except IntegrityError as error:
            raise AlreadyInvited from error
        _count_mail(invitation, actor)
        record(events.InvitationCreated(invitation=invitation.id, role=role))
    return invitation


def resend_invitation(*, invitation_id: UUID, actor: User) -> Invitation:
    """Another mail with another link; the one before stops working when it is sent. Whoever sends
    it again is who invites from now on."""
    with unit(actor=actor, workspace=_workspace_of(invitation_id, actor)):
        invitation = _lock_open(invitation_id, actor)
        _leave_in_peace(invitation.workspace, invitation.email)
        invitation.sent_at, invitation.due_at = None, timezone.now()
        invitation.expires_at = timezone.now() + GOOD_FOR
        invitation.invited_by = actor
        invitation.save(update_fields=["sent_at", "due_at", "expires_at", "invited_by"])
        _count_mail(invitation, actor)
        record(events.InvitationResent(invitation=invitation.id))
    return invitation


def revoke_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    with unit(actor=actor, workspace=_workspace_of(invitation_id, actor)):
        invitation = _lock_open(invitation_id, actor)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        record(events.InvitationRevoked(invitation=invitation.id))
    return invitation


def accept_invitation(*, token: str, actor: User) -> Membership:
    """Whoever holds the mail and is logged in with the address it went to, while whoever invited
    them might still do so."""
    require_person(actor)
    if actor.confined_to:
        raise NotAllowed("An API key cannot join a workspace: log in.")
    found = Invitation.objects.filter(token_hash=fingerprint(token)).first()
    if found is None:
        raise NotFound
    with unit(actor=actor, workspace=found.workspace_id):
        workspace = Workspace.objects.select_for_update().get(id=found.workspace_id)
        invitation = Invitation.objects.select_for_update().get(id=found.id)
        if not invitation.is_open or workspace.deleted_at or workspace.is_archived:
            raise InvitationClosed
        if invitation.email.lower() != actor.email:
            raise InvitationForSomebodyElse
        if not _still_vouched_for(invitation):
            raise InvitationClosed
        membership = admit(workspace, actor, Role(invitation.role))
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        record(
            events.InvitationAccepted(
                invitation=invitation.id, member=actor.id, role=invitation.role
            )
        )
    return membership


def send_invitation(*, invitation_id: UUID) -> bool:
    """Sends the mail if it is due. If the sender dies between mail and commit it is sent again,
    with another link, and the later one works.
    """
    token = new_token()
    with unit(actor=SYSTEM):
        due = Invitation.objects.due().select_for_update(skip_locked=True, of=("self",))
        invitation = due.filter(id=invitation_id).select_related("workspace", "invited_by").first()
        if invitation is None:
            return False
        invitation.token_hash, invitation.due_at = fingerprint(token), timezone.now() + LEASE
        invitation.save(update_fields=["token_hash", "due_at"])
    shown = {
        "workspace": invitation.workspace.name,
        "inviter": invitation.invited_by.name or invitation.invited_by.email,
        "role": invitation.get_role_display(),
        "link": f"{settings.PUBLIC_URL}/accounts/invitation/{token}",
        "token": token,
        "expires_at": invitation.expires_at,
    }
    require_running(invitation.workspace_id)
    send_mail(
        subject=" ".join(f"Join {invitation.workspace.name} on Lattice".split()),
        message=render_to_string("accounts/invitation.txt", shown),
        from_email=None,
        recipient_list=[invitation.email],
    )
    with staying_open(), unit(actor=SYSTEM, workspace=invitation.workspace_id):  # it left
        # Not if it was sent anew meanwhile: then another token counts.
        mine = Invitation.objects.filter(id=invitation.id, token_hash=fingerprint(token))
        if mine.update(sent_at=timezone.now()):
            record(events.InvitationSent(invitation=invitation.id))
    return True


def _workspace_of(invitation_id: UUID, actor: Actor) -> UUID:
    found = Invitation.objects.visible_to(actor).filter(id=invitation_id).first()
    if found is None:
        raise NotFound
    return found.workspace_id


def _lock_open(invitation_id: UUID, actor: Actor) -> Invitation:
    workspace_id = _workspace_of(invitation_id, actor)
    _, standing = lock_workspace(workspace_id, actor, Permission.MANAGE_MEMBERS)
    invitation = Invitation.objects.select_for_update().get(id=invitation_id)
    if invitation.accepted_at or invitation.revoked_at:
        raise InvitationClosed
    if not may_grant(standing.role, invitation.role):
        raise NotAllowed("This invitation is to a role above your own.")
    return invitation


def _still_vouched_for(invitation: Invitation) -> bool:
    """An invitation gives no more than its sender has: neither of one who has left, nor a role that
    they lost."""
    standing = standing_of(actor=invitation.invited_by, workspace_id=invitation.workspace_id)
    return (
        standing is not None
        and standing.permits(Permission.MANAGE_MEMBERS)
        and may_grant(standing.role, invitation.role)
    )


def _leave_in_peace(workspace: Workspace, email: str) -> None:
    since = timezone.now() - QUIET
    lately = Invitation.objects.filter(workspace=workspace, email=email, sent_at__gt=since)
    last = lately.order_by("-sent_at").first()
    if last and last.sent_at:
        wait = last.sent_at - since
        raise TooMany(
            "A mail left for this address a moment ago: wait before another one.",
            retry_after=int(wait.total_seconds()) + 1,
        )


def _count_mail(invitation: Invitation, actor: User) -> None:
    """One after another, or two at once would both be the last. What is refused is undone."""
    User.objects.get_queryset().select_for_update(no_key=True).get(id=actor.id)
    since = timezone.now() - LATELY
    lately = InvitationMail.objects.filter(asked_by=actor, asked_at__gt=since).order_by("-asked_at")
    in_the_way = lately.values_list("asked_at", flat=True)[settings.INVITATION_MAILS - 1 :].first()
    if in_the_way:
        raise TooMany(
            f"You had {settings.INVITATION_MAILS} invitations sent within a day: wait a little.",
            retry_after=int((in_the_way - since).total_seconds()) + 1,
        )
    InvitationMail.objects.create(invitation=invitation, asked_by=actor)


def _close_expired(workspace: Workspace, email: str) -> None:
    """An expired invitation stands in nobody's way."""
    open_ones = Invitation.objects.open().filter(workspace=workspace, email__iexact=email)
    open_ones.filter(expires_at__lte=timezone.now()).update(revoked_at=timezone.now())
