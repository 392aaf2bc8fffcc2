"""What the pages name by its name is there: addresses, settings, errors."""

import re

import pytest
from django.conf import settings

from config.env import Environment
from config.generated_docs import all_errors, variables
from tests.doors.routes import MACHINE_ROUTES, PAGE_ROUTES
from tests.pages import PAGES, named

ADDRESS = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE)\s+(/[\w/{}<>.-]*[\w}>/])")
SETTING = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`")
ERROR = re.compile(r"\b([45]\d\d) `([a-z_]+)`|`([a-z_]+)` \(([45]\d\d)\)")
OTHERS = {"/v1/data/agent/allow"}
"""What an OPA server answers to."""

ROUTES = {re.sub(r"<[^>]+>", "{}", f"/{route}") for route in MACHINE_ROUTES + PAGE_ROUTES}
SETTINGS = {name for field in Environment.model_fields.values() for name in variables(field)}
ERRORS = {kind.code: str(kind.status) for kind in all_errors()}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_address_leads_somewhere(page):
    told = {re.sub(r"[{<]\w+[}>]", "{}", path) for path in ADDRESS.findall(page.read_text())}
    assert told - ROUTES - OTHERS == set()


OF_TODAY = [page for page in PAGES if page.parent.name != "adr"]


@pytest.mark.parametrize("page", OF_TODAY, ids=named)
def test_every_setting_can_be_set(page):
    told = {name for name in SETTING.findall(page.read_text()) if not name.startswith("CELERY_")}
    assert [name for name in told - SETTINGS if not hasattr(settings, name)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_error_has_the_status_that_is_told(page):
    told = {(a or d, b or c) for a, b, c, d in ERROR.findall(page.read_text())}
    assert [(status, code) for status, code in told if ERRORS.get(code) != status] == []
