"""A unit of work commits with its events, or did not happen."""

import asyncio
import threading
from contextvars import copy_context

import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connection, connections, transaction

from apps.common import context
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger import ports
from apps.ledger.models import Chain, Delivery, Epoch, Event
from apps.ledger.services import record, unit
from apps.ledger.subscriptions import told_of
from tests.ledger.bells import BellRung


def ring(note="", workspace=None):
    with unit(actor=SYSTEM, workspace=workspace or uuid7()):
        record(BellRung(bell=uuid7(), note=note))


def ring_after_asking(note):
    """A unit that has begun before it records."""
    with unit(actor=SYSTEM, workspace=uuid7()):
        Event.objects.exists()
        record(BellRung(bell=uuid7(), note=note))


def notes():
    return [event.payload["note"] for event in Event.objects.order_by("workspace_id", "seq")]


@pytest.mark.django_db
def test_events_of_one_workspace_are_numbered_and_linked():
    workspace = uuid7()
    for _ in range(2):
        ring(workspace=workspace)

    first, second = Event.objects.filter(workspace_id=workspace)
    assert (first.seq, second.seq) == (1, 2)
    assert bytes(second.previous_hash) == bytes(first.hash)
    chain = Chain.objects.get(workspace_id=workspace)
    assert (chain.seq, bytes(chain.head)) == (2, bytes(second.hash))


@pytest.mark.django_db
def test_a_row_says_who_did_what_when_and_through_which_door():
    workspace = uuid7()
    with context.call(request_id="r-1", trace_id="t-1", via="key:abc"):
        ring("ding", workspace)

    event = Event.objects.get()
    assert (event.type, event.payload["note"]) == ("tests.bell.rung", "ding")
    assert (event.actor_id, event.actor_kind) == (SYSTEM.actor_id, "system")
    assert (event.request_id, event.trace_id, event.via) == ("r-1", "t-1", "key:abc")


@pytest.mark.django_db
def test_an_inner_unit_joins_and_keeps_its_own_workspace():
    outside, inside = sorted([uuid7(), uuid7()])
    with unit(actor=SYSTEM, workspace=outside):
        record(BellRung(bell=uuid7(), note="1"))
        ring("2", inside)
        record(BellRung(bell=uuid7(), note="3"))
        assert not Event.objects.exists()

    assert notes() == ["1", "3", "2"]


@pytest.mark.django_db
def test_numbers_are_known_once_the_outermost_unit_has_ended():
    workspace = uuid7()
    ring(workspace=workspace)
    with unit(actor=SYSTEM, workspace=workspace) as outer:
        with unit(actor=SYSTEM, workspace=workspace) as inner:
            record(BellRung(bell=uuid7()))
        assert [event.seq for event in inner.recorded] == [0]

    assert [event.seq for event in inner.recorded] == [2]
    assert outer.recorded == inner.recorded


@pytest.mark.django_db
def test_an_inner_unit_that_fails_takes_back_its_own_rows_and_events_alone():
    def fail():
        with unit(actor=SYSTEM):
            Epoch.objects.create(reason="inner")
            record(BellRung(bell=uuid7(), note="inner"))
            raise LookupError

    with unit(actor=SYSTEM):
        Epoch.objects.create(reason="outer")
        record(BellRung(bell=uuid7(), note="outer"))
        with pytest.raises(LookupError):
            fail()

    assert notes() == ["outer"]
    assert set(Epoch.objects.values_list("reason", flat=True)) == {"founded", "outer"}


def test_what_fails_leaves_nothing_behind(committed_database):
    def fail():
        with unit(actor=SYSTEM):
            Epoch.objects.create(reason="gone")
            record(BellRung(bell=uuid7()))
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert not Event.objects.exists()
    assert not Chain.objects.exists()
    assert Epoch.objects.count() == 1


