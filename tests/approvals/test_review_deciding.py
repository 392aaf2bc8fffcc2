"""What a browser may send to the buttons of a request's page, and what stands beside them."""

import pytest

from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest
from tests.approvals.loaves import ask, rename
from tests.approvals.test_admin import at

pytestmark = pytest.mark.django_db


def test_a_number_that_is_none_chooses_nothing(request_, reviewer):
    sent = {
        "decision": "approve_some",
        "digest": request_.view_digest,
        "operations": ["9" * 5_000, "²", "-1"],
    }
    answer = at(reviewer).post(f"/admin/review/{request_.pk}/decide/", sent)
    assert answer.status_code == 422
    assert "Choose what is accepted" in answer.content.decode()
    request_.refresh_from_db()
    assert request_.state == State.PENDING


@pytest.mark.parametrize("saw", ["", "[", "[" * 150_000, "{}", '{"content": 1}'])
def test_whoever_brings_along_what_was_not_shown_is_shown_what_is_there(request_, reviewer, saw):
    answer = at(reviewer).post(f"/admin/review/{request_.pk}/look-again/", {"saw": saw})
    assert answer.status_code == 200
    assert request_.view_digest in answer.content.decode()


@pytest.mark.parametrize(
    "place", ["{}/now/", "{}/threads/", "{}/tab/change/", "", "changes/?row={}", "bulk/?row={}"]
)
def test_what_names_it_holds_nothing_that_nobody_sees(
    loaves, one_policy, workspace, baker, reviewer, place
):
    request = ask(workspace, baker)
    rename(request.subject_id, ["docs/a\u202eb.md", "docs/<b>.md"])
    ApprovalRequest.objects.filter(id=request.id).update(risk_level="critical")
    page = at(reviewer).get(f"/admin/review/{place.format(request.id)}").content.decode()
    assert "docs/a⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩b.md" in page
    assert "\u202e" not in page
    assert "<b>.md" not in page
