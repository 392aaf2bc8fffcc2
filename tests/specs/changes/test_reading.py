"""Operations as they are sent: what is refused before anybody looks at the graph."""

from typing import Any

import pytest

from apps.specs.errors import OperationsInvalid
from apps.specs.schemas import (
    MOST_OPERATIONS,
    CreateIn,
    SetIn,
    is_key,
    names_in,
    read_operations,
)

CREATE: dict[str, Any] = {"op": "create", "kind": "requirement", "title": "Pay by card"}
SET: dict[str, Any] = {"op": "set", "target": "REQ-1", "attribute": "priority", "value": 1}


def faults(*sent):
    with pytest.raises(OperationsInvalid) as refused:
        read_operations(sent)
    return {(each["operation"], each["field"]) for each in refused.value.details}


@pytest.mark.parametrize("key", ["REQ-1", "a.b", "v2", "A_-", "x" * 79 + "1"])
def test_a_key_can_be_told_from_a_word(key):
    assert is_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("search", "REQ_A", "", "1-REQ", "-1", "REQ 1", "REQ-1\n", "RÉQ-1", "x" * 80 + "1"),
        *("abcdef12-3456-7890-abcd-ef1234567890", "REQ/1"),
    ],
)
def test_what_is_no_key(key):
    assert not is_key(key)


def test_every_fault_of_every_operation_is_told_at_once():
    assert faults(
        {"op": "creat"},
        CREATE | {"title": " ", "key": "search", "colour": "red"},
        SET,
        {"op": "edit", "target": "REQ-1", "old": "a"},
        {"op": "link", "target": "REQ-1", "kind": "likes"},
        "nonsense",
        {"op": "update", "target": "REQ-1", "changes": {"body": "x"}},
        {"op": "update", "target": "REQ-1", "changes": {}},
        {"op": "move", "target": "REQ-1"},
    ) == {
        *((0, "op"), (1, "title"), (1, "key"), (1, "colour"), (3, "op")),
        *((4, "kind"), (4, "to"), (5, "op"), (6, "changes.body"), (7, "changes"), (8, "op")),
    }


def test_there_is_something_to_do_and_not_too_much():
    assert faults() == {(None, "operations")}
    assert faults(*[SET] * (MOST_OPERATIONS + 1)) == {(None, "operations")}
    assert len(read_operations([SET] * MOST_OPERATIONS)) == MOST_OPERATIONS


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, "\0", {"a\0": 1}, "\ud800", object()]
)
def test_what_would_not_be_read_again_as_it_was_is_no_value(value):
    ((operation, field),) = faults(SET | {"value": value})
    assert operation == 0
    assert field.startswith("value")


def test_values_do_not_lie_too_deep_in_each_other():
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    assert faults(SET | {"value": deep}) == {(0, "value")}


def test_numbers_are_read_as_the_database_gives_them_back():
    read = SetIn.model_validate(SET | {"value": [1.0, -0.0, 1e10, 0.5, True, None]})
    assert repr(read.value) == "[1, 0, 10000000000, 0.5, True, None]"


@pytest.mark.parametrize(
    "fault",
    [
        *({"title": "a\nb"}, {"title": "x" * 201}, {"title": "a\u2028b"}, {"body": "a\0"}),
        *({"body": "x" * 1_000_001}, {"labels": ["\t"]}, {"labels": ["x" * 61]}),
        *({"attributes": {"a b": 1}}, {"owner": "me"}, {"status": "open"}, {"kind": "A"}),
    ],
)
def test_texts_have_bounds(fault):
    ((_, field),) = faults(CREATE | fault)
    assert field.split(".")[0] == next(iter(fault))


def test_labels_have_no_order():
    read = CreateIn.model_validate(CREATE | {"labels": ["b", "a", "b"]})
    assert read.labels == ["a", "b"]


@pytest.mark.parametrize(
    "edit",
    [
        *({}, {"old": "a"}, {"new": "a"}, {"patch": "p", "body": "b"}, {"old": "", "new": "b"}),
        {"old": "a", "new": "b", "body": "c"},
    ],
)
def test_an_edit_is_said_in_one_of_three_ways(edit):
    assert faults({"op": "edit", "target": "REQ-1", **edit}) == {(0, "op")}


def test_names_to_look_up_are_those_of_ends_and_new_keys():
    read = read_operations(
        [
            CREATE
            | {"key": "REQ-7", "parent": "Spec-1", "after": "REQ-2"}
            | {"links": [{"kind": "refines", "target": "GOAL-1"}]},
            {"op": "rename", "target": "REQ-3", "key": "REQ-4"},
            {"op": "link", "target": "REQ-5", "kind": "refines", "to": "GOAL-2"},
        ]
    )
    assert names_in(read) == {
        *("req-7", "spec-1", "req-2", "goal-1", "req-3", "req-4", "req-5", "goal-2")
    }
