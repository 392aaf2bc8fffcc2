"""A policy's text to its document, with the line and column of everything in it.

`read_policy` is the only way from text to a `PolicyDocument`: it reads strictly (`nodes`), checks
the form (`schemas`) and that the document agrees with itself (`coherence`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from apps.common.yaml.nodes import Fault, Place, hidden_character, read_nodes
from apps.policies.coherence import contradictions
from apps.policies.errors import PolicyInvalid
from apps.policies.schemas import PolicyDocument
from apps.policies.sentences import Path, path_of, sentence, spelled

FAULTS_LIMIT = 100
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Positions:
    """Where things stand in a policy's text. Lines and columns count from 1."""

    whole: Place

    def of(self, *path: str | int) -> tuple[int, int]:
        """Of a field's name or a list's item; of what is nearest around it if it is not said."""
        place = self.place(*path)
        return place.line, place.column

    def place(self, *path: str | int) -> Place:
        place = self.whole
        for step in path:
            if step not in place.inside:
                break
            place = place.inside[step]
        return place

    def says(self, *path: str | int) -> bool:
        """Whether the text says it; what is not said has its default."""
        place = self.whole
        for step in path:
            if step not in place.inside:
                return False
            place = place.inside[step]
        return True


@dataclass(frozen=True, slots=True)
class Parsed:
    document: PolicyDocument
    positions: Positions
    digest: str
    """SHA-256 of the text, in hex: the same text is the same policy."""
    name: str
    """What the text is called in traces."""


def read_policy(text: str | bytes, *, name: str = "policy.yaml") -> Parsed:
    """Raises PolicyInvalid with every fault that can be told at once."""
    try:
        plain, whole = read_nodes(text)
    except Fault as fault:
        raise _invalid([fault_detail("", fault.line, fault.column, fault.message)]) from None
    positions = Positions(whole)
    if not isinstance(plain, dict):
        raise _invalid([fault_detail("", *positions.of(), _NO_FIELDS)])
    hidden = [
        fault_detail(spelled(path), *positions.of(*path), _HIDDEN)
        for path in _hidden_values(plain, ())
    ]
    if hidden:
        raise _invalid(hidden)
    try:
        # Strict JSON mode: text becomes ids, times and choices, but "2" is no number.
        document = PolicyDocument.model_validate_json(orjson.dumps(plain), strict=True)
    except ValidationError as error:
        raise _invalid_in_form(error, plain, positions) from None
    against = [
        fault_detail(spelled(path), *positions.of(*path), message)
        for path, message in contradictions(document)
    ]
    if against:
        raise _invalid(against)
    return Parsed(document, positions, digest_of(text), name)


def digest_of(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def document_schema() -> dict[str, Any]:
    """The JSON Schema that editors complete by and docs/policy.schema.json holds."""
    schema = PolicyDocument.model_json_schema()
    return {"$schema": SCHEMA_DIALECT, **schema, "title": "Lattice policy"}


def fault_detail(field: str, line: int, column: int, message: str) -> dict[str, Any]:
    return {"field": field, "line": line, "column": column, "message": message}


def _invalid(details: list[dict[str, Any]], *, count: int | None = None) -> PolicyInvalid:
    count = count or len(details)
    details = sorted(details, key=lambda fault: (fault["line"], fault["column"]))
    if count <= FAULTS_LIMIT:
        return PolicyInvalid(details=details)
    return PolicyInvalid(
        f"The policy is not valid, in {count:,} places. Nothing was changed; the first "
        f"{FAULTS_LIMIT} are named with their lines.",
        details=details[:FAULTS_LIMIT],
    )


_HIDDEN = "Take out the escape for an invisible or control character."


def _hidden_values(value: Any, path: Path) -> Iterator[Path]:
    """What is spelled with an escape is as invisible once it is read.

    Only the act of a test may hold such, to show that it is found.
    """
    if isinstance(value, str):
        if hidden_character(value) is not None:
            yield path
    elif isinstance(value, list | dict) and not (len(path) == 3 and path[::2] == ("tests", "act")):
        for step, inner in enumerate(value) if isinstance(value, list) else value.items():
            yield from _hidden_values(inner, (*path, step))


# --- faults of form, in sentences

_NO_FIELDS = 'A policy is made of fields. Begin with: version: "1"'


def _invalid_in_form(
    error: ValidationError, plain: dict[str, Any], positions: Positions
) -> PolicyInvalid:
    found = [
        (problem, path_of(problem["loc"]))
        for problem in error.errors(include_url=False, include_input=False)
    ]
    found.sort(key=lambda each: positions.of(*each[1]))
    details = []
    for problem, path in found[:FAULTS_LIMIT]:  # a sentence costs more than a place
        unnamed = problem["type"] == "extra_forbidden"  # its name is the text's, not ours
        told = path[:-1] if unnamed else path
        told_how = sentence(problem, path, plain)
        details.append(fault_detail(spelled(told), *positions.of(*path), told_how))
    return _invalid(details, count=len(found))
