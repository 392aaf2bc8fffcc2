"""Socket tickets: a browser cannot send headers with a socket, and URLs end up in logs."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.accounts import events
from apps.accounts.credentials import fingerprint, new_token
from apps.accounts.errors import InvalidToken
from apps.accounts.models import SocketTicket, User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import credential_stands
from apps.ledger.services import record, unit
from apps.ledger.switch import staying_open

GOOD_FOR = timedelta(seconds=30)


def issue_ticket(*, user: User, credential: Credential, workspace_id: UUID) -> str:
    """It carries no more than the credential it is issued for, and ends with it."""
    token = new_token()
    with unit(actor=user, workspace=workspace_id):
        ticket = SocketTicket.objects.create(
            token_hash=fingerprint(token),
            user=user,
            workspace_id=workspace_id,
            scopes=sorted(credential.scopes),
            confined=credential.confined_to is not None,
            key_id=credential.key_id,
            family_id=credential.family_id,
            session_hash=credential.session,
            expires_at=timezone.now() + GOOD_FOR,
        )
        record(events.SocketTicketIssued(ticket=ticket.id))
    return token


def redeem_ticket(*, token: str) -> tuple[User, Credential]:
    """Once: whoever comes second is refused."""
    found = (
        SocketTicket.objects.filter(token_hash=fingerprint(token)).select_related("user").first()
    )
    if found is None:
        raise InvalidToken
    with staying_open(), unit(actor=found.user, workspace=found.workspace_id):  # to read
        now = timezone.now()
        fresh = SocketTicket.objects.filter(id=found.id, used_at=None, expires_at__gt=now)
        user, credential = found.user, _credential(found)
        if not fresh.update(used_at=now) or not credential_stands(user=user, credential=credential):
            raise InvalidToken
        record(events.SocketTicketRedeemed(ticket=found.id))
    return user, credential


def _credential(ticket: SocketTicket) -> Credential:
    confined_to = ticket.workspace_id if ticket.confined else None
    ticket.user.confined_to = confined_to
    return Credential(
        via="ticket",
        scopes=frozenset(ticket.scopes),
        confined_to=confined_to,
        key_id=ticket.key_id,
        family_id=ticket.family_id,
        session=bytes(ticket.session_hash) if ticket.session_hash else None,
    )
