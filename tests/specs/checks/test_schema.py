"""Attributes are judged by the schema of their kind, whatever that schema is like."""

import time

import pytest

from apps.specs.attributes import faults_of, schema_faults
from apps.specs.choices import Op, Severity
from tests.specs.checks.proposed import done, found, graph, node, proposal

SCHEMA = {
    "type": "object",
    "properties": {
        "risk": {"enum": ["low", "high"]},
        "days": {"type": "integer", "minimum": 1},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "required": ["risk"],
    "additionalProperties": False,
}


def judged(attributes, before=None, schema=SCHEMA):
    was = [] if before is None else [node("REQ-1", attributes=before)]
    after = graph([node("REQ-1", version=2, attributes=attributes)])
    setting = done(Op.SET, "REQ-1", after={"attributes.days": attributes.get("days")})
    return found(proposal(graph(was), after, setting, schemas={"requirement": schema}), "schema")


def test_attributes_that_fit_are_fine():
    assert judged({"risk": "low", "days": 3, "code": "ABC"}) == []


@pytest.mark.parametrize(
    ("attributes", "field", "message"),
    [
        ({}, "attributes.risk", "It is missing."),
        ({"risk": "odd"}, "attributes.risk", 'It is to be one of "low", "high".'),
        ({"risk": "low", "days": "3"}, "attributes.days", "It is to be of type integer."),
        ({"risk": "low", "days": 0}, "attributes.days", "It is to be 1 or more."),
        ({"risk": "low", "code": "abc"}, "attributes.code", "It is to match ^[A-Z]{3}$."),
        ({"risk": "low", "dys": 3}, "attributes.dys", "The kind knows no such attribute."),
    ],
)
def test_what_does_not_fit_is_an_error_at_its_field(attributes, field, message):
    (one,) = judged(attributes)
    assert (one.severity, one.field, one.message) == (Severity.ERROR, field, message)
    assert one.operation == 0
    assert one.fix


def test_a_fault_that_stood_before_is_advice_and_one_that_is_untouched_is_silent():
    (one,) = judged({"risk": "odd", "days": 2}, before={"risk": "odd", "days": 1})
    assert one.severity == Severity.ADVICE
    assert judged({"risk": "odd"}, before={"risk": "odd"}) == []


def test_a_value_is_never_repeated_whole():
    (one,) = judged({"risk": "x" * 50_000})
    assert len(one.message) + len(one.fix) < 500


DEEP: dict = {}
for _ in range(2_000):
    DEEP = {"allOf": [DEEP]}
BOMB = {
    "$defs": {
        **{f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)},
        "a40": {"type": "object"},
    },
    "$ref": "#/$defs/a0",
}
WILD: dict[str, dict] = {
    "doubling references": BOMB,
    "itself": {"$ref": "#"},
    "itself twice": {"anyOf": [{"$ref": "#"}, {"not": {"$ref": "#"}}]},
    "far away": {"$ref": "https://example.org/schema.json"},
    "a file": {"$ref": "file:///etc/passwd"},
    "nowhere": {"$ref": "#/$defs/none"},
    "not a schema": {"type": "nonsense"},
    "not a schema either": {"properties": [1, 2]},
    "a bad pattern": {"patternProperties": {"(": {}}},
    "what RE2 has not": {"properties": {"days": {"pattern": "(?=a)b"}}},
    "unevaluated": {"unevaluatedProperties": False},
    "unevaluated under a keyword's name": {
        "properties": {"properties": {"unevaluatedProperties": False}},
    },
    "a bad pattern under a keyword's name": {"$defs": {"enum": {"pattern": "(?=a)b"}}},
    "what is no schema": {"$ref": "#/const", "const": {"properties": 1}},
    "deep": DEEP,
    "wide": {"allOf": [{"type": "object"}] * 50_000},
}


@pytest.mark.parametrize("name", WILD)
def test_a_wild_schema_is_refused_in_a_moment_and_lets_nothing_pass(name):
    began = time.thread_time()
    assert schema_faults(WILD[name])
    assert faults_of({"days": "aaaa", "more": 1}, WILD[name])
    assert time.thread_time() - began < 3


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {},
        {"$defs": {"n": {"type": "null"}}},
        {"properties": {"pattern": {"const": {"pattern": "("}}, "$ref": {"type": "string"}}},
    ],
)
def test_a_plain_schema_is_taken(schema):
    assert schema_faults(schema) == ()


