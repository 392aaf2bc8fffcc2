"""Attributes against the JSON Schema of their kind (Draft 2020-12), at a bounded price.

A schema is written by whoever manages a workspace, and judged in the middle of everybody's
proposals: so patterns go to RE2, nothing is fetched, and what would take long is given up.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from apps.common.texts.patterns import BadPattern, compiled

MOST_CHARACTERS = 100_000
"""Of a node's attributes, as JSON."""
LARGEST_SCHEMA = 20_000
"""Characters, as JSON."""
MOST_FAULTS = 20
_STEPS = 20_000
_SECONDS = 1.0
"""Of this thread's own computing. Steps decide before that, unless one is unlike all others."""
_UNBOUNDED = frozenset({"unevaluatedProperties", "unevaluatedItems", "$dynamicRef"})
"""Keywords that look through a schema anew for each property, out of reach of the count."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords that hold schemas by names, which may be those of keywords."""
_VALUES = frozenset({"const", "enum", "default", "examples", "dependentRequired"})
"""Keywords that hold no schemas."""
_NO_SCHEMA = (ArithmeticError, AttributeError, TypeError, ValueError, UnknownType)
"""What comes of judging by such a value all the same: a reference may lead to it."""
_LEADS_ASTRAY = "It refers to a value within it that is no schema."


class TooMuch(Exception):
    """It would take longer than it may."""


@dataclass
class _Spent:
    sizes: dict[int, int]
    until: float = field(default_factory=lambda: time.thread_time() + _SECONDS)
    steps: int = 0

    def step(self, instance: Any, rule: Any) -> None:
        rules = len(rule) if isinstance(rule, list | dict) else 1
        self.steps += 1 + rules // 10 + self.sizes.get(id(instance), _size(instance)) // 1_000
        if self.steps > _STEPS or time.thread_time() > self.until:
            raise TooMuch


_spent: ContextVar[_Spent] = ContextVar("_spent")


@dataclass(frozen=True, order=True)
class AttributeFault:
    path: tuple[str, ...]
    """Into the attributes: names, and places in lists."""
    message: str
    fix: str = ""

    @property
    def field(self) -> str:
        return ".".join(("attributes", *self.path))


def schema_faults(schema: Any) -> tuple[str, ...]:
    """What speaks against taking it as the schema of a kind."""
    if not isinstance(schema, dict):
        return ("A schema of attributes is an object.",)
    try:
        return _schema_faults(json.dumps(schema))
    except (RecursionError, TypeError, ValueError):
        return ("It is no JSON, or nested too deep.",)


@lru_cache(maxsize=256)
def _schema_faults(written: str) -> tuple[str, ...]:
    if len(written) > LARGEST_SCHEMA:
        return (f"A schema has at most {LARGEST_SCHEMA:,} characters.",)
    schema = json.loads(written)
    try:
        Draft202012Validator.check_schema(schema)
        found = [*_refused(schema)]
        if not found:
            _judge({}, schema)
    except SchemaError as error:
        found = [f"{_at(tuple(map(str, error.absolute_path)))}{_short(error.message)}"]
    except Unresolvable as error:
        found = [f"It refers to {_short(str(error.ref))}, which is not within it."]
    except (TooMuch, RecursionError):
        found = ["It refers to itself without end, or takes too long to judge by."]
    except _NO_SCHEMA:
        found = [_LEADS_ASTRAY]
    return tuple(found[:MOST_FAULTS])


def faults_of(attributes: Mapping[str, Any], schema: Mapping[str, Any]) -> list[AttributeFault]:
    """What cannot be judged does not pass."""
    unusable = schema_faults(schema)
    try:
        if not unusable and len(json.dumps(attributes)) > MOST_CHARACTERS:
            limit = f"Attributes have at most {MOST_CHARACTERS:,} characters."
            return [AttributeFault((), limit, "Put long texts in the body.")]
        if not unusable:
            return _judge(attributes, schema)
    except (TooMuch, RecursionError):
        unusable = ("It takes too long to judge by.",)
    except Unresolvable as error:
        unusable = (f"It refers to {_short(str(error.ref))}, which is not within it.",)
    except _NO_SCHEMA:
        unusable = (_LEADS_ASTRAY,)
    message = f"The schema of this kind cannot be used. {unusable[0]}"
    return [AttributeFault((), message, "Mend the schema of the kind.")]


def _judge(attributes: Mapping[str, Any], schema: Mapping[str, Any]) -> list[AttributeFault]:
    token = _spent.set(_Spent(dict(_sizes(attributes))))
    try:
        validator = _Bounded(schema, registry=Registry())
        found = set[AttributeFault]()
        for error in validator.iter_errors(attributes):
            found.update(_told(error))
            if len(found) >= MOST_FAULTS:
                break
        return sorted(found)
    finally:
        _spent.reset(token)


