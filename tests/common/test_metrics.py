"""/metrics counts every request by route, over all processes, and forgets the ended ones."""

import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

SAMPLE = "http_requests_total"


def read(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counted(found, **labels):
    return found.get((SAMPLE, *sorted(labels.items())), 0)


@pytest.mark.django_db
def test_requests_are_counted_by_route(client):
    def requests():
        found = read(client.get("/metrics").content.decode())
        return [
            counted(found, method="GET", route="health", status="200"),
            counted(found, method="GET", route="unmatched", status="404"),
            counted(found, method="other", route="health", status="405"),
        ]

    before = requests()
    client.get("/health")
    client.get("/nowhere/1")
    client.get("/nowhere/2")
    client.generic("BREW", "/health")
    assert [now - then for now, then in zip(requests(), before, strict=True)] == [1, 2, 1]


@pytest.mark.django_db
def test_identifiers_never_become_labels(client):
    client.get("/accounts/0190f5c8-6a2e-7c5b-9d43-5be1c2f0a9d7")
    assert "0190f5c8" not in client.get("/metrics").content.decode()


@pytest.mark.django_db
def test_metrics_are_text_that_nobody_keeps(client):
    response = client.get("/metrics")
    assert response["Content-Type"].startswith("text/plain")
    assert "no-store" in response["Cache-Control"]
    assert client.post("/metrics").status_code == 405


COUNT = """
import sys
from apps.common import metrics
metrics.count_request(method="GET", route="r", status=200, seconds=0.1)
metrics.requests_in_progress.inc()
print("counted", flush=True)
sys.stdin.read()
"""
SHOW = "import sys; from apps.common import metrics; sys.stdout.buffer.write(metrics.exposition())"


@pytest.fixture
def python(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code):
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return run


def test_several_processes_are_summed_and_ended_gauges_go(python):
    def show():
        return read(python(SHOW).communicate(timeout=60)[0])

    first, second = python(COUNT), python(COUNT)
    for process in (first, second):
        assert process.stdout.readline() == "counted\n"
    found = show()
    assert counted(found, method="GET", route="r", status="200") == 2
    assert found[("http_requests_in_progress",)] == 2
    assert found[("http_request_seconds_count", ("method", "GET"), ("route", "r"))] == 2

    second.kill()
    second.communicate()
    found = show()
    assert counted(found, method="GET", route="r", status="200") == 2
    assert found[("http_requests_in_progress",)] == 1

    first.communicate(timeout=60)
