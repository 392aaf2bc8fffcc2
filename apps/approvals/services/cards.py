"""Cards: a request as one person was shown it in one channel.

Doors that cannot show a digest (the short promised paths, a chat) note here what they showed, and
decide on exactly that. Where people are told without looking, cards are dealt from what a request
is now, and `services/sending.py` brings what was shown up to that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.choices import Decision, State
from apps.approvals.models.people import Absence, Card
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import channels
from apps.approvals.rules import next_reminder
from apps.approvals.selectors.electorate import Sitting, electorate_of, sittings_of
from apps.common.prepared import prepared

DEALT_AT_ONCE = 100

_FACES = {State.ALLOWED: State.PENDING, State.CONSUMED: State.EFFECTIVE}


def note_shown(requests: Iterable[ApprovalRequest], channel: str, person: UUID) -> None:
    """What somebody has on their screen now. Looking changes nothing else, and is not recorded. In
    one order, so that no two looks wait for each other."""
    shown = [
        Card(
            workspace_id=request.workspace_id,
            request=request,
            channel=channel,
            person_id=person,
            view_digest=request.view_digest,
            shown_state=request.state,
            shown_at=timezone.now(),
        )
        for request in sorted(requests, key=lambda request: request.id)
    ]
    Card.objects.bulk_create(
        shown,
        update_conflicts=True,
        unique_fields=["request", "channel", "person_id"],
        update_fields=["view_digest", "shown_state", "shown_at"],
    )


def seen_digest(request: ApprovalRequest, channel: str, person: UUID) -> str | None:
    """What they were shown last in this channel. None: nothing yet."""
    shown = Card.objects.filter(request=request, channel=channel, person_id=person)
    return shown.exclude(shown_at=None).values_list("view_digest", flat=True).first()


def face_of(state: str) -> State:
    """What a card shows of a state: nothing of what may still be taken back."""
    return _FACES.get(State(state), State(state))


def deal_cards(*, request_id: UUID) -> None:
    """Whom it has to be brought to, as things are now: twice is the same as once. Nothing is held
    meanwhile, because what is sent is decided when it is sent."""
    _deal(list(ApprovalRequest.objects.filter(id=request_id)))


def deal_cards_of(*, workspace: UUID) -> None:
    """Somebody is away, or back: others are asked."""
    waiting = ApprovalRequest.objects.pending().filter(workspace_id=workspace).order_by("id")
    batch = list(waiting[:DEALT_AT_ONCE])
    while batch:
        _deal(batch)
        batch = list(waiting.filter(id__gt=batch[-1].id)[:DEALT_AT_ONCE])


def _deal(requests: Sequence[ApprovalRequest]) -> None:
    """Of one workspace. As many queries as for one, but for the cards that have to change."""
    if not requests:
        return
    now, workspace = timezone.now(), requests[0].workspace_id
    away = _away(workspace=workspace, now=now)
    sittings = sittings_of(requests, {workspace: electorate_of(workspace)})
    asked = {sitting.request.id: _asked(sitting, away, now) for sitting in sittings}
    asking = {name: channel for name, channel in channels.items() if not channel.alarms}
    dealt: dict[UUID, list[Card]] = {}
    for card in _cards(requests=list(asked), names=list(asking)):
        dealt.setdefault(card.request_id, []).append(card)
    ids = {person for whom in asked.values() for person in whom}
    people = _people(ids=list(ids)) if ids else []
    wanted = {
        name: channel.wanted_by(people) if people else set() for name, channel in asking.items()
    }
    Card.objects.bulk_create(
        [
            Card(
                workspace_id=workspace, request=request, channel=name, person_id=person, due_at=due
            )
            for request in requests
            for has in [{(card.channel, card.person_id) for card in dealt.get(request.id, ())}]
            for person, due in asked[request.id].items()
            for name in asking
            if (name, person) not in has and person in wanted[name]
        ],
        ignore_conflicts=True,
    )
    for sitting in sittings:
        for card in dealt.get(sitting.request.id, ()):
            _deal_again(card, sitting, asked[sitting.request.id], now)


@prepared
def _away(*, workspace: UUID, now: datetime) -> QuerySet[Absence]:
    here = Absence.objects.filter(workspace_id=workspace)
    return here.not_over(now).order_by("-begins_at")


@prepared
def _people(*, ids: list[UUID]) -> QuerySet[User]:
    return User.objects.get_queryset().filter(id__in=ids)


@prepared
def _cards(*, requests: list[UUID], names: list[str]) -> QuerySet[Card]:
    """Always in one order, so that nobody waits for each other."""
    found = Card.objects.filter(request__in=requests, channel__in=names)
    return found.order_by("request_id", "id")


def _deal_again(
    card: Card, sitting: Sitting, asked: Mapping[UUID, datetime], now: datetime
) -> None:
    request, mine = sitting.request, Card.objects.filter(id=card.id)
    if is_news(card, request):
        since = asked.get(card.person_id, now)
        mine.update(due_at=since, reminder=False, attempts=0, parked_at=None)
    elif card.person_id in asked and card.shown_at and sitting.stage:
        opened = sitting.stage.opened_at
        if opened and card.shown_at < opened:  # they were asked in an earlier stage
            mine.update(due_at=asked[card.person_id], reminder=True)
        elif card.due_at is None and (due_at := reminder_of(request)):
            mine.update(due_at=due_at, reminder=True)


def deal_alarms(request: ApprovalRequest, people: Collection[UUID]) -> None:
    """In the unit of work of what is to be told. Whoever is alarmed is not told it once more where
    they were asked."""
    alarming = [name for name, channel in channels.items() if channel.alarms]
    Card.objects.bulk_create(
        Card(
            workspace_id=request.workspace_id,
            request=request,
            channel=name,
            person_id=person,
            due_at=timezone.now(),
        )
        for person in sorted(people)
        for name in alarming
    )
    told = request.cards.filter(person_id__in=people).exclude(channel__in=alarming)
    told.update(shown_state=State.EFFECTIVE, due_at=None)


def is_news(card: Card, request: ApprovalRequest) -> bool:
    """Whether it has to be shown, or shown anew."""
    if channels[card.channel].alarms:
        return card.shown_at is None
    face = face_of(request.state)
    if card.shown_at is None:
        return request.state == State.PENDING
    if face == State.PENDING:
        return request.state == State.PENDING and card.view_digest != request.view_digest
    channel = channels[card.channel]
    knows = request.settled_by == card.person_id and (
        request.settled_via == card.channel or not channel.edits
    )
    return card.shown_state != face and not knows


def reminder_of(request: ApprovalRequest) -> datetime | None:
    return next_reminder(
        timezone.now(), opened=request.opened_at, due=request.due_at, expires=request.expires_at
    )


def move_reminders(request: ApprovalRequest) -> None:
    """Those that are still to come, to its new times."""
    to_come = request.cards.filter(reminder=True, due_at__gt=timezone.now())
    to_come.update(due_at=reminder_of(request))


def _asked(sitting: Sitting, away: Iterable[Absence], now: datetime) -> Mapping[UUID, datetime]:
    """Whose decision the open stage takes, and from when on: of who is `away`, when they are back;
    of who stands in, when that begins."""
    stage, request = sitting.stage, sitting.request
    if stage is None or request.state != State.PENDING:
        return {}
    seats, excluded = sitting.seats(stage), sitting.excluded_from(stage)
    asked = dict.fromkeys(seats, now)
    for absence in (each for each in away if each.person_id in seats):
        stand_in = absence.delegate_id
        if absence.begins_at <= now:
            asked[absence.person_id] = absence.ends_at
        if stand_in and stand_in in sitting.people.roles and stand_in not in seats | excluded:
            asked[stand_in] = max(absence.begins_at, now)
    return {person: since for person, since in asked.items() if not has_said(sitting, person)}


def has_said(sitting: Sitting, person: UUID) -> bool:
    """In the open stage, on what is shown now."""
    mine = sitting.vote_of(person, sitting.stage) if sitting.stage else None
    if mine is None or mine.decision == Decision.RETRACT:
        return False
    return mine.view_digest == sitting.request.view_digest