def test_a_recursive_schema_is_taken_where_it_follows_the_value():
    tree = {"properties": {"parts": {"type": "array", "items": {"$ref": "#"}}}}
    assert schema_faults(tree) == ()
    assert faults_of({"parts": [{"parts": []}]}, tree) == []
    assert faults_of({"parts": [{"parts": 1}]}, tree)


SLOW = {"pattern": "^(a+)+$"}
OWN = "https://json-schema.org/draft/2020-12/schema"
OTHER = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    ("schema", "attributes"),
    [
        ({"properties": {"a": SLOW}}, {"a": "a" * 50_000 + "!"}),
        ({"properties": {"a": {**SLOW, "$schema": OTHER}}}, {"a": "a" * 30 + "!"}),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/n"}},
                "$defs": {"n": {**SLOW, "$schema": OTHER}},
            },
            {"a": "a" * 30 + "!"},
        ),
        (
            {"$schema": OWN, "properties": {"a": {"$ref": "#"}, "b": SLOW}},
            {"a": {"b": "a" * 30 + "!"}},
        ),
        ({"patternProperties": {"^(a|a)*$": {}}}, {"a" * 50_000 + "!": 1}),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": n} for n in range(6_000)]}),
        (
            {"additionalProperties": {"anyOf": [{"const": "x" * 99}] * 500}},
            {f"a{n}": ["y" * 99] * 9 for n in range(100)},
        ),
    ],
)
def test_slow_patterns_and_large_values_take_no_more_than_a_moment(schema, attributes):
    began = time.thread_time()
    faults_of(attributes, schema)
    assert time.thread_time() - began < 2


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ({"pattern": "(?=a)b"}, "b"),
        ({"unevaluatedItems": False}, [1]),
        ({"properties": 1}, {"c": 1}),
        ({"type": "x"}, 1),
        ({"multipleOf": 0}, 1),
    ],
)
def test_a_reference_to_what_is_no_schema_lets_nothing_pass(value, attribute):
    schema = {"properties": {"a": {"$ref": "#/properties/b/const"}, "b": {"const": value}}}
    (one,) = judged({"a": attribute}, schema=schema)
    assert one.severity == Severity.ERROR
    assert "no schema" in one.message


def test_a_value_that_makes_a_plain_schema_explode_does_not_pass():
    branching = {"anyOf": [{"items": {"$ref": "#/$defs/part"}, "minItems": n} for n in (1, 2)]}
    schema = {"$defs": {"part": branching}, "properties": {"parts": {"$ref": "#/$defs/part"}}}
    assert schema_faults(schema) == ()
    value: list = []
    for _ in range(40):
        value = [value]
    began = time.thread_time()
    (one,) = judged({"parts": value}, schema=schema)
    assert time.thread_time() - began < 3
    assert one.severity == Severity.ERROR
    assert "takes too long" in one.message


@pytest.mark.parametrize("schema", [[], None, "object", {"minimum": object()}])
def test_what_is_no_object_is_no_schema(schema):
    assert schema_faults(schema)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"const": 1}, 2, "It is to be 1."),
        ({"maximum": 1}, 2, "It is to be 1 or less."),
        ({"maxLength": 1}, "abc", "It is to have at most 1 characters."),
        ({"minItems": 1}, [], "It is to have at least 1 items."),
        ({"uniqueItems": True}, [1, 1], "It does not fit uniqueItems: true."),
        (False, 1, "The schema allows nothing here."),
        ({"additionalProperties": {"type": "null"}}, {"a": 1}, "It is to be of type null."),
        ({"patternProperties": {"^a": {"type": "null"}}}, {"ab": 1}, "It is to be of type null."),
    ],
)
def test_faults_are_told_in_words(schema, value, message):
    (one,) = judged({"x": value}, schema={"properties": {"x": schema}})
    assert one.message == message


def test_too_much_of_attributes_is_an_error():
    (one,) = judged({"risk": "low", "code": "x" * 200_000})
    assert one.severity == Severity.ERROR
    assert "at most" in one.message
