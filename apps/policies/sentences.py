"""Faults of form, said so that whoever wrote the text knows what to do."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from apps.policies.schemas import PolicyDocument

Path = tuple[str | int, ...]


def path_of(loc: tuple[int | str, ...]) -> Path:
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


def spelled(path: Path, model: type[BaseModel] = PolicyDocument) -> str:
    """Like rules[2].then, as far as the names are ours."""
    spelled = ""
    models: tuple[type[BaseModel], ...] = (model,)
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
            continue
        if not any(step in each.model_fields for each in models):
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


def _fields_at(path: Path, model: type[BaseModel]) -> list[str]:
    models: tuple[type[BaseModel], ...] = (model,)
    for step in path:
        if isinstance(step, str):
            models = _models_below(models, step)
    return sorted({name for each in models for name in each.model_fields})


def _value_at(path: Path, plain: Any) -> Any:
    for step in path:
        try:
            plain = plain[step]
        except (KeyError, IndexError, TypeError):
            return None
    return plain


def sentence(
    error: ErrorDetails,
    path: Path,
    plain: Mapping[str, Any],
    model: type[BaseModel] = PolicyDocument,
) -> str:
    """What to do about it. Nothing of the value is quoted."""
    kind, context = error["type"], error.get("ctx", {})
    value = _value_at(path, plain)
    if kind == "missing":
        return f"`{path[-1]}` is missing here."
    if kind == "extra_forbidden":
        return _unknown_field(path, model)
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


def _unknown_field(path: Path, model: type[BaseModel]) -> str:
    name, known = str(path[-1]), _fields_at(path[:-1], model)
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
