"""Reviewers who read mail, from a mail server on a real socket."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db.models import F

from apps.approvals.models.people import Attention, Card
from tests.approvals.deciding import hold, policy_of
from tests.approvals.deliveries import deliver, pass_time
from tests.approvals.loaves import ask
from tests.approvals.post_office import open_office

TIMED = policy_of("name: review, roles: [reviewer], due: 4h, expires: 8d")


@pytest.fixture
def office(settings):
    with open_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.EMAIL_TIMEOUT = 1
        settings.WEBHOOKS_AT_ONCE = 1
        yield office


def proved(person, **attention):
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    if attention:
        Attention.objects.create(person=person, **attention)
    return person


@pytest.fixture
def reader(reviewer):
    return proved(reviewer)


def asked(workspace, owner, baker, policy=TIMED):
    hold(workspace, owner, policy)
    request = ask(workspace, baker)
    deliver()
    return request


@pytest.fixture
def request_(loaves, office, workspace, owner, baker, reader):
    return asked(workspace, owner, baker)


def due_now(request, **by):
    """As if so much time had passed, also for what is to be sent."""
    pass_time(request, **by)
    Card.objects.filter(request=request).update(due_at=F("due_at") - timedelta(**by))
