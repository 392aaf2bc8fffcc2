"""Celery's door: time, and what happened elsewhere, come in here."""

from uuid import UUID

from celery import shared_task

from apps.approvals import policy_changes
from apps.approvals.services import attention, cards, clock, digests, reviews, sending, weighing
from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event


@shared_task(name=clock.TASK)
def turn_clock(request: str) -> None:
    clock.turn_clock(request_id=UUID(request))


@shared_task(name=sending.TASK)
def send_card(card: str) -> None:
    sending.send_card(card_id=UUID(card))


@shared_task(name=digests.TASK)
def send_digest(person: str) -> None:
    digests.send_digest(person_id=UUID(person))


@subscriber("approvals.deal_cards")
def deal_cards(event: Event) -> None:
    """Others are to be asked about a request, or what they were shown of it is out of date."""
    cards.deal_cards(request_id=UUID(event.payload["request"]))


@subscriber("approvals.deal_cards_anew")
def deal_cards_anew(event: Event) -> None:
    cards.deal_cards_of(workspace=event.workspace_id)


@subscriber("approvals.look_soon")
def look_soon(event: Event) -> None:
    """Another policy holds, somebody is not a member any more, or stands otherwise."""
    weighing.look_soon(workspace=event.workspace_id)


@subscriber("approvals.look_soon_everywhere")
def look_soon_everywhere(event: Event) -> None:
    """Somebody was disabled or enabled, or an agent has another owner: it is so in every workspace
    of theirs."""
    who = event.payload.get("agent") or event.payload["person"]
    weighing.look_soon_everywhere(user=UUID(who))


@subscriber("approvals.reckon_digest")
def reckon_digest(event: Event) -> None:
    """Somebody may have gone to another time zone."""
    if "time_zone" in event.payload["fields"]:
        attention.reckon_digest(person_id=UUID(event.payload["person"]))


@shared_task(name="approvals.tell_overdue_reviews")
def tell_overdue_reviews() -> None:
    reviews.tell_overdue_reviews()


@subscriber("approvals.release_approved_policy")
def release_approved_policy(event: Event) -> None:
    policy_changes.release_approved_policy(
        draft_id=UUID(event.payload["subject"]),
        request_id=UUID(event.payload["request"]),
        workspace=event.workspace_id,
    )
