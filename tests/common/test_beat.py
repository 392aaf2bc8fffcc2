"""Beat is told to end while it asks the database something."""

import os
import signal

import pytest
from celery import current_app
from django.db import connection

pytestmark = pytest.mark.timeout(20)


@pytest.fixture
def _own_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_own_signals", "committed_database")
def test_it_ends_at_once_though_an_answer_is_awaited():
    beat = current_app.Beat()
    scheduler = current_app.conf.beat_scheduler
    beat.install_sync_handler(beat.Service(app=current_app, scheduler_cls=scheduler))
    connection.ensure_connection()
    with connection.connection.lock, pytest.raises(SystemExit):
        os.kill(os.getpid(), signal.SIGTERM)