@pytest.mark.parametrize("asks_something_first", [True, False])
def test_a_commit_that_is_refused_leaves_nothing_and_wakes_nobody(
    committed_database, monkeypatch, asks_something_first
):
    woken: list = []
    monkeypatch.setattr(ports, "pokes", [woken.append])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION refuse_bells() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE integrity_constraint_violation; END $$;
            CREATE CONSTRAINT TRIGGER no_bells AFTER INSERT ON ledger_event
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_bells();
            """
        )

    with pytest.raises(IntegrityError):
        ring_after_asking("refused") if asks_something_first else ring("refused")

    assert not Event.objects.exists()
    assert not Chain.objects.filter(seq__gt=0).exists()
    assert not woken
    assert connection.get_autocommit()


@pytest.mark.parametrize("asks_something_first", [True, False])
def test_a_unit_commits_once_and_leaves_the_connection_as_it_was(
    committed_database, asks_something_first
):
    for number in ("1", "2"):
        ring_after_asking(number) if asks_something_first else ring(number)

    assert sorted(notes()) == ["1", "2"]
    assert connection.get_autocommit()
    with transaction.atomic():
        Epoch.objects.create(reason="taken back")
        transaction.set_rollback(True)
    assert not Epoch.objects.filter(reason="taken back").exists()


def test_recording_outside_a_unit_is_refused():
    with pytest.raises(RuntimeError, match="outside a unit"):
        record(BellRung(bell=uuid7()))


def test_a_unit_inside_somebodys_transaction_is_refused(committed_database):
    with pytest.raises(RuntimeError, match="ModelAdmin may not call"), transaction.atomic():
        ring()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_recording_in_a_transaction_within_the_unit_is_refused():
    """Were it rolled back, the event would tell of what did not happen."""
    with unit(actor=SYSTEM):
        with pytest.raises(RuntimeError, match="Open an inner unit"), transaction.atomic():
            record(BellRung(bell=uuid7()))
        with pytest.raises(RuntimeError, match="Open an inner unit"), transaction.atomic():
            ring()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_subscribers_get_a_delivery_in_the_same_commit(settings):
    settings.SUBSCRIPTIONS = {"tests.bell.rung": ["tests.listen", "tests.dance"]}
    ring()

    event = Event.objects.get()
    found = Delivery.objects.filter(event=event, done_at=None, parked_at=None, attempts=0)
    assert {delivery.subscription for delivery in found} == {"tests.listen", "tests.dance"}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_who_cares_for_one_kind_of_subject_hears_of_no_other(settings):
    told = {"tests.bell.rung": ["tests.listen", "tests.dance", "tests.sing"]}
    settings.SUBSCRIPTIONS = told
    settings.SUBSCRIBED_TO_KIND = {"tests.dance": "plan", "tests.sing": "mutation"}
    asked = {"subject_kind": "plan"}
    assert told_of("tests.bell.rung", asked) == ["tests.listen", "tests.dance"]
    assert told_of("tests.bell.silent", asked) == []


def test_listeners_are_poked_after_the_commit_and_cannot_break_it(committed_database, monkeypatch):
    poked = []

    def broken(_):
        raise LookupError

    def attentive(reached):
        poked.append((dict(reached), Event.objects.count()))

    monkeypatch.setattr(ports, "pokes", [broken, attentive])
    first, second = sorted([uuid7(), uuid7()])
    with unit(actor=SYSTEM, workspace=second):
        record(BellRung(bell=uuid7()))
        record(BellRung(bell=uuid7()))
        ring(workspace=first)
        assert poked == []

    assert poked == [({first: 1, second: 2}, 3)]


async def test_concurrent_requests_do_not_share_a_unit(committed_database):
    both_are_open = threading.Barrier(2, timeout=60)

    def request(workspace, note):
        try:
            with unit(actor=SYSTEM, workspace=workspace) as mine:
                both_are_open.wait()
                record(BellRung(bell=uuid7(), note=note))
                both_are_open.wait()
            return [event.payload["note"] for event in mine.recorded]
        finally:
            connections["default"].close()

    run = sync_to_async(request, thread_sensitive=False)
    first, second = await asyncio.gather(run(uuid7(), "a"), run(uuid7(), "b"))

    assert (first, second) == (["a"], ["b"])
    assert await Event.objects.acount() == 2
    with pytest.raises(RuntimeError, match="outside a unit"):
        record(BellRung(bell=uuid7()))


def test_a_thread_with_a_copied_context_has_no_part_in_the_unit(committed_database):
    """asyncio copies contexts into threads; the connection there is another."""
    outcomes = []

    def elsewhere():
        try:
            record(BellRung(bell=uuid7()))
        except RuntimeError as error:
            outcomes.append(str(error))
        ring("elsewhere")
        outcomes.append(notes())
        connections["default"].close()

    with unit(actor=SYSTEM):
        thread = threading.Thread(target=copy_context().run, args=(elsewhere,))
        thread.start()
        thread.join(timeout=60)

    assert outcomes == ["tests.bell.rung was recorded outside a unit of work.", ["elsewhere"]]
