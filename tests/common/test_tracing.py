"""A task carries on the call that asked for it."""

from queue import Queue

from celery import current_app, shared_task
from celery.contrib.testing.worker import start_worker

from apps.common import context
from apps.common.tracing import TracedTask

seen: Queue[context.CallContext] = Queue()


@shared_task(name="tests.note_call")
def note_call():
    seen.put(context.current())


def test_task_knows_the_request_that_asked_for_it():
    with context.call(request_id="r-1", trace_id="t-1", via="token", actor_id="a-1"):
        carried = {"lattice_call": {"request_id": "r-1", "trace_id": "t-1"}}
        note_call.apply(headers=carried)  # type: ignore[arg-type]
    call = seen.get_nowait()
    assert (call.request_id, call.trace_id) == ("r-1", "t-1")
    assert call.via == "task:tests.note_call"
    assert call.task_id


def test_every_task_is_traced():
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]
    assert ours
    assert all(isinstance(task, TracedTask) for task in ours)


def test_ids_go_through_the_broker():
    with context.call(request_id="r-2", trace_id="t-2"):
        note_call.apply_async()
    with start_worker(current_app, pool="solo", perform_ping_check=False):
        call = seen.get(timeout=60)
    assert (call.request_id, call.trace_id, call.via) == ("r-2", "t-2", "task:tests.note_call")
