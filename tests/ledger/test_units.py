"""A unit of work commits with its events, or did not happen."""

import pytest

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger import models
from apps.ledger.services import record, unit
from tests.ledger.bells import BellRung


@pytest.mark.django_db
def test_events_of_one_workspace_are_numbered_and_linked():
    workspace = uuid7()
    for _ in range(2):
        with unit(actor=SYSTEM, workspace=workspace):
            record(BellRung(bell=uuid7()))

    first, second = models.Event.objects.filter(workspace_id=workspace)
    assert (first.seq, second.seq) == (1, 2)
    assert bytes(second.previous_hash) == bytes(first.hash)


def test_recording_outside_a_unit_is_refused():
    with pytest.raises(RuntimeError, match="outside a unit"):
        record(BellRung(bell=uuid7()))


def test_commits_are_real_in_a_cloned_database(committed_database):
    with unit(actor=SYSTEM, workspace=uuid7()):
        record(BellRung(bell=uuid7()))
    assert models.Event.objects.count() == 1
