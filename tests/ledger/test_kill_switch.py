"""While the switch is on no unit of work ends, whoever opened it and wherever."""

import threading
from contextlib import contextmanager

import pytest
from django.db import (
    DatabaseError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import Chain, Delivery, Epoch, Event, KillSwitch
from apps.ledger.services import begin_epoch, record, unit
from apps.ledger.switch import EVERYWHERE, is_on, require_running, staying_open
from tests.databases import point_at
from tests.ledger.bells import BellRung


def ring(*workspaces):
    with unit(actor=SYSTEM, workspace=workspaces[0]):
        for workspace in workspaces:
            with unit(actor=SYSTEM, workspace=workspace):
                record(BellRung(bell=uuid7()))


def pull(workspace=EVERYWHERE):
    return KillSwitch.objects.create(workspace_id=workspace, reason="drill", pulled_by=uuid7())


@contextmanager
def refused():
    before = Event.objects.count(), Chain.objects.count(), Delivery.objects.count()
    with pytest.raises(KillSwitchOn):
        yield
    assert (Event.objects.count(), Chain.objects.count(), Delivery.objects.count()) == before


@pytest.mark.django_db
def test_nothing_is_recorded_anywhere_while_everything_is_stopped(settings):
    settings.SUBSCRIPTIONS = {BellRung.type: ["tests.answer_bell"]}
    pull()
    with refused():
        ring(uuid7())
    with refused():
        ring(EVERYWHERE)


@pytest.mark.django_db
def test_one_workspace_is_stopped_and_the_others_go_on():
    stopped, other = uuid7(), uuid7()
    pull(stopped)
    with refused():
        ring(stopped)
    ring(other)
    assert Event.objects.get().workspace_id == other


@pytest.mark.django_db
@pytest.mark.parametrize("first", [True, False])
def test_a_unit_that_touches_a_stopped_workspace_is_undone_whole(first):
    stopped, other = uuid7(), uuid7()
    pull(stopped)
    with refused():
        ring(*((stopped, other) if first else (other, stopped)))


@pytest.mark.django_db
def test_a_unit_that_changed_rows_and_recorded_nothing_is_undone_too():
    pull()
    with pytest.raises(KillSwitchOn), unit(actor=SYSTEM):
        Epoch.objects.update(reason="changed")
    assert not Epoch.objects.filter(reason="changed").exists()


@pytest.mark.django_db
def test_what_stays_open_goes_on_and_ends_with_its_block():
    workspace = uuid7()
    pull(workspace)
    with staying_open():
        ring(workspace)
        require_running(workspace)
    assert Event.objects.filter(workspace_id=workspace).count() == 1
    with refused():
        ring(workspace)


@pytest.mark.django_db
def test_staying_open_within_a_unit_does_not_open_the_unit_around_it():
    workspace = uuid7()
    pull(workspace)
    with refused(), unit(actor=SYSTEM, workspace=workspace), staying_open():
        ring(workspace)


@pytest.mark.django_db
@pytest.mark.parametrize("by_environment", [True, False])
def test_what_stops_within_a_unit_that_stays_open_stops_all_of_it(settings, by_environment):
    """As a vote does that approves, sent with an idempotency key to a door that stays open."""
    workspace = uuid7()
    if by_environment:
        settings.KILL_SWITCH = True
    else:
        pull(workspace)
    with refused(), staying_open(), unit(actor=SYSTEM, workspace=workspace), staying_open(False):
        ring(workspace)
    with staying_open(), unit(actor=SYSTEM, workspace=workspace):
        ring(workspace)


@pytest.mark.django_db
def test_the_environment_stops_everything_and_no_row_can_release_it(settings):
    settings.KILL_SWITCH = True
    with refused():
        ring(uuid7())
    assert is_on(uuid7())
    assert not KillSwitch.objects.exists()


@pytest.mark.django_db
def test_an_effect_outside_units_asks_for_its_own_workspace():
    stopped = uuid7()
    pull(stopped)
    require_running(uuid7())
    with pytest.raises(KillSwitchOn):
        require_running(stopped)
    pull()
    with pytest.raises(KillSwitchOn):
        require_running(uuid7())


def test_unknown_means_stopped(committed_database):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_killswitch RENAME TO away")
    with pytest.raises(ProgrammingError, match="ledger_killswitch"):
        ring(uuid7())
    with pytest.raises(ProgrammingError, match="ledger_killswitch"):
        require_running()
    assert not Event.objects.exists()


def test_without_a_database_nothing_begins(committed_database):
    name = connection.settings_dict["NAME"]
    point_at("nowhere")
    with pytest.raises(OperationalError):
        require_running()
    point_at(name)


@pytest.mark.django_db
def test_history_may_begin_anew_while_stopped():
    pull()
    begin_epoch(reason="restored", actor=SYSTEM)
    assert Epoch.objects.latest().reason == "restored"


@pytest.mark.django_db
def test_asking_costs_a_unit_no_query(django_assert_num_queries):
    with (
        django_assert_num_queries(3),  # the test's savepoint, its release, and what appends
        unit(actor=SYSTEM, workspace=uuid7()),
    ):
        record(BellRung(bell=uuid7()))


def test_a_unit_under_way_when_the_switch_commits_does_not_commit(committed_database):
    """It waits for the counter, and asks once it has it."""
    workspace, outcome = uuid7(), []
    ring(workspace)
    waits = threading.Event()

    def write():
        try:
            with unit(actor=SYSTEM, workspace=workspace):
                Event.objects.exists()
                waits.set()
                record(BellRung(bell=uuid7()))
        except KillSwitchOn as error:
            outcome.append(error)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    with transaction.atomic():
        Chain.objects.select_for_update().get(workspace_id=workspace)
        writer.start()
        waits.wait(60)
        pull()
    writer.join()
    assert len(outcome) == 1
    assert Event.objects.filter(workspace_id=workspace).count() == 1


@pytest.mark.django_db
def test_a_process_of_the_version_before_is_stopped_as_well():
    pull()
    with pytest.raises(DatabaseError, match="kill switch is on"), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_append('')")
