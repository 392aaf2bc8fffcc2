"""A policy's text becomes a document that knows where everything stands, or is refused."""

import pytest

from apps.common.yaml.nodes import BYTES_LIMIT
from apps.policies.documents import read_policy
from tests.policies.faults import HEAD, fault


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
