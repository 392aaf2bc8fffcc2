"""The queue while the server is away: it says so, and catches up with what it missed."""

import pytest
from playwright.sync_api import expect

from apps.approvals.services.seats import claim_request
from tests.e2e.review.test_queue import bo, owner, propose, row_of, rows, watch

__all__ = ["bo", "owner", "propose", "watch"]

pytestmark = pytest.mark.e2e


def test_what_was_missed_is_caught_up_in_place(watch, propose, reviewer, bo, restartable, faults):
    first = propose("docs/a.md")
    page = watch(reviewer)
    row_of(page, first).get_by_role("checkbox").check()
    restartable.kill()
    expect(page.locator(".queue .state")).to_have_text("Reconnecting…")
    claim_request(request_id=first.id, actor=bo)
    propose("docs/b.md")
    restartable.start()
    expect(page.locator(".queue .state")).to_have_text("Live")
    expect(row_of(page, first)).to_contain_text("Bo Lindqvist has it")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    expect(row_of(page, first).get_by_role("checkbox")).to_be_checked()
    faults[:] = [fault for fault in faults if "WebSocket connection" not in fault]
