"""Spoiled policies are refused or read, never worse: the short form of tests/torture."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.malformed.child import all_answered
from tests.malformed.policies import case, read_case
from tests.malformed.spoiling import CANARY

HEAD = 'version: "1"\nallowed_dirs: [api]\n'


def test_hundreds_of_spoiled_policies_are_answered():
    all_answered("policies", cases=300, start=2026, tell=print)


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
