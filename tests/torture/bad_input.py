"""Throws what schemathesis can think of, and bytes, at every operation of the API as three roles.

In process, through WSGI, over a clone of the database with real commits. Whatever has changed
something leaves a new workspace to the next operation, so what one destroys the next one has.
"""

import itertools
import json
import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from apps.common.api.documents import describe_api
from apps.common.errors import TooLarge
from apps.ledger.models import Event
from tests.tenant import Tenant

ROLES = ("nobody", "agent", "owner")
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


BYTES = "bytes"
WAYS = [
    *["positive real", "negative real", BYTES] * 3,
    "positive odd",
    "negative odd",
    BYTES,
    BYTES,
]
"""What a case is: like the description or against it, of things that are there or of odd ids. They
take turns, and are so many that every operation meets each of them as one role or another."""


@dataclass
class Tally:
    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.cases:,} cases: " + ", ".join(
            f"{count:,} x {status}" for status, count in sorted(self.statuses.items())
        )


def operations() -> list[Any]:
    description = describe_api()
    # Credentials are ours to send: as parameters they would be replaced by nonsense.
    del description["components"]["securitySchemes"]
    description["paths"] = {  # streams do not end: tests/activity/live reads them
        path: item
        for path, item in description["paths"].items()
        if "text/event-stream" not in str(item)
    }
    for item in description["paths"].values():
        for operation in item.values():
            operation["security"] = []
    schema = schemathesis.openapi.from_dict(description)
    schema.app = _read_to_the_end(get_wsgi_application())
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def _read_to_the_end(application: Any) -> Any:
    """As a server does: a file that is being sent is closed afterwards."""

    def read(environ: Any, start_response: Any) -> list[bytes]:
        with closing(application(environ, start_response)) as answer:
            return [b"".join(answer)]

    return read


def throw(
    operation: Any, world: "World", tally: Tally, *, ways: Iterator[str], cases: int, start: int
) -> None:
    """Most are wrong in one place, some are right, some not even HTTP forms."""
    wanted = Counter(itertools.islice(ways, cases))
    checks = [CHECKS.get_one(name) for name in CHECKED]
    either_way = [check for check in checks if check.__name__ != "negative_data_rejection"]
    """Of what is refused before it is read, which schemathesis does not take for refused; and of
    texts that are trimmed before they are looked at."""

    def generated(mode: GenerationMode, share: int, *, real: bool) -> None:
        ids = {name: found for name, found in world.ids.items() if f"{{{name}}}" in operation.path}
        fixed = {"path_parameters": ids} if real and ids else {}

        @_bounded(share, start)
        @given(case=operation.as_strategy(generation_mode=mode, **fixed))
        def attempt(case: Any) -> None:
            response = case.call(headers=world.headers)
            tally.cases += 1
            tally.statuses[response.status_code] += 1
            may_pass = response.status_code == TooLarge.status or _is_padded(case.body)
            asked = either_way if may_pass else checks
            case.validate_response(response, checks=asked, headers=world.headers)

        try:
            attempt()
        except Unsatisfiable:
            return  # nothing in it can be wrong

    for way, share in wanted.items():
        if way != BYTES:
            mode, _, ids = way.partition(" ")
            generated(GenerationMode(mode), share, real=ids == "real")
    if cases > tally.cases:
        _throw_bytes(operation, world, tally, cases=cases - tally.cases, start=start)


def _is_padded(said: Any) -> bool:
    match said:
        case str():
            return said != said.strip()
        case dict():
            return any(map(_is_padded, said.values()))
        case list():
            return any(map(_is_padded, said))
    return False


