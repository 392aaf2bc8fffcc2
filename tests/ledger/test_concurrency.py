"""Writers at once: no number is skipped or given twice, every link holds, none waits in a ring."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.models import Chain, Event
from apps.ledger.rules import around_seq
from apps.ledger.services import record, unit
from apps.ledger.verification import verify
from tests.ledger.bells import BellRung
from tests.waiting import eventually, lock_waiters

WRITERS = 16
EACH = 12


def at_once(write):
    """Each writer on a thread, and therefore a connection, of its own."""
    together = threading.Barrier(WRITERS, timeout=60)

    def work(number):
        together.wait()
        try:
            for turn in range(EACH):
                write(number, turn)
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(work, number) for number in range(WRITERS)]:
            done.result(timeout=60)


@pytest.mark.parametrize("workspaces", [1, 5])
def test_sixteen_writers_leave_gapless_linked_chains(room_for_all, workspaces):
    ids = [uuid7() for _ in range(workspaces)]

    def write(number, turn):
        with unit(actor=SYSTEM, workspace=ids[(number + turn) % workspaces]):
            record(BellRung(bell=uuid7()))

    at_once(write)

    for id_ in ids:
        seqs = list(Event.objects.filter(workspace_id=id_).values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
    assert sum(Chain.objects.values_list("seq", flat=True)) == WRITERS * EACH
    assert verify().is_sound


def test_units_that_touch_workspaces_in_opposite_order_do_not_deadlock(room_for_all):
    ids = [uuid7(), uuid7(), uuid7()]

    def write(number, turn):
        order = ids if number % 2 else list(reversed(ids))
        with unit(actor=SYSTEM):
            for id_ in order:
                with unit(actor=SYSTEM, workspace=id_):
                    record(BellRung(bell=uuid7()))

    at_once(write)

    assert set(Chain.objects.values_list("seq", flat=True)) == {WRITERS * EACH}
    assert verify().is_sound


def ring(workspace):
    try:
        with unit(actor=SYSTEM, workspace=workspace):
            record(BellRung(bell=uuid7()))
    finally:
        connections["default"].close()


def append_without_commit(workspace):
    event = Event(
        workspace_id=workspace,
        type=BellRung.type,
        actor_id=SYSTEM.actor_id,
        actor_kind=SYSTEM.actor_kind,
        payload=BellRung(bell=uuid7()).payload(),
        at=now(),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_append(%s, false)", ["\n".join(around_seq(event))])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("commits", "given"), [(True, [1, 2]), (False, [1])])
def test_a_writer_waits_for_how_the_one_before_it_ends(room_for_all, known, commits, given):
    here, elsewhere = uuid7(), uuid7()
    if known:
        ring(here)
        given = [*given, len(given) + 1]
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            append_without_commit(here)
            waiting = pool.submit(ring, here)
            pool.submit(ring, elsewhere).result(timeout=60)
            eventually(lock_waiters)
            assert not waiting.done()
            transaction.set_rollback(not commits)
        waiting.result(timeout=60)

    seqs = Event.objects.filter(workspace_id=here).values_list("seq", flat=True)
    assert list(seqs) == given
    assert verify().is_sound
