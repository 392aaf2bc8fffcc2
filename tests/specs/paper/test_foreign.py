"""Front matter of other tools is understood as far as it goes, and never fatal."""

import json
import time
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.specs.paper.foreign import understood
from apps.specs.paper.reading import Unreadable
from tests.malformed.front_matter import PREAMBLE
from tests.specs.paper.wild import read

ANCHORS = "base: &base\n  team: pay\nuse: *base\ntags: [a, b]\n"
LAUGHS = 'a: &a ["x","x","x","x","x","x","x","x","x"]\n' + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


def document(front, fence="---"):
    return read(f"{fence}\n{front}{fence}\n\n# Heading\n\nIt SHALL work.\n", path="d/x.md")[0]


def test_a_preamble_that_is_no_yaml_is_read_line_by_line():
    leaf = document(PREAMBLE)
    assert (leaf.title, leaf.status) == ("ERC-1155: Multi Token Standard", "active")
    assert [(r.kind, r.said) for r in leaf.refers] == [("depends_on", "20"), ("depends_on", "155")]
    assert leaf.attributes == {
        "eip": "1155",
        "author": "Witek Radomski <witek@example.org>, Andrew Cooke",
        "type": "Standards Track",
        "status": "Final",
        "created": "2018-06-17",
        "requires": "20, 155",
    }
    assert "line by line" in leaf.notes[0]


def test_toml_has_dates_and_tables():
    leaf = document('title = "Pay"\ndate = 2024-02-29\ntags = ["a"]\n[x]\nn = 1.5\n', "+++")
    assert (leaf.title, leaf.labels) == ("Pay", ("a",))
    assert leaf.attributes == {"date": "2024-02-29", "x": {"n": 1.5}}
    assert leaf.notes == ()


@pytest.mark.parametrize(
    ("said", "status"),
    [("Draft", "draft"), ("In Review", "draft"), ("accepted", "active"), ("superseded", "retired")],
)
def test_words_for_a_status_are_known_and_kept(said, status):
    leaf = document(f"title: x\nstatus: {said}\n")
    assert (leaf.status, leaf.attributes) == (status, {"status": said})


def test_an_unknown_status_is_an_attribute():
    leaf = document("status: ready for Ann\n")
    assert (leaf.status, leaf.attributes) == ("active", {"status": "ready for Ann"})


@pytest.mark.parametrize("said", ["[a, b b]", "a, b b", "\n  - a\n  - b b\n"])
def test_tags_are_labels(said):
    assert document(f"tags: {said}\nx: 1\n").labels == ("a", "b b")


def test_its_own_id_becomes_its_key_and_that_says_its_kind():
    leaf = document("id: REQ-7\nname: Cards\n")
    assert (leaf.key, leaf.kind, leaf.title) == ("REQ-7", "requirement", "Cards")
    assert leaf.attributes == {"id": "REQ-7"}
    plain = document("id: intro\ntype: goal\n")
    assert (plain.key, plain.kind, plain.attributes) == ("SPEC.wild", "goal", {"id": "intro"})


def test_who_is_no_member_stays_an_attribute():
    leaf = document("owner: platform-team\nurl: https://x.example\n")
    assert (leaf.owner, leaf.attributes["owner"]) == (None, "platform-team")


def test_names_that_cannot_be_attributes_are_told():
    leaf = document('"größe in cm": 1\n"größe-in cm": 2\n"": 3\n')
    assert leaf.attributes == {"gro_e_in_cm": "1", "gro_e-in_cm": "2"}
    assert [note.split("`")[1] for note in leaf.notes] == ["größe in cm", "größe-in cm", ""]


def test_anchors_hold_for_others_and_bombs_do_not_go_off():
    leaf = document(ANCHORS)
    assert leaf.attributes == {"base": {"team": "pay"}, "use": {"team": "pay"}}
    bomb = document(LAUGHS)
    assert any("too many values" in note for note in bomb.notes)
    assert len(json.dumps(dict(bomb.attributes))) < 100_000


def test_numbers_that_json_cannot_say_become_text():
    leaf = document("big = 9007199254740993\nnot = nan\nat = 07:30:00\n", "+++")
    assert leaf.attributes == {"big": "9007199254740993", "not": "nan", "at": "07:30:00"}


