"""A small graph, and where the record stood when it was there."""

import pytest

from apps.ledger.models import Event
from tests.specs.graphs import node, plant
from tests.specs.proposing import BODY


@pytest.fixture
def graph(workspace, owner):
    """GOAL-1 <- REQ-1 <- TEST-1, and DOC-1 with two sections."""
    return plant(
        workspace,
        [
            node("GOAL-1", title="Take money"),
            node("REQ-1", title="Pay by card", body=BODY, owner_id=owner.id),
            node("REQ-2", title="Pay by transfer", body="The system SHALL accept a transfer.\n"),
            node("TEST-1", title="Card works", body="Pay by card.\n", owner_id=owner.id),
            node("DOC-1", title="Payments"),
            node("DOC-1.one", title="One", kind="section", parent="DOC-1", rank="0010"),
            node("DOC-1.two", title="Two", kind="section", parent="DOC-1", rank="0020"),
        ],
        ["REQ-1 refines GOAL-1", "TEST-1 verifies REQ-1"],
        author=owner,
    )


@pytest.fixture
def before(policy, graph):
    """Where the record stood when all that was there."""
    last = Event.objects.order_by("-seq").first()
    return last.seq if last else 0
