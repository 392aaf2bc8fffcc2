"""A policy's text becomes a document that knows where everything stands, or is refused."""

import pytest

from apps.accounts.choices import Permission
from apps.accounts.rules import PERMISSIONS
from apps.policies.coherence import DECIDING_ROLES
from apps.policies.documents import FAULTS_LIMIT, document_schema, read_policy
from apps.policies.errors import PolicyInvalid
from apps.policies.nodes import BYTES_LIMIT

HEAD = 'version: "1"\nallowed_dirs: [api]\n'
RULE = "rules:\n  - name: one\n"
SOMEBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def faults(text: str | bytes) -> list[dict[str, object]]:
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(text)
    assert refused.value.details
    return refused.value.details


def fault(text: str | bytes) -> tuple[object, ...]:
    """(field, line, column, message) of the only one."""
    (only,) = faults(text)
    return only["field"], only["line"], only["column"], only["message"]


def test_two_lines_are_a_whole_policy():
    parsed = read_policy(HEAD, name="mine.yaml")
    assert parsed.name == "mine.yaml"
    assert parsed.document.allowed_dirs == ["api"]
    assert parsed.document.max_diff_lines == 800
    assert parsed.document.llm.model == "llama-3.3-70b-versatile"
    assert parsed.document.llm.temperature == 0
    assert parsed.document.llm.max_tokens == 2048


def test_digest_is_of_the_text_however_it_is_handed_over():
    assert read_policy(HEAD).digest == read_policy(HEAD.encode()).digest
    assert read_policy(HEAD).digest != read_policy(HEAD + "# seen\n").digest
    assert len(read_policy(HEAD).digest) == 64


def test_everything_that_is_said_has_its_place():
    positions = read_policy(
        HEAD
        + "rules:\n  - name: one\n    then:\n      deny: no\n  - {name: two, then: {deny: x}}\n"
    ).positions
    assert positions.of("version") == (1, 1)
    assert positions.of("allowed_dirs", 0) == (2, 16)
    assert positions.of("rules", 0) == (4, 5)
    assert positions.of("rules", 0, "then") == (5, 5)
    assert positions.of("rules", 1, "then", "deny") == (7, 24)


def test_what_is_not_said_stands_where_it_would():
    positions = read_policy(HEAD + "llm:\n  model: small\n").positions
    assert positions.of("llm", "temperature") == positions.of("llm") == (3, 1)
    assert positions.of("hours", "zone") == (1, 1)
    assert positions.says("llm", "model")
    assert not positions.says("llm", "temperature")


# --- words are words


@pytest.mark.parametrize(
    "word", ["on", "no", "yes", "off", "y", "N", "0123", "12:30", "2026-01-07"]
)
def test_words_that_older_yaml_would_turn_into_something_else_stay_words(word):
    text = HEAD + f"rules:\n  - name: one\n    when: {{labels: [{word}]}}\n    then: {{deny: x}}\n"
    if ":" in word:  # not in a name
        text = HEAD + f"description: {word}\n"
        assert read_policy(text).document.description == word
    else:
        assert read_policy(text).document.rules[0].when.labels == [word]


def test_a_name_may_be_no():
    text = HEAD + "rules:\n  - name: no\n    then: {deny: Not today.}\n"
    assert read_policy(text).document.rules[0].name == "no"


def test_a_field_named_on_is_named_on():
    field, line, column, message = fault(HEAD + "on: 1\n")
    assert (field, line, column) == ("", 3, 1)
    assert "no such field" in str(message)


@pytest.mark.parametrize("spelling", ["yes", "on", '"true"', "1"])
def test_only_true_and_false_are_true_and_false(spelling):
    field, line, column, message = fault(HEAD + f"duties:\n  solo_opt_out: {spelling}\n")
    assert (field, line, column) == ("duties.solo_opt_out", 4, 3)
    assert str(message).startswith("Write true or false, without quotes")


