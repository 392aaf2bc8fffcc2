"""What the form of a policy refuses, and the schema that editors read."""

import pytest

from apps.policies.documents import FAULTS_LIMIT, document_schema, read_policy
from apps.policies.errors import PolicyInvalid
from tests.policies.faults import HEAD, RULE, fault, faults


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


def test_the_schema_describes_its_fields():
    schema = document_schema()
    assert schema["required"] == ["version", "allowed_dirs"]
    assert schema["additionalProperties"] is False
    when = schema["$defs"]["When"]["properties"]
    assert "delegated" in when["lineage"]["description"]
