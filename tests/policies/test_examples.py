"""The tests that a policy carries."""

import pytest

from apps.policies.documents import read_policy
from apps.policies.engine.compiling import compile_policy
from apps.policies.engine.examples import run_examples
from tests.policies.hearing import a_policy

RULES = [
    {"name": "docs", "when": {"path": ["docs/**"]}, "then": {"allow": True}},
    {
        "name": "api",
        "when": {"path": ["api/**"], "actor": ["agent"]},
        "then": {"require": [{"name": "owners", "roles": ["owner"]}]},
    },
]
EDIT = {"kind": "spec.change", "operations": [{"verb": "edit", "paths": ["api/a.py"]}]}


def outcome(expect, act=EDIT, **fields):
    test = {"name": "it", "act": act, "expect": expect, **fields}
    [came] = run_examples(a_policy(rules=RULES, tests=[test]))
    return came


@pytest.mark.parametrize(
    "expect",
    [
        {"effect": "require"},
        {"stages": ["owners"]},
        {"matched": ["api"]},
        {"risk": "low"},
        {"effect": "require", "stages": ["owners"], "matched": ["api"], "risk": "low"},
    ],
)
def test_what_is_expected_and_comes_out_passes(expect):
    assert outcome(expect).passed


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"effect": "allow"}, "effect: expected allow, came out require"),
        ({"stages": []}, "stages: expected [], came out ['owners']"),
        ({"matched": ["api", "docs"]}, "matched: expected ['api', 'docs'], came out ['api']"),
        ({"risk": "high"}, "risk: expected high, came out low"),
        ({"reason": "risk_pattern"}, "reason: expected risk_pattern, came out []"),
    ],
)
def test_what_comes_out_otherwise_is_told(expect, told):
    came = outcome(expect)
    assert (came.passed, came.differences) == (False, (told,))


def test_actor_and_circumstances_may_be_supposed():
    assert outcome({"stages": ["review"]}, actor={"kind": "person", "role": "owner"}).passed
    at_night = {"at": "2026-01-07T23:00:00Z"}
    assert outcome({"risk": "low"}, circumstances=at_night).verdict.risk.score == 16


def test_without_a_time_it_is_within_business_hours_wherever_they_are():
    policy = a_policy(
        hours={"zone": "Pacific/Kiritimati", "days": ["sun"], "start": "22:00", "end": "23:00"},
        rules=[{"name": "it", "when": {"hours": "inside"}, "then": {"allow": True}}],
        tests=[{"name": "it", "act": EDIT, "expect": {"matched": ["it"]}}],
    )
    assert [came.passed for came in run_examples(policy)] == [True]


def test_an_act_that_is_none_fails_and_says_why():
    came = outcome({"effect": "deny"}, act={"kind": "plan", "surprise": "hunter2"})
    assert not came.passed
    assert "surprise" in came.differences[0]
    assert "hunter2" not in came.differences[0]


def test_rules_and_tests_are_told_with_the_line_they_stand_in():
    text = """version: "1"
allowed_dirs: [docs]
rules:
  - name: docs
    then: {allow: true}
tests:
  - name: free
    act: {kind: plan}
    expect: {effect: allow}
"""
    policy = compile_policy(read_policy(text, name="policy.yaml"), source="workspace v1")
    [came] = run_examples(policy)
    assert (came.passed, came.line) == (True, 7)
    assert came.verdict
    [step] = [step for step in came.verdict.trace if step.rule]
    assert (step.name, step.line, step.file) == ("docs", 4, "policy.yaml")
    assert came.verdict.policy_source == "workspace v1"


def test_a_policy_is_compiled_once():
    text = 'version: "1"\nallowed_dirs: [docs]\n# Nobody else compiles this text.\n'
    first = compile_policy(read_policy(text), source="workspace v1")
    assert compile_policy(read_policy(text), source="workspace v1") is first
    other = compile_policy(read_policy(text), source="workspace v2")
    assert (other.source, other.conditions is first.conditions) == ("workspace v2", True)