def test_names_of_a_few_parts_are_those_of_tables():
    leaf = document("title = 'Pay'\nbuild.\"with it\".env.deep = 1\n", "+++")
    assert leaf.attributes == {"build": {"with it": {"env": {"deep": 1}}}}


@pytest.mark.parametrize("part", ["x", '"x"', "'x y'", r'"\""'])
def test_names_of_very_many_parts_take_little(part):
    """They took as much as the square of their number: a small file the memory of a machine."""
    name = " . ".join([part] * 3_000)
    tracemalloc.start()
    try:
        document(f"title = 'Pay'\n{name} = 1\n", "+++")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000


def test_a_value_may_have_as_many_parts_as_it_likes():
    oid = "1." * 100
    leaf = document(f"# {oid}\ntitle = 'Pay'\noid = ['{oid}']\n", "+++")
    assert (leaf.title, leaf.attributes) == ("Pay", {"oid": [oid]})


@pytest.mark.parametrize("sign", ['\\"', ',"', "['", '"', ",a.", "[ ", "{a."])
def test_to_look_for_such_names_takes_no_time(sign):
    began = time.process_time()
    document(f"title = 'Pay'\nx = \"{sign * 60_000}\n", "+++")
    document(f"title = 'Pay'\n{sign * 60_000}\n", "+++")
    assert time.process_time() - began < 5


def test_a_fence_of_toml_ends_with_its_own():
    leaf = read("+++\ntitle = '''\n---\n'''\n+++\nText.\n")[0]
    assert leaf.body == "Text."
    opened = read("+++\ntitle = 1\n\n---\n\nText.\n")[0]
    assert opened.body.startswith("+++")


@pytest.mark.parametrize(
    "front",
    [
        "\nHello world.\n\n",
        "The limit is 500\nin Germany: 400.\n",
        "just words\n",
        "- a\n- b\n",
    ],
)
def test_what_is_no_front_matter_is_text(front):
    leaves = read(f"---\n{front}---\n\nMore.\n")
    text = "".join(f"{leaf.heading}\n{leaf.title}\n{leaf.body}" for leaf in leaves)
    for word in [*front.replace("-", " ").split(), "More."]:
        assert word in text


def test_what_nobody_could_write_in_a_line_is_no_title_or_label():
    leaf = document('title: "a\\u0007b"\ntags: ["c\\u0007d"]\nx: {"p q": 1, "p_q": 2}\n')
    assert (leaf.title, leaf.labels) == ("a b", ("c d",))
    assert leaf.attributes == {"title": "a\u0007b", "x": {"p q": 1, "p_q": 2}}


def test_whoever_means_our_form_is_told_what_is_wrong():
    with pytest.raises(Unreadable, match="lables"):
        document("key: REQ-1\nlables: [a]\n")


words = st.sampled_from(
    [
        *(
            "title",
            "id",
            "tags",
            "requires",
            "status",
            ":",
            " ",
            "- ",
            "[",
            "{",
            "&a",
            "*a",
            "!!int",
        ),
        *("\n", "\n  ", "'", '"', "#", "|", "?", "%", "2020-13-45", "1e999", "\ufffe", "\x00", "é"),
        *(
            "=",
            "[[x]]",
            "{}",
            "20, 155",
            "a" * 90,
            "\ud800",
            "\x85",
            "~",
            "<<: *a",
            '"a\\u0007b"',
            "\\u0007",
            "\x1f",
        ),
    ]
)


@settings(deadline=None)
@given(st.lists(words, max_size=30).map("".join), st.sampled_from(["---", "+++"]))
@example("[" * 5000, "---")
@example("x = " + "[" * 5000, "+++")
@example("&a [*a]", "---")
@example("x: &a [*a]", "---")
@example("title: 2020-13-45", "---")
@example('title: "a\\u0007b"\nauthor: x', "---")
def test_nothing_in_it_is_fatal(front, fence):
    found = understood(front, fence=fence)
    if found is None:
        return
    json.dumps(dict(found.mark.attributes), allow_nan=False)
    assert len(found.mark.attributes) <= 200
