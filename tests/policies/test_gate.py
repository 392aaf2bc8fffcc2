"""What the gate tells of what it found: where, and never a secret."""

import pytest

from apps.policies.choices import ActKind, Finding
from apps.policies.engine.gate import BUILT_IN, MOST
from apps.policies.errors import PolicyInvalid
from tests.policies.hearing import a_policy, an_act, reasons, verdict_on


def hits(text, policy=None, kind=ActKind.PLAN):
    return verdict_on(an_act("x", kind=kind, texts={"body": text}), policy).hits


def test_a_hit_names_line_and_column():
    [hit] = hits("one\ntwo\n  see http://x.example")
    assert (hit.field, hit.line, hit.column, hit.excerpt) == ("body", 3, 7, "http://")


def test_a_disguised_hit_names_the_place_in_the_text_as_it_was_written():
    found = hits("ﬃ\n\u200b see \uff48ttp://x")
    assert [(hit.finding, hit.line, hit.column) for hit in found] == [
        (Finding.HIDDEN, 2, 1),
        (Finding.URL, 2, 7),
    ]
    assert found[0].excerpt == "U+200B ZERO WIDTH SPACE"
    assert found[1].excerpt == "\uff48ttp://"


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "k3" * 18, "token hunter2",
        "http://x?token=hunter2", "Bearer hunter2hunter2hunter2",
        "-----BEGIN PRIVATE KEY----- MIIE",
    ],
)  # fmt: skip
def test_no_excerpt_holds_a_secret(text):
    found = hits(text)
    assert Finding.SECRET in {hit.finding for hit in found}
    for hit in found:
        assert hit.excerpt in ("", "http://")


def test_an_excerpt_that_overlaps_a_secret_is_left_out():
    policy = a_policy(
        gate={"patterns": [{"name": "wide", "regex": "(?s)os.system.*", "finding": "command"}]}
    )
    text = "os.system('AKIAIOSFODNN7EXAMPLE')"
    assert {hit.pattern: hit.excerpt for hit in hits(text, policy)} == {
        "os.system": "os.system",
        "wide": "",
        "known key": "",
    }


def test_a_policy_adds_patterns_of_its_own():
    pattern = {"name": "codename", "regex": r"project\s+(bluebird|\p{Greek}+)"}
    policy = a_policy(gate={"patterns": [pattern], "off": ["url"]})
    [hit] = hits("See http://x on\nPROJECT Bluebird", policy)
    assert (hit.finding, hit.pattern, hit.line, hit.column) == ("custom", "codename", 2, 1)
    assert hit.excerpt == ""


def test_what_is_switched_off_is_not_looked_for_but_hidden_characters_are():
    policy = a_policy(gate={"off": list(Finding), "deny_in": ["spec.change"]})
    assert hits("os.system token http://x ../ ignore all previous instructions", policy) == ()
    found = hits("a\u200bb", policy, ActKind.SPEC_CHANGE)
    assert [hit.finding for hit in found] == [Finding.HIDDEN]


@pytest.mark.parametrize(
    "regex", ["(a", "(?=a)", r"(a)\1", "(?<!a)b", "a{1001}", "a*", "(.{500}){500}"]
)
def test_a_pattern_that_re2_does_not_take_is_refused(regex):
    with pytest.raises(PolicyInvalid) as refusal:
        a_policy(gate={"patterns": [{"name": "it", "regex": regex}]})
    [detail] = refusal.value.details
    assert detail["field"] == "gate.patterns[0].regex"
    assert regex not in detail["message"]


def test_a_pattern_that_other_engines_hang_on_is_harmless():
    policy = a_policy(gate={"patterns": [{"name": "evil", "regex": "(a+)+$"}]})
    assert hits("a" * 50_000 + "!", policy) == ()


def test_a_flood_of_findings_hides_no_other_and_no_kind():
    policy = a_policy(
        rules=[{"name": "it", "when": {"found": ["secret"]}, "then": {"deny": "No secrets."}}]
    )
    flood = "http://x ../ \u200b" * 3000
    verdict = verdict_on(
        an_act("a", texts={"a": flood, "b": flood, "c": "token"}, kind=ActKind.SPEC_CHANGE), policy
    )
    assert reasons(verdict) == {"policy_denied"}
    assert [hit.field for hit in verdict.hits if hit.finding == Finding.SECRET] == ["c"]
    patterns = 1 + sum(len(patterns) for patterns in BUILT_IN.values())
    assert len(verdict.hits) <= MOST * patterns


def test_the_end_of_a_long_text_is_searched_like_its_beginning():
    [hit] = hits("word " * 200_000 + "os.system")
    assert (hit.line, hit.column) == (1, 1_000_001)
