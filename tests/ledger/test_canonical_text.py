"""What is hashed comes back from jsonb byte for byte, or is refused before it is written."""

from datetime import UTC
from enum import StrEnum

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.models import Event
from apps.ledger.rules import canonical, linked
from apps.ledger.services import record, unit
from tests.ledger.bells import BellTuned

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | texts
    | st.uuids()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(settings=st.dictionaries(texts, values, max_size=5))
def test_what_was_hashed_is_what_is_read_back(settings):
    with unit(actor=SYSTEM, workspace=uuid7()) as mine:
        record(BellTuned(settings=settings))
    event = Event.objects.get(id=mine.recorded[0].id)

    assert event.payload == mine.recorded[0].payload
    assert canonical(event, event.seq) == canonical(mine.recorded[0], event.seq)
    assert bytes(event.hash) == linked(bytes(event.previous_hash), canonical(event, event.seq))


class Tone(StrEnum):
    HIGH = "high"


def test_choices_are_kept_as_their_plain_value():
    assert BellTuned(settings={"tone": Tone.HIGH}).payload() == {"settings": {"tone": "high"}}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [1.5, "a\0b", "\ud800", 2**63, -(2**63) - 1, b"bytes", {1: "one"}, {"a\0": 1}, object()],
)
def test_what_cannot_come_back_is_refused_before_it_is_written(value):
    with pytest.raises((TypeError, ValueError), match="settings"), unit(actor=SYSTEM):
        record(BellTuned(settings={"value": value}))
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_what_is_changed_after_it_was_recorded_is_not_in_the_record():
    settings = {"tones": [1]}
    with unit(actor=SYSTEM):
        record(BellTuned(settings=settings))
        settings["tones"].append(2)
    assert Event.objects.get().payload == {"settings": {"tones": [1]}}
