"""What a browser is shown where something is not, or may not be, or broke."""

import pytest
from django.test import RequestFactory

from apps.common.api.errors import answer
from apps.common.errors import Internal, NotAllowed, NotFound
from tests.e2e.faults import at_all_widths

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_error_page_can_be_read_by_everybody(scheme, open_browser):
    page = open_browser(color_scheme=scheme)
    assert page.goto("/nowhere").status == 404
    wrong = at_all_widths(page, "/nowhere")
    asked = RequestFactory().get("/nowhere", headers={"Accept": "text/html"})
    for error in (NotAllowed, NotFound, Internal):
        page.set_content(answer(asked, error()).content.decode())
        assert page.locator(".status").text_content() == str(error.status)
        wrong += at_all_widths(page, f"{error.status}")
    assert "\n".join(wrong) == ""
