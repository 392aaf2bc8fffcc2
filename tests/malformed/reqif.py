"""ReqIF that chance has spoiled."""

import random
from collections.abc import Callable
from copy import deepcopy
from xml.etree import ElementTree  # nosec

from apps.specs.paper.differing import Present
from apps.specs.paper.leaves import Library
from apps.specs.paper.reqif import library_of_reqif, read_reqif
from config.env import ROOT
from tests.malformed.markdown import came_of
from tests.malformed.spoiling import (
    CANARY,
    Way,
    chance_of,
    cut,
    lines,
    marked,
    noise,
    splicing,
    spoiled,
)

SHOP = (ROOT / "tests/specs/paper/files/shop.reqif").read_text()
START, _, REST = SHOP.partition("<SPEC-OBJECTS>")
_, _, END = REST.partition("</SPECIFICATIONS>")
TEXT = "<xhtml:p># not a heading</xhtml:p>"


def case(start: int, number: int) -> bytes:
    chance = chance_of(start, number)
    return document(chance).encode(chance.choice(["utf-8"] * 9 + ["utf-16"]), "surrogatepass")


def document(chance: random.Random) -> str:
    return chance.choices([_spoiled, _rearranged, _bomb, noise], [4, 5, 1, 1])[0](chance)


def _spoiled(chance: random.Random) -> str:
    return spoiled(chance, [SHOP], WAYS)


def _rearranged(chance: random.Random) -> str:
    """Still XML: parts stand elsewhere, twice or nowhere, and name others or none."""
    root = ElementTree.fromstring(SHOP)  # nosec
    for _ in range(chance.choice([1, 1, 2, 8, 40])):
        parents = [root, *(each for each in root.iter() if len(each))]
        parent = chance.choice(parents)
        part = chance.choice(list(parent) or [root])
        match chance.randrange(6):
            case 0:
                parent[:] = [each for each in parent if each is not part]
            case 1:
                chance.choice(parents).append(deepcopy(part))
            case 2:
                part.text = chance.choice([*root.itertext(), "", *ODD])
            case 3:
                part.tag = chance.choice(list(root.iter())).tag
            case 4 | 5 if part.attrib:
                name = chance.choice(list(part.attrib))
                others = [each.attrib[name] for each in root.iter() if name in each.attrib]
                part.attrib[name] = chance.choice([*others, *ODD])
    return ElementTree.tostring(root, encoding="unicode")


ODD = ("", " ", CANARY, "9" * 5_000, "x" * 20_000, "true", "\u202e", "../..", "-1", "2026-02-30")
WAYS: list[Way] = [marked, cut, lines, splicing([SHOP])]


def _bomb(chance: random.Random) -> str:
    size = chance.choice([10, 100, 1_000, 10_000, 60_000])
    some = min(size, 10_000)
    bombs: list[Callable[[], str]] = [
        lambda: _with("<xhtml:div>" * size + "</xhtml:div>" * size),
        lambda: _with("<xhtml:ul><xhtml:li>" * some + "x" + "</xhtml:li></xhtml:ul>" * some),
        lambda: _with("<xhtml:table><xhtml:tr><xhtml:td>" * some
        + "</xhtml:td></xhtml:tr></xhtml:table>" * some),
        lambda: _with("<xhtml:blockquote>" * some + "</xhtml:blockquote>" * some),
        lambda: _with("<xhtml:b>x</xhtml:b>" * size),
        lambda: _with("<xhtml:table><xhtml:tr>" + "<xhtml:td/>" * size + "</xhtml:tr>"
        + "<xhtml:tr><xhtml:td/></xhtml:tr>" * some + "</xhtml:table>"),
        lambda: _with("<xhtml:pre>" + "`" * size + "</xhtml:pre>"),
        lambda: _with("&#x0;" * size),
        lambda: _with("&gt;" * size),
        lambda: _with("x" * 20 * size),
        lambda: "<REQ-IF>" + "<a>" * size,
        lambda: "<REQ-IF>" + "<a/>" * size + "</REQ-IF>",
        lambda: "<REQ-IF " + " ".join(f"a{n}='1'" for n in range(size)) + "/>",
        lambda: "<REQ-IF a='" + "x" * 20 * size + "'/>",
        lambda: "<!--" + "-" * size + "--><REQ-IF/>",
        lambda: "<!DOCTYPE x [<!ENTITY a 'b'>" + "<!ENTITY b '&a;&a;'>" * some
        + "]><REQ-IF>&b;</REQ-IF>",
        lambda: '<!DOCTYPE x SYSTEM "file:///etc/passwd"><REQ-IF/>',
        lambda: "<?x " * size,
        lambda: _within("<SPEC-HIERARCHY><CHILDREN>" * some
        + "</CHILDREN></SPEC-HIERARCHY>" * some),
        lambda: _within(_hierarchy("o-1") * some),
        lambda: _within("".join(map(_hierarchy, map("o-{}".format, range(some)))), some),
        lambda: _within(_deep(some), some),
    ]  # fmt: skip
    return chance.choice(bombs)()


def _with(xhtml: str) -> str:
    return SHOP.replace(TEXT, xhtml)


def _within(hierarchy: str, objects: int = 10) -> str:
    made = "".join(f'<SPEC-OBJECT IDENTIFIER="o-{n}"/>' for n in range(objects))
    return (
        f"{START}<SPEC-OBJECTS>{made}</SPEC-OBJECTS><SPECIFICATIONS>"
        f'<SPECIFICATION IDENTIFIER="s"><CHILDREN>{hierarchy}</CHILDREN></SPECIFICATION>'
        f"</SPECIFICATIONS>{END}"
    )


def _hierarchy(name: str) -> str:
    return (
        f"<SPEC-HIERARCHY><OBJECT><SPEC-OBJECT-REF>{name}</SPEC-OBJECT-REF></OBJECT>"
        "<CHILDREN></CHILDREN></SPEC-HIERARCHY>"
    )


def _deep(levels: int) -> str:
    inner = "".join(
        _hierarchy(f"o-{n}").removesuffix("</CHILDREN></SPEC-HIERARCHY>") for n in range(levels)
    )
    return inner + "</CHILDREN></SPEC-HIERARCHY>" * levels


def read_case(content: bytes, name: str = "x.reqif") -> str:
    nothing = Present(library=Library())
    return came_of(lambda: library_of_reqif(read_reqif(content, name), name=name, present=nothing))
