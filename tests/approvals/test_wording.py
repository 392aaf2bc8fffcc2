"""What happened to approvals, as people read it."""

import pytest

from apps.activity.ports import EventRow
from apps.activity.wording import told
from apps.approvals.choices import Via
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.ledger.models import Event
from tests.approvals.deciding import vote


def read(event):
    row = EventRow(**{field: getattr(event, field) for field in EventRow.__dataclass_fields__})
    (text,) = told([row])
    return text


def test_codes_are_said_in_words(request_, reviewer):
    vote(request_, reviewer, "request_changes", comment="Less salt.")
    cast = Event.objects.get(type="approvals.vote.cast")
    assert read(cast).endswith("voted on a loaf in Orchard: request changes")


@pytest.mark.parametrize(
    ("decision", "why"), [("reject", "people decided"), ("veto", "somebody vetoed it")]
)
def test_why_something_was_denied_is_said_in_words(request_, reviewer, decision, why):
    vote(request_, reviewer, decision, comment="It is mouldy.")
    denied = Event.objects.get(type="approvals.request.denied")
    assert read(denied) == f"A loaf in Orchard was denied: {why}"


def test_each_door_has_a_name():
    assert [door.label for door in Via] == [
        *("Console", "API", "Web", "WebSocket", "E-mail", "Matrix", "Telegram", "MCP", "VS Code"),
        "Command line",
    ]


def test_lists_are_headed_as_the_menu_names_them():
    heads = [model._meta.verbose_name_plural for model in (ApprovalRequest, AfterReview)]
    assert heads == ["requests", "later looks"]
