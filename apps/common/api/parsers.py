"""Reading bodies. Whatever PostgreSQL or Python would choke on later is refused here, with 400."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from apps.common.errors import Malformed, TooLarge

DEEPEST = 64
LARGEST_INTEGER = 2**63 - 1


class StrictJSONParser(BaseParser):
    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"A JSON body may have up to {limit:,} bytes.")
        return strict_json(body)


def strict_json(body: bytes) -> Any:
    """RFC 8259, without what readers disagree about: NaN, repeated names, half characters."""
    try:
        found = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error
    _refuse_unstorable(found, DEEPEST)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("The body names something twice in one object.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST_INTEGER:
        raise Malformed("The body holds an integer of more than 64 bits.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Malformed("The body holds a number that is too large.")
    return number


def _refuse_unstorable(found: Any, depth: int) -> None:
    if depth == 0:
        raise Malformed(f"The body is nested deeper than {DEEPEST} levels.")
    match found:
        case str():
            if "\0" in found or any("\ud800" <= letter <= "\udfff" for letter in found):
                raise Malformed("The body holds a character that cannot be stored.")
        case dict():
            for name, inner in found.items():
                _refuse_unstorable(name, depth)
                _refuse_unstorable(inner, depth - 1)
        case list():
            for inner in found:
                _refuse_unstorable(inner, depth - 1)
