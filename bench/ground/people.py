"""People who each ask one thing after the other over a connection that stays open, all at once; and
what any of it is compared with: one row inserted in one transaction, through the same door.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.ground.timing import within

SETTINGS = "bench.decisions.settings"
"""Of web processes that know the row, too."""
PATIENCE = 60
ROW = "/bench/row", {"decision": "approve"}


class Person:
    def __init__(self, port: int, key: str) -> None:
        self.door = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self.took: list[float] = []

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        began = time.perf_counter()
        self.door.request("POST", path, json.dumps(body), self.headers)
        answer = self.door.getresponse()
        text = answer.read()
        self.took.append(time.perf_counter() - began)
        return answer.status, json.loads(text)


@dataclass(frozen=True)
class Done:
    seconds: float
    took: list[float]
    """Of each answer, the fastest first."""
    answers: list[tuple[int, Any]]

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    def require(self, status: int) -> "Done":
        """That this and nothing else was answered."""
        others = [answer for answer in self.answers if answer[0] != status]
        assert not others, others[:3]
        return self

    def tell(self, name: str) -> None:
        p50, p99 = (within(self.took, share) for share in (0.5, 0.99))
        print(f"{name:34}{self.rate:10.0f} a second{p50:9.1f} ms p50{p99:9.1f} ms p99", flush=True)


Work = Callable[[int, Person], Iterable[tuple[int, Any]]]
"""What somebody does, by number; everything that is answered."""


@dataclass(frozen=True)
class People:
    ports: Sequence[int]
    keys: Sequence[str]

    def all_at_once(self, work: Work) -> Done:
        """Each with a warm connection."""
        people = [Person(self.ports[n % len(self.ports)], key) for n, key in enumerate(self.keys)]
        together = threading.Barrier(len(people) + 1, timeout=PATIENCE)

        def run(number: int) -> list[tuple[int, Any]]:
            people[number].post(*ROW)
            people[number].took.clear()
            together.wait()
            return list(work(number, people[number]))

        with ThreadPoolExecutor(len(people)) as pool:
            parts = [pool.submit(run, number) for number in range(len(people))]
            together.wait()
            began = time.perf_counter()
            answers = [answer for part in parts for answer in part.result()]
            seconds = time.perf_counter() - began
        return Done(seconds, sorted(span for person in people for span in person.took), answers)

    def insert(self, how_many: int) -> Done:
        each = how_many // len(self.keys)
        return self.all_at_once(lambda _, person: (person.post(*ROW) for _ in range(each))).require(
            201
        )


def make_room_for_rows() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_row (id bigserial PRIMARY KEY, voter uuid, decision text)"
        )
