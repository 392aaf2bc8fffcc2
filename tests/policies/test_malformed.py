"""Spoiled policies are refused or read, never worse: the short form of tests/torture."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.torture.malformed_policies import (
    CANARY,
    MEMORY,
    SECONDS,
    case,
    read_case,
    read_in_a_child,
)

HEAD = 'version: "1"\nallowed_dirs: [api]\n'


def test_hundreds_of_spoiled_policies_are_answered():
    found = read_in_a_child(cases=300, start=2026)
    assert found["wrong"] == []
    assert set(found["came"]) == {"refused", "still valid"}
    assert sum(found["came"].values()) == 300
    assert found["came"]["refused"] > 200
    assert found["slowest"] < SECONDS
    assert found["peak"] < MEMORY


def test_a_case_is_replayed_by_its_seed_and_number():
    assert [case(1, number) for number in range(50)] == [case(1, number) for number in range(50)]
    assert case(1, 7) != case(2, 7)
    assert any(CANARY in str(case(1, number)) for number in range(50))


def answered(text: str | bytes) -> None:
    assert read_case(text) in {"refused", "still valid"}


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(text):
    answered(text)
    answered(HEAD.encode() + text)


@given(st.text(st.characters(), max_size=300))
@example("\ud800")
@example("a: \ufffe")
def test_any_text_is_answered(text):
    answered(text)
    answered(HEAD + text)


@example("---")
@example("- a:\n  -")
@example("?")
@given(st.text(st.sampled_from("-:?[]{},&*!|>'\"%@`# \n\tab1~<\\"), max_size=120))
def test_any_signs_of_yaml_are_answered(text):
    answered(text)
    answered(HEAD + "rules:\n" + text)


fields = st.sampled_from(
    [
        "name",
        "when",
        "then",
        "deny",
        "allow",
        "over",
        "require",
        "roles",
        "path",
        "act",
        "risk",
        "x",
    ]
)
leaves = st.sampled_from(
    ["", "x", "true", "[]", "{}", "3", "-1", "null", "[a, b]", "owner", "2d", "plan", "docs/**"]
)


def nested(inner):
    return st.dictionaries(fields, inner, max_size=4).map(
        lambda them: "{" + ", ".join(f"{name}: {value}" for name, value in them.items()) + "}"
    ) | st.lists(inner, max_size=3).map(lambda them: "[" + ", ".join(them) + "]")


@given(st.recursive(leaves, nested, max_leaves=15))
def test_any_shape_of_rules_is_answered(shape):
    answered(HEAD + f"rules: [{shape}]\n")
    answered(HEAD + f"default: {{then: {shape}}}\n")
