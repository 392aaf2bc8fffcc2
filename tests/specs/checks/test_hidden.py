"""What nobody sees, or takes for something else, is named with its place."""

import pytest

from apps.specs.choices import Op, Severity
from tests.specs.checks.proposed import done, found, graph, node, proposal, said


@pytest.mark.parametrize(
    ("text", "severity", "column", "rule"),
    [
        ("pay\u202eyap the bill", Severity.ERROR, 4, "hidden"),
        ("pay \u2066the\u2069 bill", Severity.ERROR, 5, "hidden"),
        ("pay" + "".join(chr(0xE0000 + ord(c)) for c in "now"), Severity.ERROR, 4, "hidden"),
        ("zero\u200bwidth", Severity.WARNING, 5, "hidden"),
        ("soft\u00adhyphen", Severity.WARNING, 5, "hidden"),
        ("bell\x07", Severity.WARNING, 5, "hidden"),
        ("the p\u0430yment", Severity.WARNING, 5, "lookalike"),
        ("see R\u0415Q-12", Severity.WARNING, 5, "lookalike"),
    ],
)
def test_hidden_and_disguised_characters_are_found(text, severity, column, rule):
    one = found(said(f"First line.\n{text}"), "hidden")[0]
    assert (one.severity, one.field, one.line, one.column) == (severity, "body", 2, column)
    assert one.rule == rule
    assert one.fix


@pytest.mark.parametrize(
    "text",
    [
        "Zahle mit Karte: naïve Übung, œuvre, ﬁn",
        "Оплата картой и возврат денег",
        "شكرا جزيلا لك",
        "می‌خواهم",
        "क्‍ष",
        "5 µs, 10 kΩ, Δt, α and β, 3 × 4",  # noqa: RUF001
        "👩‍👩‍👧 family, ❤️ heart, 🏴󠁧󠁢󠁳󠁣󠁴󠁿 flag",
        "支払い\tカード",
        "tab\tand\r\nreturn",
    ],
)
def test_what_scripts_emoji_and_units_need_is_fine(text):
    assert found(said(text), "hidden") == []


def test_right_to_left_marks_beside_hebrew_are_advice():
    (one, two) = found(said("שלום \u2066REQ-1\u2069 עולם"), "hidden")
    assert {one.severity, two.severity} == {Severity.ADVICE}


def test_what_stood_there_before_is_advice_and_what_is_new_is_not():
    old = "zero\u200bwidth"
    (one,) = found(said(f"{old}\nand more", before=old), "hidden")
    assert one.severity == Severity.ADVICE
    worst, _ = found(said(f"{old}\na\u202eb", before=old), "hidden")
    assert (worst.severity, worst.line) == (Severity.ERROR, 2)


def test_every_text_of_a_node_is_looked_at():
    texts: dict = {"title": "a\u202eb", "heading": "# a\u202eb", "labels": ("x\u200by",)}
    attributes = {"who": ["a\u202eb"], "na\u200bme": 1}
    after = graph([node("REQ-1", attributes=attributes, **texts)])
    checked = proposal(graph(), after, done(Op.CREATE, "REQ-1", after=texts))
    fields = {(one.field, one.severity, one.operation) for one in found(checked, "hidden")}
    assert fields == {
        (name, Severity.ERROR, 0)
        for name in ("title", "heading", "labels", "attributes.who.0", "attributes (names)")
    }


def test_a_disguised_word_is_written_out_plainly():
    (one,) = found(said("p\u0430y"), "hidden")
    assert one.fix == "Write: pay"


def test_a_text_full_of_them_is_told_in_a_few():
    assert len(found(said("a\u200bb p\u0430y\n" * 5_000), "hidden")) == 40