def _throw_bytes(operation: Any, world: "World", tally: Tally, *, cases: int, start: int) -> None:
    """What no client would build from the description: odd bytes in paths, queries, headers."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    names = re.findall(r"{(\w+)}", operation.path)
    offered = HEADERS if world.headers else [*HEADERS, "Authorization", "X-API-Key"]

    @_bounded(cases, start)
    @given(
        parts=st.fixed_dictionaries({name: world.part(name) for name in names}),
        query=st.dictionaries(st.sampled_from(QUERIES), ODD_TEXT, max_size=2),
        headers=st.dictionaries(st.sampled_from(offered), ODD_HEADER, max_size=2),
        body=st.binary(max_size=60) | ODD_JSON,
        media=st.sampled_from(["application/json"] * 5 + ["application/x-www-form-urlencoded", ""]),
    )
    def attempt(parts: Any, query: Any, headers: Any, body: bytes, media: str) -> None:
        path = operation.path.format(**{k: quote(v, safe="") for k, v in parts.items()})
        response = client.generic(
            operation.method.upper(),
            f"{path}?{urlencode(query, errors='surrogatepass')}",
            body if operation.method not in ("get", "head") else b"",
            content_type=media,
            headers={**headers, **world.headers},
        )
        tally.cases += 1
        tally.statuses[response.status_code] += 1
        assert response.status_code < 500, (path, query, headers, body, response.content)
        assert response["X-Request-Id"]
        if response.status_code >= 400:
            error = response.json()["error"]
            assert set(error) == {"code", "message", "details", "request_id"}
        if response.streaming:
            response.close()

    attempt()


ODD_TEXT = st.text(max_size=20) | st.sampled_from(
    ["\0", "\x7f", "-1", "9" * 40, "1e309", "NaN", "null", "true", "../..", "' OR 1=1", "%00", "{}"]
)
ODD_HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=300).map(
    lambda text: text.encode("latin-1", "replace").decode("latin-1")
)
QUERIES = ["cursor", "limit", "ordering", "page", "id", "state", "format", "after", "before", "q"]
HEADERS = [
    "Accept-Language",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Traceparent",
    "X-Request-Id",
    "X-Workspace-Id",
]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=10)
)
ODD_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["email", "password", "name", "id", "role", "scopes", "refresh_token"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())


def throw_at_all(
    *, cases: int, start: int, roles: Iterable[str] = ROLES
) -> tuple[Tally, list[str]]:
    """Evenly over all operations and roles: the sum, and what was found to be wrong."""
    targets = [(role, operation) for role in roles for operation in operations()]
    share = -(-cases // len(targets))
    whole, wrong, ways = Tally(), [], itertools.cycle(WAYS)
    world: World | None = None
    for role, operation in targets:
        tally = Tally()
        if world is None or not world.is_as_new(role):
            world = World.new(role)
        try:
            throw(operation, world, tally, ways=ways, cases=share, start=start)
        except (AssertionError, BaseExceptionGroup) as failure:
            story = "".join(traceback.format_exception(failure))
            wrong.append(f"{operation.label} as {role}: {story}")
        whole.cases += tally.cases
        whole.statuses += tally.statuses
    return whole, wrong


def _bounded(cases: int, start: int) -> Any:
    def decorate(test: Any) -> Any:
        return seed(start)(
            settings(
                max_examples=max(cases, 1),
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )(test)
        )

    return decorate


_numbers = itertools.count()


@dataclass
class World:
    """A workspace with people in it, seen by one of them."""

    role: str
    headers: dict[str, str]
    ids: dict[str, str]
    events: int

    @classmethod
    def new(cls, role: str) -> "World":
        tenant = Tenant.new(f"t{next(_numbers)}")
        headers = {
            "nobody": {},
            "agent": {"X-API-Key": tenant.agent_key},
            "owner": {"Authorization": f"Bearer {tenant.key_of_owner()}"},
        }
        return cls(role, headers[role], tenant.ids, Event.objects.count())

    def is_as_new(self, role: str) -> bool:
        """For the same role, and nothing was recorded since."""
        return role == self.role and Event.objects.count() == self.events

    def part(self, name: str) -> st.SearchStrategy[str]:
        known = st.just(self.ids[name]) if name in self.ids else st.nothing()
        return known | ODD_TEXT.filter(lambda text: text not in ("", ".", ".."))
