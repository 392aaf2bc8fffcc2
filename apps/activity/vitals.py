"""How the work that waits is doing: lines for `manage.py doctor`, levels for Prometheus."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince

from apps.activity.selectors.backlog import (
    backlog,
    consuming_workers,
    last_pulse,
    unsent_webhooks,
)
from apps.common.ports import Finding, Health, Level
from apps.common.runtime.seat import supervisor_of

LATE = timedelta(minutes=1)
"""A relay starts within seconds what is due, if a worker consumes."""


def examine_work() -> Iterator[Finding]:
    """One who is asked while Lattice is stopped finds no worker, and that is well."""
    runs = not settings.EMBEDDED_POSTGRES or bool(supervisor_of(settings.DATA_DIR / "run"))
    workers = consuming_workers()
    yield _workers(workers, runs=runs)
    yield from _deliveries(expected=runs and bool(workers))
    yield _webhooks()


def _workers(workers: list[str], *, runs: bool) -> Finding:
    if workers:
        names = ", ".join(sorted(workers)[:5])
        more = f" and {len(workers) - 5} more" if len(workers) > 5 else ""
        return Finding("workers", Health.OK, f"{len(workers)} consume: {names}{more}")
    if not runs:
        return Finding("workers", Health.OK, "none, as Lattice is not running here")
    last = last_pulse()
    text = f"none consumes; the last one did {_ago(last)}" if last else "none consumes"
    return Finding(
        "workers",
        Health.WARN,
        text,
        "Start one (`manage.py run worker`; under `make run` see logs/worker.log); it counts a few "
        "seconds later. Nothing is lost meanwhile, only later.",
    )


def _deliveries(*, expected: bool) -> Iterator[Finding]:
    """`expected`: whether somebody should be starting them."""
    found = backlog()
    oldest = f", the oldest of an event {_ago(found.oldest)}" if found.oldest else ""
    text = f"{found.due} due, {found.open - found.due} under way or waiting to be retried{oldest}"
    late = found.overdue_since and timezone.now() - found.overdue_since > LATE
    if expected and late:
        yield Finding(
            "deliveries",
            Health.WARN,
            text,
            f"One was due {_ago(found.overdue_since)}: see that the relay runs "
            "(`manage.py run relay`), or give it more workers.",
        )
    else:
        yield Finding("deliveries", Health.OK, text)
    if found.parked:
        yield Finding(
            "parked",
            Health.WARN,
            f"{found.parked} deliveries were tried for three days and given up",
            "`manage.py deliveries --parked` says why; when that is mended, `manage.py "
            "deliveries --replay-all` starts them again.",
        )
    else:
        yield Finding("parked", Health.OK, "none")


def _webhooks() -> Finding:
    """Receivers that fail are their owners' affair; here it is only told."""
    found = unsent_webhooks()
    if not found.messages:
        return Finding("webhooks", Health.OK, "all sent")
    text = f"{found.messages} to send, the oldest made {_ago(found.oldest)}"
    if not found.failing:
        return Finding("webhooks", Health.OK, text)
    return Finding(
        "webhooks",
        Health.OK,
        f"{text}; {found.failing} of the receivers fail",
        "Nothing to do here. Their pages below Webhooks in the console say what they answered.",
    )


def work_levels() -> Iterator[Level]:
    deliveries, webhooks, last = backlog(), unsent_webhooks(), last_pulse()
    yield Level(
        "lattice_deliveries",
        "Deliveries to subscribers: due, started and not done (waiting), or parked.",
        {
            "due": deliveries.due,
            "waiting": deliveries.open - deliveries.due,
            "parked": deliveries.parked,
        },
        label="state",
    )
    yield Level(
        "lattice_deliveries_oldest_seconds",
        "Age of the oldest event with a delivery that is neither done nor parked.",
        {"": _seconds_since(deliveries.oldest)},
    )
    yield Level(
        "lattice_webhook_messages_unsent",
        "Messages to webhooks that no receiver has taken yet.",
        {"": webhooks.messages},
    )
    yield Level(
        "lattice_webhook_messages_oldest_seconds",
        "Age of the oldest of them.",
        {"": _seconds_since(webhooks.oldest)},
    )
    yield Level(
        "lattice_webhook_endpoints_failing",
        "Webhooks whose receiver refused what it was sent last.",
        {"": webhooks.failing},
    )
    yield Level(
        "lattice_workers_consuming",
        "Workers that did lately what they were asked to do.",
        {"": len(consuming_workers())},
    )
    if last:
        yield Level(
            "lattice_worker_pulse_age_seconds",
            "Time since any worker did what it was asked to do.",
            {"": _seconds_since(last)},
        )


def _seconds_since(at: datetime | None) -> float:
    return max((timezone.now() - at).total_seconds(), 0) if at else 0


def _ago(at: datetime | None) -> str:
    if at is None:
        return "never"
    seconds = int(_seconds_since(at))
    return f"{seconds} s ago" if seconds < 60 else f"{timesince(at)} ago".replace("\xa0", " ")
