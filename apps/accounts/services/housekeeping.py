"""Throwing away what is of no use to anybody any more. No fact is lost: the ledger has them."""

from datetime import timedelta

from django.utils import timezone

from apps.accounts.models import InvitationMail, RefreshToken, SocketTicket, TokenFamily
from apps.accounts.services.idempotency import purge_answers
from apps.accounts.services.invitations import LATELY

KEPT_AFTER_THE_END = timedelta(days=7)


def purge_expired() -> dict[str, int]:
    """Spent tokens stay as long as their family: a thief may come late."""
    past = timezone.now() - KEPT_AFTER_THE_END
    alive = RefreshToken.objects.filter(expires_at__gt=past).values("family_id")
    families = TokenFamily.objects.exclude(id__in=alive).filter(created_at__lte=past)
    return {
        "families": families.delete()[1].get(TokenFamily._meta.label, 0),
        "tickets": SocketTicket.objects.filter(expires_at__lte=past).delete()[0],
        "answers": purge_answers(),
        "mails": InvitationMail.objects.filter(asked_at__lte=timezone.now() - LATELY).delete()[0],
    }