@pytest.mark.parametrize("spelling", ["0800", "0o17", "0x1F", "1_000", '"800"', "8e2", "true"])
def test_numbers_are_written_plainly(spelling):
    field, line, column, message = fault(HEAD + f"max_diff_lines: {spelling}\n")
    assert (field, line, column) == ("max_diff_lines", 3, 1)
    assert str(message).startswith("Write a whole number")


def test_times_of_day_need_no_quotes():
    hours = read_policy(HEAD + "hours: {start: 08:30, end: 16:00}\n").document.hours
    assert (hours.start.hour, hours.start.minute, hours.end.hour) == (8, 30, 16)


# --- what is refused while it is read


@pytest.mark.parametrize(
    ("more", "line", "column", "part"),
    [
        ("a: &x 1\n", 3, 4, "Anchors"),
        ("a: *x\n", 3, 4, "Anchors"),
        ("<<: {}\n", 3, 1, "Anchors"),
        ("a: !!python/object:os.system x\n", 3, 4, "Tags"),
        ("a: ! x\n", 3, 4, "Tags"),
        ("---\nb: 1\n", 3, 1, "One file holds one policy"),
        ("? [a]\n: 1\n", 3, 3, "A field's name is one word"),
        ('"": 1\n', 3, 1, "name is missing"),
        ("llm:\n\tmodel: x\n", 4, 1, "spaces, not tabs"),
        ("max_diff_lines: 99999999999999999999\n", 3, 17, "longer than any"),
        ("description: 'it\n", 3, 14, "never closed"),
        ("description: a: b\n", 3, 15, "colon too many"),
        ('description: "\\d"\n', 3, 15, "backslash must be doubled"),
        ("allowed_dirs: [web]\n", 3, 1, "first in line 2"),
        ("a: {b: 1, b: 2}\n", 3, 11, "first in line 3"),
        ("description: a\u202eb\n", 3, 15, "invisible"),
        ("description: a\u2028b\n", 3, 15, "invisible"),
        ("description: a\ufeffb\n", 3, 15, "invisible"),
        ("description: a\x00b\n", 3, 15, "invisible"),
        ("description: a\ud800b\n", 3, 15, "invisible"),
        ("description: a\uffffb\n", 3, 15, "cannot stand in YAML"),
        ("a: " + "[" * 40, 3, 33, "at most 30 deep"),
        ("a:\n" + "".join(" " * depth + "- \n" for depth in range(1, 40)), 33, 31, "30 deep"),
    ],
)
def test_what_has_no_place_in_a_policy_is_refused_where_it_stands(more, line, column, part):
    _, found_line, found_column, message = fault(HEAD + more)
    assert (found_line, found_column) == (line, column)
    assert part in str(message)


def test_directives_are_refused():
    assert "Directives" in str(fault("%YAML 1.1\n---\n" + HEAD)[3])


@pytest.mark.parametrize("text", ["", "   \n", "# only a remark\n", "---\n"])
def test_nothing_is_no_policy(text):
    assert fault(text)[0] == ""


@pytest.mark.parametrize("text", ["words", "- a\n- b\n", "42", "null"])
def test_a_policy_is_made_of_fields(text):
    assert "made of fields" in str(fault(text)[3])


