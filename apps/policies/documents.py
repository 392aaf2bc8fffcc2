"""A policy's text to its document, with the line and column of everything in it.

`read_policy` is the only way from text to a `PolicyDocument`: it reads strictly (`nodes`), checks
the form (`schemas`) and that the document agrees with itself (`coherence`).
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from apps.policies.coherence import Path, contradictions
from apps.policies.errors import PolicyInvalid
from apps.policies.nodes import Fault, Place, hidden_character, read_nodes
from apps.policies.schemas import PolicyDocument

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
        fault_detail(_spelled(path), *positions.of(*path), _HIDDEN)
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
        fault_detail(_spelled(path), *positions.of(*path), message)
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
    return {"$schema": SCHEMA_DIALECT, "title": "Lattice policy", **schema}


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
        (problem, _path_of(problem["loc"]))
        for problem in error.errors(include_url=False, include_input=False)
    ]
    found.sort(key=lambda each: positions.of(*each[1]))
    details = []
    for problem, path in found[:FAULTS_LIMIT]:  # a sentence costs more than a place
        unnamed = problem["type"] == "extra_forbidden"  # its name is the text's, not ours
        told = path[:-1] if unnamed else path
        sentence = _sentence(problem, path, plain)
        details.append(fault_detail(_spelled(told), *positions.of(*path), sentence))
    return _invalid(details, count=len(found))


def _path_of(loc: tuple[int | str, ...]) -> Path:
    """Without what pydantic adds: the form of an outcome, the mark of a mapping's key."""
    path: list[int | str] = []
    skipped = False
    for index, step in enumerate(loc):
        if step == "[key]" and index == len(loc) - 1:
            continue
        if not skipped and path and path[-1] == "then":
            skipped = True
            continue
        skipped = False
        path.append(step)
    return tuple(path)


def _spelled(path: Path) -> str:
    """Like rules[2].then, as far as the names are ours."""
    spelled = ""
    models: tuple[type[BaseModel], ...] = (PolicyDocument,)
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
            continue
        if not any(step in model.model_fields for model in models):
            break
        spelled += f".{step}" if spelled else step
        models = _models_below(models, step)
    return spelled


def _models_below(models: Iterable[type[BaseModel]], step: str) -> tuple[type[BaseModel], ...]:
    fields = (model.model_fields[step] for model in models if step in model.model_fields)
    return tuple(below for field in fields for below in _models_in(field.annotation))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _fields_at(path: Path) -> list[str]:
    models: tuple[type[BaseModel], ...] = (PolicyDocument,)
    for step in path:
        if isinstance(step, str):
            models = _models_below(models, step)
    return sorted({name for model in models for name in model.model_fields})


def _value_at(path: Path, plain: Any) -> Any:
    for step in path:
        try:
            plain = plain[step]
        except (KeyError, IndexError, TypeError):
            return None
    return plain


def _sentence(error: ErrorDetails, path: Path, plain: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    value = _value_at(path, plain)
    if kind == "missing":
        return f"`{path[-1]}` is missing here."
    if kind == "extra_forbidden":
        return _unknown_field(path)
    if path == ("version",):
        return 'Write version: "1", with the quotes.'
    if value is None and kind != "union_tag_not_found":
        return "Nothing stands here. Write a value, or leave the field out."
    if kind in {"enum", "literal_error"}:
        return _one_of(context, value)
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(context.get("pattern")), "This is not written as is expected.")
    if kind == "value_error":  # ours: see schemas
        return str(context.get("error"))
    said = _SENTENCES.get(kind)
    return said.format_map(context) if said else "This is not what is expected here."


def _unknown_field(path: Path) -> str:
    name, known = str(path[-1]), _fields_at(path[:-1])
    if name in known:
        return "Only one of deny, allow and require can stand here, with what belongs to it."
    near = _nearest(name, known)
    if near:
        return f"There is no such field. Did you mean `{near}`?"
    return f"There is no such field here. There are: {', '.join(known)}."


def _one_of(context: Mapping[str, Any], value: Any) -> str:
    expected = str(context.get("expected"))
    known = re.findall(r"'([^']*)'", expected)
    if not known:
        return f"Write {expected.lower()}."
    near = _nearest(value, known) if isinstance(value, str) else None
    return f"Write one of: {', '.join(known)}." + (f" Did you mean `{near}`?" if near else "")


def _nearest(name: str, known: list[str]) -> str | None:
    if len(name) > 60:  # likeness takes time that grows with the square
        return None
    found = difflib.get_close_matches(name.lower(), known, 1, 0.65)
    return found[0] if found else None


_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$": (
        "A name begins with a letter or digit and has at most 100 of: letters, digits, spaces, "
        ". _ / -"
    ),
    r"^[1-9][0-9]{0,4}(m|h|d)$": "Write a time like 30m, 4h or 2d.",
}

_A_LIST = "Write a list: [one, two], or one `- item` in each line below."
_FIELDS = "Write fields here, like `name: value`, indented below."
_A_TIME = "Write a time of day, like 09:00."
_A_MOMENT = "Write a moment with its offset, like 2026-01-07T12:00:00Z."
_AN_ID = "Write an id, like 01890a5d-ac96-774b-bcce-b302099a8057."
_SENTENCES = {
    "string_type": "Write text. What reads as a number, true or false needs quotes.",
    "int_type": "Write a whole number, in plain digits and without quotes.",
    "int_from_float": "Write a whole number.",
    "float_type": "Write a number, without quotes.",
    "bool_type": "Write true or false, without quotes (yes, no, on and off are words here).",
    "list_type": _A_LIST,
    "dict_type": _FIELDS,
    "model_type": _FIELDS,
    "model_attributes_type": _FIELDS,
    "union_tag_not_found": "Write one of: deny, allow, require.",
    "union_tag_invalid": "Write one of: deny, allow, require.",
    "greater_than_equal": "Write a number that is at least {ge:g}.",
    "less_than_equal": "Write a number that is at most {le:g}.",
    "string_too_short": "Write at least {min_length} characters.",
    "string_too_long": "Write at most {max_length} characters.",
    "too_short": "List at least {min_length}.",
    "too_long": "List at most {max_length}.",
    "uuid_type": _AN_ID,
    "uuid_parsing": _AN_ID,
    "time_type": _A_TIME,
    "time_parsing": _A_TIME,
    "datetime_type": _A_MOMENT,
    "datetime_parsing": _A_MOMENT,
    "datetime_from_date_parsing": _A_MOMENT,
    "timezone_aware": _A_MOMENT,
}
