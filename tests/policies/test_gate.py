"""What the gate tells of what it found: where, and never a secret."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.texts.lookalikes import readings_of, unmasked
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


ACCENTS = "r\u00e9sum\u00e9 secr\u00e8te"


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_pattern_of_ones_own_finds_accents_however_they_are_put(written, asked):
    name = unicodedata.normalize(asked, "r\u00e9sum\u00e9")
    policy = a_policy(
        gate={"patterns": [{"name": "hers", "regex": f"{name}\\s+secr[\u00e8\u00e9]te"}]}
    )
    before = unicodedata.normalize(written, "\u00e4\u00e9\n\u1ec7\uac01 ")
    act = an_act(texts={"title": f"{before}{unicodedata.normalize(written, ACCENTS)} \u00e9"})
    [hit] = [hit for hit in verdict_on(act, policy).hits if hit.pattern == "hers"]
    assert (hit.line, hit.column) == (2, len(before.split("\n")[1]) + 1)


@given(
    st.text(
        st.sampled_from("ae\u0301\u0323\u0327\u1100\u1161\u11a8\uac00\u00e9 \n\u09c7\u09be\u0430x")
    )
)
def test_where_a_letter_stands_is_told_however_it_is_composed(text):
    """Each reading is its parts, so that what is found in it stands where it is said to stand."""
    for reading in readings_of(text):
        spans = [(at, at + 1) for at in range(len(reading.text))]
        places = reading.as_written(spans)
        assert places == sorted(places)
        for (start, end), (at, _) in zip(places, spans, strict=True):
            assert 0 <= start < end <= len(text)
            part = unicodedata.normalize("NFC", text[start:end])
            assert reading.text[at] in text[start:end] + part + unmasked(part)


def test_a_pattern_that_is_none_once_its_accents_are_put_together_is_refused():
    regex = "[\u0435\u0306-\u0307]"
    with pytest.raises(PolicyInvalid):
        a_policy(gate={"patterns": [{"name": "odd", "regex": regex}]})


@pytest.mark.parametrize(
    "letter",
    ["e\u0301", "\u1100\u1161\u11a8", "a" + "\u0301" * 50, "a" + "\u0301\u0323" * 250_000],
    ids=["one accent", "parts of a syllable", "many accents", "accents out of order"],
)
def test_a_long_text_of_letters_that_are_put_together_is_searched_in_time(letter):
    policy = a_policy(gate={"patterns": [{"name": "all", "regex": "[\u00e9\uac01\u00e1]+$"}]})
    act = an_act(texts={"title": letter * (500_000 // len(letter))})
    began = time.process_time()
    assert any(hit.pattern == "all" for hit in verdict_on(act, policy).hits) == (len(letter) < 9)
    assert time.process_time() - began < 10


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