def test_a_text_that_is_too_large_is_not_read():
    field, line, column, message = fault("a: " + "[" * BYTES_LIMIT)
    assert (field, line, column) == ("", 1, 1)
    assert "at most 256 KiB" in str(message)
    assert "at most 256 KiB" in str(fault("#" + "é" * (BYTES_LIMIT // 2))[3])


def test_too_many_values_are_not_read_to_the_end():
    assert "at most 30,000" in str(fault(HEAD + "x: [" + "1," * 60_000 + "]\n")[3])


def test_bytes_that_are_no_utf_8_are_refused_where_they_stand():
    assert fault(HEAD.encode() + b"description: caf\xe9\n")[1:3] == (3, 17)
    assert "UTF-8" in str(fault(HEAD.encode("utf-16"))[3])


def test_a_mark_of_byte_order_and_carriage_returns_shift_nothing():
    text = "\ufeff" + HEAD.replace("\n", "\r\n") + "odd: 1\r\n"
    assert fault(text)[1:3] == fault(text.encode())[1:3] == (3, 1)


def test_invisible_characters_stay_out_however_they_are_spelled_but_a_test_may_hold_them():
    assert fault(HEAD + 'description: "a\\u202eb"\n')[:3] == ("description", 3, 1)
    example = (
        'tests: [{name: a, act: {texts: {intent: "a\\u202eb"}}, expect: {reason: risk_pattern}}]\n'
    )
    act = read_policy(HEAD + example).document.tests[0].act
    assert act == {"texts": {"intent": "a\u202eb"}}


def test_scripts_and_emoji_keep_the_joiners_they_need():
    for words in ("\u0645\u06cc\u200c\u062e\u0648", "⚠\ufe0f never", "👩\u200d💻 people"):
        assert read_policy(HEAD + f"description: {words}\n").document.description == words
    assert fault(HEAD + "description: ad\u200dmin\n")[1:3] == (3, 16)
    assert fault(HEAD + "description: a\ufe0f\n")[1:3] == (3, 15)
    assert fault(HEAD + "description: a\u3164b\n")[1:3] == (3, 15)


# --- what the form refuses


@pytest.mark.parametrize(
    ("text", "field", "line", "column", "part"),
    [
        ("allowed_dirs: [api]\n", "version", 1, 1, "`version` is missing"),
        ('version: "1"\n', "allowed_dirs", 1, 1, "`allowed_dirs` is missing"),
        ("version: 1\nallowed_dirs: [a]\n", "version", 1, 1, 'Write version: "1"'),
        ('version: "1"\nallowed_dirs: []\n', "allowed_dirs", 2, 1, "List at least 1"),
        ('version: "1"\nallowed_dirs:\n', "allowed_dirs", 2, 1, "Nothing stands here"),
        ('version: "1"\nallowed_dirs: api\n', "allowed_dirs", 2, 1, "Write a list"),
        ('version: "1"\nallowed_dirs: [1]\n', "allowed_dirs[0]", 2, 16, "needs quotes"),
        (HEAD + "max_dif_lines: 3\n", "", 3, 1, "Did you mean `max_diff_lines`?"),
        (HEAD + "max_diff_lines: 5001\n", "max_diff_lines", 3, 1, "at most 5000"),
        (HEAD + "max_diff_lines: -1\n", "max_diff_lines", 3, 1, "at least 0"),
        (HEAD + "llm: {temperature: 1.5}\n", "llm.temperature", 3, 7, "at most 1."),
        (HEAD + "llm: {max_tokens: 8193}\n", "llm.max_tokens", 3, 7, "at most 8192"),
        (HEAD + "llm: {max_tokens: 0}\n", "llm.max_tokens", 3, 7, "at least 1"),
        (HEAD + 'llm: {model: ""}\n', "llm.model", 3, 7, "at least 1 char"),
        (HEAD + "llm: []\n", "llm", 3, 1, "Write fields here"),
        (HEAD + "hours: {start: 9}\n", "hours.start", 3, 9, "like 09:00"),
        (HEAD + "hours: {start: 09:00Z}\n", "hours.start", 3, 9, "zone is said"),
        (HEAD + "hours: {zone: Mars/Base}\n", "hours.zone", 3, 9, "no time zone"),
        (HEAD + "hours: {zone: ../../etc/passwd}\n", "hours.zone", 3, 9, "no time zone"),
        (HEAD + RULE, "rules[0].then", 4, 5, "`then` is missing"),
        (HEAD + RULE + "    then:\n", "rules[0].then", 5, 5, "deny, allow, require"),
        (HEAD + RULE + "    then: {}\n", "rules[0].then", 5, 5, "deny, allow, require"),
        (HEAD + RULE + "    then: {deny: a, allow: true}\n", "rules[0].then", 5, 21, "Only one of"),
        (HEAD + RULE + "    then: {allow: no}\n", "rules[0].then.allow", 5, 12, "Write true"),
        (HEAD + RULE + "    then: {denny: a}\n", "rules[0].then", 5, 5, "deny, allow, require"),
        (
            HEAD + RULE + "    then: {require: [{roles: [reviewr]}]}\n",
            "rules[0].then.require[0].roles[0]",
            5,
            31,
            "Did you mean `reviewer`?",
        ),
        (
            HEAD + RULE + "    then: {require: [{roles: [owner], due: 4 hours}]}\n",
            "rules[0].then.require[0].due",
            5,
            39,
            "like 30m, 4h or 2d",
        ),
        (
            HEAD + RULE + "    when: {agent: [bob]}\n    then: {deny: x}\n",
            "rules[0].when.agent[0]",
            5,
            20,
            "Write an id",
        ),
        (
            HEAD + "risk: {factors: {labels: {pii: 101}}}\n",
            "risk.factors.labels",
            3,
            27,
            "at most 100",
        ),
        (
            HEAD + "tests: [{name: a, act: {}, expect: {effect: deney}}]\n",
            "tests[0].expect.effect",
            3,
            37,
            "Did you mean `deny`?",
        ),
    ],
)
def test_a_fault_of_form_is_told_with_its_place_and_what_to_do(text, field, line, column, part):
    found = fault(text)
    assert found[:3] == (field, line, column)
    assert part in str(found[3])


def test_all_faults_are_told_at_once_in_the_order_of_lines():
    found = faults("max_diff_lines: no\nallowed_dirs: [1]\nodd: 1\n")
    assert [each["line"] for each in found] == [1, 1, 2, 3]


def test_of_very_many_faults_the_first_are_told():
    with pytest.raises(PolicyInvalid, match="in 300 places") as refused:
        read_policy(HEAD + "".join(f"odd{number}: 1\n" for number in range(300)))
    assert [each["line"] for each in refused.value.details] == list(range(3, 3 + FAULTS_LIMIT))


# --- what contradicts itself


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


# --- nothing of the text comes back


SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"{SECRET}\n",
        f"root:x:0:0:{SECRET}:/root:/bin/sh\n",
        HEAD + f"{SECRET}: 1\n",
        HEAD + f"{SECRET}: 1\n{SECRET}: 2\n",
        HEAD + f"hours: {{zone: {SECRET}}}\n",
        HEAD + f"risk: {{factors: {{labels: {{{SECRET}: 101}}}}}}\n",
        HEAD
        + f"rules: [{{name: {SECRET}!, when: {{act: [{SECRET}], agent: [{SECRET}]}}, then: 1}}]\n",
        HEAD + f"gate: {{patterns: [{{name: a, regex: '({SECRET}'}}]}}\n",
        HEAD + f"rules: [{{name: a, then: {{allow: true, over: [{SECRET}]}}}}]\n",
        HEAD + f"a: *{SECRET}\n",
        HEAD + f"a: !{SECRET} b\n",
        HEAD + f"a: '{SECRET}\n",
        HEAD + f"max_diff_lines: {SECRET}\n",
        HEAD + f"tests: [{{name: a, act: {{}}, expect: {{matched: [{SECRET}]}}}}]\n",
    ],
)
def test_a_refusal_quotes_nothing_of_the_file(text):
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(text)
    assert SECRET not in repr(refused.value.details) + refused.value.text
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


# --- the schema that editors read


def test_the_schema_describes_its_fields():
    schema = document_schema()
    assert schema["required"] == ["version", "allowed_dirs"]
    assert schema["additionalProperties"] is False
    when = schema["$defs"]["When"]["properties"]
    assert "delegated" in when["lineage"]["description"]


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
