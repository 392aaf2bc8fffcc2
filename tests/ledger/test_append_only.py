"""The database itself refuses to rewrite history."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.models import Delivery, Event
from apps.ledger.services import record, unit
from tests.ledger.bells import BellRung

REWRITES = [
    "UPDATE ledger_event SET type = 'tests.bell.muted'",
    "UPDATE ledger_event SET type = 'tests.bell.muted' WHERE false",
    "DELETE FROM ledger_event",
    "TRUNCATE ledger_event CASCADE",
    "INSERT INTO ledger_event SELECT * FROM ledger_event"
    " ON CONFLICT (id) DO UPDATE SET type = 'tests.bell.muted'",
    "DELETE FROM ledger_chain",
    "TRUNCATE ledger_chain",
    "DELETE FROM ledger_epoch",
    "TRUNCATE ledger_epoch",
]


@pytest.fixture
def rung(db) -> Event:
    with unit(actor=SYSTEM, workspace=uuid7()):
        record(BellRung(bell=uuid7()))
    return Event.objects.get()


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("rewrite", REWRITES)
def test_rewriting_history_is_refused(rung, rewrite, role):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL session_replication_role = {role}")
        with pytest.raises(IntegrityError, match="is append-only"), transaction.atomic():
            cursor.execute(rewrite)

    assert Event.objects.get().type == rung.type


def test_the_orm_has_no_way_around(rung):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rung.delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rung.save()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.update(type="tests.bell.muted")
    assert Event.objects.count() == 1


def test_a_truncation_that_cascades_here_is_refused(rung):
    Delivery.objects.create(event=rung, subscription="tests.listen")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE ledger_delivery, ledger_event CASCADE")
    assert Delivery.objects.count() == 1
