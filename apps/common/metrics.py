"""What Prometheus may ask. `/metrics` shows the whole default registry, so another room adds to it
by declaring a Counter or Histogram beside what it counts. Labels are few and bounded: never ids.

Several processes are summed through files when PROMETHEUS_MULTIPROC_DIR names an empty folder at
their start. Gauges want a `live…` multiprocess_mode, so that those of ended processes go. What
the database knows is no affair of one process: rooms offer it through `ports.levels`, and it is
read when it is asked for.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from django.db import DatabaseError
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from apps.common import ports

log = structlog.get_logger("lattice.metrics")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"

requests_total = Counter(
    "http_requests_total", "HTTP requests answered.", ["method", "route", "status"]
)
request_seconds = Histogram(
    "http_request_seconds", "Time from a request to its answer.", ["method", "route"]
)
requests_in_progress = Gauge(
    "http_requests_in_progress", "HTTP requests under way.", multiprocess_mode="livesum"
)


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    known = method if method in METHODS else "other"
    requests_total.labels(known, route, str(status)).inc()
    request_seconds.labels(known, route).observe(seconds)


def exposition() -> bytes:
    shared = CollectorRegistry(auto_describe=False)
    shared.register(Levels())
    return generate_latest(_counted()) + generate_latest(shared)


class Levels(Collector):
    """Without its database this server shows no levels, and everything else it counts."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for read in ports.levels:
            try:
                found = list(read())
            except DatabaseError as error:
                log.warning("levels are not shown", reason=type(error).__name__)
                continue
            for level in found:
                labels = [level.label] if level.label else []
                family = GaugeMetricFamily(level.name, level.says, labels=labels)
                for value, number in level.values.items():
                    family.add_metric([value] if labels else [], number)
                yield family


def _counted() -> CollectorRegistry:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return REGISTRY
    _forget_ended(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def _forget_ended(folder: Path) -> None:
    for pid in {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*.db")}:
        if not Path(f"/proc/{pid}").exists():
            multiprocess.mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
