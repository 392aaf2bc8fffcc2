"""Mails, in text and simple HTML. All about one request is one thread.

They say in a sentence what would change, and nothing of its content: whoever wants to decide looks
at it in the console.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals.choices import Because, MailMode, Via
from apps.approvals.models.people import Attention
from apps.approvals.ports import Delivered, Told, channels
from apps.common.prepared import prepared
from apps.common.texts.hidden import spelled_out


class EmailChannel:
    label = "E-mail"
    edits = False
    alarms = False

    def wanted_by(self, people: Collection[User]) -> set[UUID]:
        return reachable(people) - set(_otherwise(people=[person.id for person in people]))

    def deliver(self, person: User, told: Told, *, reference: str) -> Delivered:
        subject = f"Waiting for you: {told.label}, {told.risk} risk ({told.workspace})"
        shown = {
            "told": told,
            "sentence": plain(told.sentence),
            "because": Because(told.because).label,
            "via": Via(told.decided_via).label if told.decided_via else "",
        }
        sent = send_mail(person, "card", shown, subject=subject, key=told.key, follows=reference)
        return Delivered(reference=reference or sent)


class AlarmChannel:
    """Mails that do not wait behind others, and that nobody turns off."""

    label = "Alarm by e-mail"
    edits = False
    alarms = True

    def wanted_by(self, people: Collection[User]) -> set[UUID]:
        return reachable(people)

    def deliver(self, person: User, told: Told, *, reference: str) -> Delivered:
        subject = f"Glass broken: {told.label}, {told.risk} risk ({told.workspace})"
        shown = {"told": told, "sentence": plain(told.sentence)}
        sent = send_mail(person, "alarm", shown, subject=subject, key=told.key, follows=reference)
        return Delivered(reference=reference or sent)


def reachable(people: Collection[User]) -> set[UUID]:
    """Who may be written to: at an address that they have proved to be theirs."""
    return set(_proved(people=[person.id for person in people]))


@prepared
def _proved(*, people: list[UUID]) -> QuerySet[EmailAddress, UUID]:
    proved: QuerySet[EmailAddress] = EmailAddress.objects.filter(verified=True)
    theirs = proved.filter(user__in=people, user__is_active=True, email=F("user__email"))
    return theirs.values_list("user_id", flat=True)


@prepared
def _otherwise(*, people: list[UUID]) -> QuerySet[Attention, UUID]:
    """Who is not written to about each request."""
    found = Attention.objects.filter(person__in=people).exclude(mail=MailMode.EACH)
    return found.values_list("person_id", flat=True)


def send_mail(
    person: User, template: str, shown: dict[str, Any], *, subject: str, key: str, follows: str = ""
) -> str:
    """Its Message-ID, which is the same when it is sent again."""
    message_id = f"<{key}@{urlsplit(settings.PUBLIC_URL).hostname}>"
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
    if follows:
        headers |= {"In-Reply-To": follows, "References": follows}
        subject = f"Re: {subject}"
    shown = {**shown, "url": settings.PUBLIC_URL}
    with timezone.override(ZoneInfo(person.time_zone)):
        text = render_to_string(f"approvals/mail/{template}.txt", shown)
        page = render_to_string(f"approvals/mail/{template}.html", shown)
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text, to=[person.email], headers=headers
    )
    mail.attach_alternative(page, "text/html")
    mail.send()
    return message_id


def plain(text: str) -> str:
    """On one line, hidden characters spelled out."""
    return spelled_out(" ".join(text.split()))


channels["email"] = EmailChannel()
channels["alarm"] = AlarmChannel()