def _told(error: ValidationError) -> Iterator[AttributeFault]:
    """In words of our own: the library's repeat the whole value, however long."""
    path = tuple(map(str, error.absolute_path))
    wanted: Any = error.validator_value
    instance: Any = error.instance
    schema: Any = error.schema
    rule: Any = error.validator
    match rule:
        case "required":
            for name in wanted:
                if name not in instance:
                    yield AttributeFault((*path, name), "It is missing.", f"Set {name!r}.")
            return
        case "additionalProperties" if wanted is False:
            for name in _extras(instance, schema):
                fix = f"Take {_short(name)!r} away, or add it to the schema of the kind."
                yield AttributeFault((*path, name), "The kind knows no such attribute.", fix)
            return
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            message = f"It is to be of type {' or '.join(map(str, kinds))}."
        case "enum":
            message = f"It is to be one of {_short(', '.join(json.dumps(w) for w in wanted))}."
        case "const":
            message = f"It is to be {_short(json.dumps(wanted))}."
        case "minimum":
            message = f"It is to be {wanted} or more."
        case "maximum":
            message = f"It is to be {wanted} or less."
        case "minLength" | "maxLength" | "minItems" | "maxItems":
            unit = "characters" if rule.endswith("Length") else "items"
            most = "at most" if rule.startswith("max") else "at least"
            message = f"It is to have {most} {wanted} {unit}."
        case "pattern":
            message = f"It is to match {_short(wanted)}."
        case None:
            message = "The schema allows nothing here."
        case _:
            message = f"It does not fit {rule}: {_short(json.dumps(wanted))}."
    value = _short(json.dumps(instance))
    yield AttributeFault(path, message, f"It is {value}: change it.")


def _refused(schema: Any) -> Iterator[str]:
    waiting: list[tuple[tuple[str, ...], Any]] = [((), schema)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, list):
            waiting += [((*path, str(at)), one) for at, one in enumerate(part)]
        if not isinstance(part, dict):
            continue
        for keyword, held in part.items():
            if keyword in _NAMED and isinstance(held, dict):
                waiting += [((*path, keyword, name), one) for name, one in held.items()]
            elif keyword not in _VALUES:
                waiting.append(((*path, keyword), held))
        patterns = [*part["patternProperties"]] if _is_object(part, "patternProperties") else []
        for pattern in [part.get("pattern"), *patterns]:
            try:
                if isinstance(pattern, str):
                    _pattern(pattern)
            except BadPattern as error:
                yield f"{_at(path)}{error}"
        for keyword in sorted(_UNBOUNDED & part.keys()):
            yield f"{_at(path)}{keyword} is not taken: use additionalProperties, items or $ref."
        reference = part.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield f"{_at(path)}It refers to {_short(reference)}: only what is within it is read."


def _is_object(part: Mapping[str, Any], name: str) -> bool:
    return isinstance(part.get(name), dict)


def _size(instance: Any) -> int:
    return len(instance) if isinstance(instance, str) else 1


def _sizes(value: Any) -> Iterator[tuple[int, int]]:
    """Of all that holds something: with everything in it."""
    if isinstance(value, Mapping | list | tuple):
        parts = [*value, *value.values()] if isinstance(value, Mapping) else value
        total = 1
        for part in parts:
            inner = dict(_sizes(part))
            total += inner.get(id(part), _size(part))
            yield from inner.items()
        yield id(value), total


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _at(path: tuple[str, ...]) -> str:
    return f"At {_short('.'.join(path))}: " if path else ""


@lru_cache(maxsize=512)
def _pattern(regex: str) -> Any:
    return compiled(regex)


def _extras(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    known = schema.get("properties", {})
    patterns = [_pattern(regex) for regex in schema.get("patternProperties", {})]
    return sorted(
        name
        for name in instance
        if name not in known and not any(pattern.search(name) for pattern in patterns)
    )


def _match_pattern(validator: Any, regex: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _pattern(regex).search(instance):
        yield ValidationError("")


def _match_names(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    for regex, schema in patterns.items() if validator.is_type(instance, "object") else ():
        for name, value in instance.items():
            if _pattern(regex).search(name):
                yield from validator.descend(value, schema, path=name, schema_path=regex)


def _more_names(
    validator: Any, allowed: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    extras = _extras(instance, schema) if validator.is_type(instance, "object") else []
    if allowed is False and extras:
        yield ValidationError("")
    elif allowed is not False:
        for name in extras:
            yield from validator.descend(instance[name], allowed, path=name)


def _unlike(validator: Any, wanted: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    """The library compares each item with each."""
    if wanted is True and validator.is_type(instance, "array"):
        unlike = {json.dumps(item, sort_keys=True) for item in instance}
        if len(unlike) < len(instance):
            yield ValidationError("")


def _counted(judge: Any) -> Any:
    def step(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _spent.get().step(instance, rule)
        yield from judge(validator, rule, instance, schema) or ()

    return step


def _unbounded(*_: Any) -> Iterator[ValidationError]:
    raise ValueError("No such keyword is taken.")


_Bounded: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        name: _counted(judge)
        for name, judge in {
            **Draft202012Validator.VALIDATORS,
            "pattern": _match_pattern,
            "patternProperties": _match_names,
            "additionalProperties": _more_names,
            "uniqueItems": _unlike,
            **dict.fromkeys(_UNBOUNDED, _unbounded),
        }.items()
    },
)
_evolve = _Bounded.evolve


def _stay_bounded(validator: Any, *, schema: Any, **changes: Any) -> Any:
    """Where a part names a `$schema`, the library would go on with the judge of that."""
    if isinstance(schema, dict):
        schema = {keyword: held for keyword, held in schema.items() if keyword != "$schema"}
    return _evolve(validator, schema=schema, **changes)


_Bounded.evolve = _stay_bounded
