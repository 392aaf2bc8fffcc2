"""What a page elsewhere can make the browser of somebody who is logged in here do: nothing."""

import pytest
from django.test import Client

from apps.accounts.models import User
from tests.doors.listed import OPEN
from tests.doors.routes import MACHINE_ROUTES, pages_of
from tests.doors.walking import everything, filled
from tests.tenant import Tenant

WAYS = [("POST", "application/x-www-form-urlencoded"), ("POST", "text/plain"), ("DELETE", "")]
"""What a form sends, and a script that asks nobody; and what only leave of ours would allow."""
ELSEWHERE = {"Origin": "https://evil.example"}


@pytest.mark.django_db
def test_a_page_elsewhere_changes_nothing(unhurried):
    tenant = Tenant.new("someone")
    User.objects.filter(pk=tenant.owner.pk).update(is_staff=True, is_superuser=True)
    victim = User.objects.get_queryset().get(pk=tenant.owner.pk)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(victim)
    paths = [filled(route, tenant) for route in MACHINE_ROUTES if route not in OPEN]
    before, done = everything(tenant), []
    for path in [*paths, *pages_of(tenant)]:
        for method, form in WAYS:
            response = browser.generic(method, path, content_type=form, headers=ELSEWHERE)
            if response.status_code < 400 and response.status_code != 301:
                done.append(f"{method} {path}: {response.status_code}")
    assert done == []
    assert everything(tenant) == before
    assert browser.get("/accounts/").status_code == 200, "and they are still logged in"
