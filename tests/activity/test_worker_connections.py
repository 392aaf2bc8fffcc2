"""A worker's children keep their connections to PostgreSQL from task to task; a real worker."""

from django.db import connection

from apps.common.ids import uuid7
from apps.ledger.models import Delivery
from tests.activity.bells import answered, ring
from tests.waiting import eventually


def told_of(bells: int) -> list[tuple[str, str]]:
    """Child and connection of the last so many tasks, all of which went well at once."""
    ring(uuid7(), times=bells)
    eventually(lambda: not Delivery.objects.unfinished().exists())
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    told = [tuple(line.split()) for line in answered()]
    return [(child, backend) for child, backend in told]


def test_each_child_keeps_a_pool_of_its_own(machine, subscribed):
    subscribed("tests.tell_connection")
    machine.worker(DATABASE_POOL="3")
    machine.relay()
    told = told_of(bells=40)
    assert len(told) == 40
    children, backends = ({*side} for side in zip(*told, strict=True))
    assert len(children) == 2
    assert len({*told}) == len(backends) <= 6  # none is used by both


def test_connection_that_was_lost_meanwhile_costs_no_task(machine, subscribed):
    subscribed("tests.tell_connection")
    machine.worker(children=1)
    machine.relay()
    ((child, lost),) = told_of(bells=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [int(lost)])
    told = [backend for one, backend in told_of(bells=3) if one == child]
    assert len(told) == 4
    assert told.count(lost) == 1
