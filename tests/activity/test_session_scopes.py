"""A socket that a browser's session opens may do what that session may do over HTTP, no more."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from apps.accounts.rules import HALF_PROVED_SCOPES, PERSON_SCOPES
from apps.activity.admission import _from_session
from tests.factories import PersonFactory


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("required", "scopes"), [(True, HALF_PROVED_SCOPES), (False, PERSON_SCOPES)]
)
def test_a_session_without_its_second_step_opens_no_more(settings, required, scopes):
    settings.REQUIRE_TOTP = required
    person = PersonFactory.create()
    session = SessionStore()
    session[SESSION_KEY] = str(person.id)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()

    viewer = _from_session(str(session.session_key))

    assert viewer is not None
    assert viewer.credential.scopes == scopes
