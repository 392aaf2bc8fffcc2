"""An epoch is one unbroken life of the instance's history."""

from io import StringIO

import pytest
from django.core.management import call_command

from apps.common.actors import SYSTEM
from apps.ledger.models import Epoch, Event
from apps.ledger.selectors import current_epoch
from apps.ledger.services import SYSTEM_WORKSPACE, begin_epoch


@pytest.mark.django_db
def test_a_new_instance_has_an_epoch():
    assert current_epoch() == Epoch.objects.get().id


@pytest.mark.django_db
def test_beginning_an_epoch_is_recorded_and_changes_the_present_one():
    before = current_epoch()

    epoch = begin_epoch(reason="restored", actor=SYSTEM)

    assert current_epoch() == epoch.id != before
    event = Event.objects.get(type="ledger.epoch.begun")
    assert event.workspace_id == SYSTEM_WORKSPACE
    assert event.payload == {"epoch": str(epoch.id), "reason": "restored"}


@pytest.mark.django_db
def test_a_trial_tells_which_epoch_would_end_and_begins_none():
    out, before = StringIO(), current_epoch()
    call_command("begin_epoch", "--reason", "restored", "--dry-run", stdout=out)
    assert str(before) in out.getvalue()
    assert current_epoch() == before
    assert not Event.objects.exists()
