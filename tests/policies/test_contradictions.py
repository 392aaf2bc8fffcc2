"""Policies that are well formed and cannot mean what they say."""

import pytest

from apps.accounts.choices import Permission
from apps.accounts.rules import PERMISSIONS
from apps.policies.coherence import DECIDING_ROLES
from apps.policies.documents import read_policy
from tests.policies.faults import HEAD, SOMEBODY, fault


@pytest.mark.parametrize(
    ("more", "field", "line", "column", "part"),
    [
        (
            "rules: [{name: a, then: {deny: x}}, {name: a, then: {deny: x}}]\n",
            "rules[1].name",
            3,
            38,
            "stands here already",
        ),
        (
            "rules: [{name: a, then: {allow: true, over: [b]}}]\n",
            "rules[0].then.over[0]",
            3,
            46,
            "no rule of this name",
        ),
        (
            "rules: [{name: a, then: {allow: true, over: [b]}}, {name: b, then: {deny: x}}]\n",
            "rules[0].then.over[0]",
            3,
            46,
            "Only rules that require",
        ),
        (
            "default: {then: {allow: true, over: [b]}}\n",
            "default.then.over",
            3,
            31,
            "nothing to exempt",
        ),
        (
            "risk: {thresholds: {medium: 50}}\n",
            "risk.thresholds.high",
            3,
            8,
            "more than `medium`",
        ),
        (
            "risk: {thresholds: {high: 50, critical: 50}}\n",
            "risk.thresholds.critical",
            3,
            31,
            "more than `high`",
        ),
        ("hours: {start: 17:00, end: 09:00}\n", "hours.start", 3, 9, "before `end`"),
        ("hours: {start: 17:00}\n", "hours.start", 3, 9, "before `end`"),
        ("gate: {off: [hidden_unicode]}\n", "gate.off[0]", 3, 14, "always looked for"),
        (
            "gate: {patterns: [{name: a, regex: '(a'}]}\n",
            "gate.patterns[0].regex",
            3,
            29,
            "missing )",
        ),
        (
            "gate: {patterns: [{name: a, regex: '(?=a)'}]}\n",
            "gate.patterns[0].regex",
            3,
            29,
            "no look-around",
        ),
        (
            "gate: {patterns: [{name: a, regex: '(a)\\1'}]}\n",
            "gate.patterns[0].regex",
            3,
            29,
            "invalid escape sequence",
        ),
        (
            "gate: {patterns: [{name: a, regex: '(a{1000}){1000}'}]}\n",
            "gate.patterns[0].regex",
            3,
            29,
            "repetition",
        ),
        (
            "gate: {patterns: [{name: a, regex: 'a*'}]}\n",
            "gate.patterns[0].regex",
            3,
            29,
            "where nothing stands",
        ),
        (
            "default: {then: {require: [{quorum: 1}]}}\n",
            "default.then.require[0]",
            3,
            28,
            "Nobody could decide",
        ),
        (
            "default: {then: {require: [{roles: [contributor]}]}}\n",
            "default.then.require[0].roles[0]",
            3,
            37,
            "may not decide",
        ),
        (
            f"default: {{then: {{require: [{{people: [{SOMEBODY}], quorum: 2}}]}}}}\n",
            "default.then.require[0].quorum",
            3,
            77,
            "More votes are asked for",
        ),
        (
            "default: {then: {require: [{roles: [owner], due: 2d, expires: 24h}]}}\n",
            "default.then.require[0].due",
            3,
            45,
            "`due` comes first",
        ),
        (
            "default: {then: {require: [{roles: [owner]}, {roles: [owner]}]}}\n",
            "default.then.require[1].name",
            3,
            46,
            "stands here already",
        ),
        (
            "default: {then: {require: [{roles: [owner], escalation: [{after: 1h, to: [me]}]}]}}\n",
            "default.then.require[0].escalation[0].to[0]",
            3,
            75,
            "or the id of a person",
        ),
        (
            "default: {then: {require: [{roles: [owner], expires: 2h, "
            "escalation: [{after: 3h, to: [owner]}]}]}}\n",
            "default.then.require[0].escalation[0].after",
            3,
            72,
            "expired by then",
        ),
        (
            "break_glass: {enabled: true, roles: []}\n",
            "break_glass.roles",
            3,
            30,
            "who may break the glass",
        ),
        (
            "break_glass: {enabled: true, roles: [viewer]}\n",
            "break_glass.roles[0]",
            3,
            38,
            "A viewer may not decide",
        ),
        (
            "break_glass: {enabled: true, roles: [owner, owner]}\n",
            "break_glass.roles[1]",
            3,
            45,
            "stands here already",
        ),
        ("undo: {up_to: high}\n", "undo.up_to", 3, 8, "say how long"),
        (
            "tests: [{name: a, act: {}, expect: {}}]\n",
            "tests[0].expect",
            3,
            28,
            "A test of nothing",
        ),
        (
            "tests: [{name: a, act: {}, expect: {matched: [b]}}]\n",
            "tests[0].expect.matched[0]",
            3,
            47,
            "no rule of this name",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_told_where(more, field, line, column, part):
    found = fault(HEAD + more)
    assert found[:3] == (field, line, column)
    assert part in str(found[3])


@pytest.mark.parametrize(
    "glob",
    ["/etc/**", "~/x", "C:/x", "a\\b", "../x", "a/../b", "./a", "a/", "a//b"],
)
@pytest.mark.parametrize("where", ["deny_globs", "rules"])
def test_globs_that_no_resolved_path_can_match_are_refused(glob, where):
    if where == "deny_globs":
        assert fault(HEAD + f"deny_globs: ['{glob}']\n")[0] == "deny_globs[0]"
    else:
        rule = f"rules: [{{name: a, when: {{path: ['{glob}']}}, then: {{deny: x}}}}]\n"
        assert fault(HEAD + rule)[0] == "rules[0].when.path[0]"


@pytest.mark.parametrize("directory", ["/api", "..", "api/../..", ".", "api/**", "a//b", "~"])
def test_directories_are_named_in_full_below_the_root(directory):
    assert fault(f'version: "1"\nallowed_dirs: ["{directory}"]\n')[0] == "allowed_dirs[0]"


def test_a_directory_may_end_in_a_slash():
    assert read_policy('version: "1"\nallowed_dirs: [docs/api/]\n').document.allowed_dirs


def test_with_business_hours_a_day_is_as_long_as_they_are():
    stage = "{roles: [owner], business_hours: true, due: 10h, expires: 1d}"
    assert fault(HEAD + f"default: {{then: {{require: [{stage}]}}}}\n")[3] == (
        "It would expire before it is due: `due` comes first."
    )
    read_policy(HEAD + "default: {then: {require: [{roles: [owner], due: 10h, expires: 1d}]}}\n")


def test_roles_that_may_decide_are_those_of_accounts():
    assert {
        role for role, permissions in PERMISSIONS.items() if Permission.DECIDE in permissions
    } == DECIDING_ROLES


def test_more_globs_than_are_compiled_at_once_are_refused_at_the_rule_that_goes_too_far():
    globs = ", ".join(f"a{number}" for number in range(1500))
    rules = "".join(
        f"  - {{name: r{number}, when: {{path: [{globs}]}}, then: {{deny: x}}}}\n"
        for number in range(2)
    )
    field, line, _, message = fault(HEAD + "rules:\n" + rules)
    assert (field, line) == ("rules[1].when", 5)
    assert "at most 2,000" in str(message)
    long = ", ".join(f"'{number}{'x' * 400}'" for number in range(200))
    assert fault(HEAD + f"deny_globs: [{long}]\n")[0] == "deny_globs"


def test_patterns_have_a_length_together():
    patterns = ", ".join(f"{{name: p{number}, regex: '{'x' * 400}'}}" for number in range(30))
    assert "at most 10,000 characters" in str(
        fault(HEAD + f"gate: {{patterns: [{patterns}]}}\n")[3]
    )
