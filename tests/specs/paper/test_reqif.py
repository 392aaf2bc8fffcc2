"""ReqIF becomes nodes, and the same file again finds them."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.specs.models.graph import Node
from apps.specs.paper.differing import Present
from apps.specs.paper.leaves import Library
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.reqif import library_of_reqif, read_reqif
from tests.specs.paper.test_importing import other, refused, run, said, stranger

__all__ = ["other", "stranger"]
SHOP = (Path(__file__).parent / "files" / "shop.reqif").read_bytes()
TEXT = b"<xhtml:p># not a heading</xhtml:p>"


def library(content=SHOP, name="shop.reqif"):
    empty = Present(library=Library())
    return library_of_reqif(read_reqif(content, name), name=name, present=empty)


def body(xhtml):
    found = library(SHOP.replace(TEXT, xhtml.encode()))
    return found.leaves[2].body.partition("gift\\_cards")[2].strip()


def test_specifications_are_documents_and_relations_links():
    document, chapter, cards, check = library().leaves
    assert (document.key, document.kind, document.title) == (
        *("SPEC.online-shop", "spec", "Online shop"),
    )
    assert (chapter.key, chapter.kind) == ("SPEC.online-shop.payments", "section")
    assert (cards.key, cards.kind, cards.title) == ("SYS-7", "requirement", "Cards")
    assert (cards.parent, check.parent) == (chapter.key, chapter.key)
    assert cards.attributes == {
        "reqif": "o-2",
        "ForeignID": "SYS-7",
        "Priority": ["High"],
        "Rucklaufer_max": 3,
    }
    assert cards.body == (
        "The shop **SHALL** take:\n\n- cards\n- gift\\_cards\n\n\\# not a heading"
    )
    # "verified by" is said by what is verified
    assert (cards.links, check.links) == ((), (("verifies", "SYS-7"),))


def test_what_is_left_out_is_told():
    assert [(note.place, note.message.split(":")[0]) for note in library().notes] == [
        ("shop.reqif: o-2", "It stands at several places"),
        ("shop.reqif: l-2", "It leads from or to nothing"),
        ("shop.reqif: SPEC-OBJECTS", "1 stand in no specification"),
    ]


@pytest.mark.parametrize(
    ("xhtml", "markdown"),
    [
        ("a<xhtml:br/>b", "a\\\nb"),
        (
            "<xhtml:ol><xhtml:li>a</xhtml:li><xhtml:li>b<xhtml:p>c</xhtml:p></xhtml:li></xhtml:ol>",
            "1. a\n2. b\n   \n   c",
        ),
        ("<xhtml:pre>x  `\n y</xhtml:pre>", "```\nx  `\n y\n```"),
        ("<xhtml:a href='https://x.example/a b'>see</xhtml:a>", "[see](<https://x.example/a b>)"),
        (
            "<xhtml:table><xhtml:tr><xhtml:th>a|b</xhtml:th><xhtml:th/></xhtml:tr>"
            "<xhtml:tr><xhtml:td>1</xhtml:td></xhtml:tr></xhtml:table>",
            "| a\\|b |  |\n| --- | --- |\n| 1 |",
        ),
        (
            "<xhtml:ul><xhtml:li>a</xhtml:li><xhtml:ul><xhtml:li>b</xhtml:li></xhtml:ul></xhtml:ul>",
            "- a\n- b",
        ),
        (
            "<xhtml:table><xhtml:caption>Rates</xhtml:caption><xhtml:tbody><xhtml:tr><xhtml:td>x"
            "<xhtml:table><xhtml:tr><xhtml:td>in</xhtml:td></xhtml:tr></xhtml:table></xhtml:td>"
            "</xhtml:tr></xhtml:tbody></xhtml:table>",
            "Rates\n\n| x \\| in \\| \\| --- \\| |\n| --- |",
        ),
        ("<xhtml:object data='x.png'>plan</xhtml:object>", "[plan: x.png]"),
        ("&lt;script&gt; * 1. x", "\\<script\\> \\* 1. x"),
        ("<xhtml:blockquote>a<xhtml:p>b</xhtml:p></xhtml:blockquote>", "> a\n\n> b"),
    ],
)
def test_texts_are_markdown(xhtml, markdown):
    assert body(f"<xhtml:div>{xhtml}</xhtml:div>") == markdown


def nested(tables):
    begin = "<xhtml:table><xhtml:tr><xhtml:td>a|b</xhtml:td><xhtml:td>"
    return begin * tables + "x" + "</xhtml:td></xhtml:tr></xhtml:table>" * tables


def test_tables_that_lie_too_deep_in_tables_are_plain_text():
    three, twenty = body(nested(3)), body(nested(20))
    assert three.count("---") == twenty.count("---") == 6
    assert twenty.count("b") == 20
    assert len(twenty) < 2 * len(nested(20))


def test_a_long_table_with_one_wide_row_is_no_larger_than_it_is():
    wide = f"<xhtml:tr>{'<xhtml:td/>' * 3_000}</xhtml:tr>"
    long = "<xhtml:tr><xhtml:td>x</xhtml:td></xhtml:tr>" * 3_000
    assert len(body(f"<xhtml:table>{long}{wide}</xhtml:table>")) < 60_000


def test_an_archive_may_hold_several():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.reqif", SHOP)
        archive.writestr("plan.png", b"\x89PNG")
    assert len(library(packed.getvalue(), "shop.reqifz").leaves) == 4


def test_of_an_archive_it_is_told_which_file_is_none():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.reqif", SHOP)
        archive.writestr("b.reqif", b"<html/>")
    with pytest.raises(Unreadable) as told:
        library(packed.getvalue(), "shop.reqifz")
    assert [fault.place for fault in told.value.faults] == ["shop.reqifz/b.reqif"]


BOMB = b'<!DOCTYPE x [<!ENTITY a "b">]><REQ-IF>&a;</REQ-IF>'


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (BOMB, "x.reqif", "entities"),
        (b"<REQ-IF>", "x.reqif", "no readable XML"),
        (b"", "x.reqif", "no readable XML"),
        (b"<html/>", "x.reqif", "no ReqIF"),
        (b"PK", "x.reqifz", "no readable archive"),
        (SHOP.replace(b"UTF-8", b"nothing"), "x.reqif", "no readable XML"),
    ],
)
def test_what_is_no_reqif_is_told(content, name, message):
    with pytest.raises(Unreadable, match=message):
        library(content, name)


def test_texts_that_lie_too_deep_are_left_out():
    deep = b"<xhtml:div>" * 5000 + b"</xhtml:div>" * 5000
    found = library(SHOP.replace(TEXT, deep))
    assert found.leaves[2].body == ""
    assert "too deep" in found.notes[0].message


@settings(deadline=None)
@given(st.integers(0, len(SHOP) - 1), st.binary(max_size=8))
def test_a_damaged_file_is_read_or_told(at, damage):
    try:
        library(SHOP[:at] + damage + SHOP[at + len(damage) :])
    except Unreadable as error:
        assert error.faults  # noqa: PT017


def test_the_same_file_again_changes_nothing_and_a_newer_one_what_it_says(
    other, stranger, tmp_path
):
    file = tmp_path / "shop.reqif"
    file.write_bytes(SHOP)
    told = run("import_specs", other.id, file, "--as", stranger.id)
    assert [each["state"] for each in told["proposals"]] == ["applied"]
    assert len(told["notes"]) == 3
    assert run("import_specs", other.id, file, "--as", stranger.id)["proposals"] == []
    file.write_bytes(SHOP.replace(b"Payments", b"Paying").replace(b"Cards", b"Card"))
    run("import_specs", other.id, file, "--as", stranger.id)
    found = {leaf.key: leaf.title for leaf in said(other, stranger).leaves}
    assert found["SPEC.online-shop.payments"] == "Paying"
    assert found["SYS-7"] == "Card"


def test_a_key_that_somebody_else_has_is_not_taken_over(other, stranger, tmp_path):
    (tmp_path / "own.md").write_text("---\nkey: SYS-7\nkind: requirement\n---\n# Ours\n")
    run("import_specs", other.id, tmp_path, "--as", stranger.id)
    (tmp_path / "shop.reqif").write_bytes(SHOP)
    run("import_specs", other.id, tmp_path / "shop.reqif", "--as", stranger.id)
    assert Node.objects.get(workspace=other, key="SYS-7").title == "Ours"
    assert Node.objects.get(workspace=other, key="SPEC.online-shop.cards").title == "Cards"


def test_a_file_that_cannot_be_read_changes_nothing(other, stranger, tmp_path):
    (tmp_path / "x.reqif").write_bytes(BOMB)
    code, told = refused(other.id, tmp_path / "x.reqif", "--as", stranger.id)
    assert (code, told["faults"][0]["place"]) == (1, "x.reqif")


def test_another_document_with_the_same_identifiers_is_another_one(other, stranger, tmp_path):
    file = tmp_path / "shop.reqif"
    file.write_bytes(SHOP)
    run("import_specs", other.id, file, "--as", stranger.id)
    unlike = SHOP.replace(b"Online shop", b"Brakes").replace(b"Cards", b"Discs")
    unlike = unlike.replace(b"Payments", b"Wheels").replace(b"The shop ", b"Each wheel ")
    file.write_bytes(unlike.replace(b'"ReqIF.ForeignID"', b'"Number"'))
    told = run("import_specs", other.id, file, "--as", stranger.id)
    assert any("says something else" in note["message"] for note in told["notes"])
    found = {leaf.key: leaf.title for leaf in said(other, stranger).leaves}
    assert (found["SYS-7"], found["SPEC.brakes.wheels"]) == ("Cards", "Wheels")
