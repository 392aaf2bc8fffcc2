"""XHTML, as ReqIF has it in its texts, to Markdown: what it says, not how it looks."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_BLOCKS = frozenset(
    {"address", "blockquote", "div", "dl", "dd", "dt", "p", "pre", "table", "ul", "ol"}
    | {f"h{level}" for level in range(1, 7)}
)
_AROUND = {"b": "**", "strong": "**", "em": "*", "i": "*", "code": "`", "tt": "`"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
_LINE_START = re.compile(r"^(\s*)([#>+-]|\d+[.)])(?=\s)", re.MULTILINE)
_BREAK = re.compile(r"(?<!\\)\\\Z")
"""That ends a line after which nothing comes."""
_WHITE = re.compile(r"[ \t\r\n]+")
DEEPEST = 50
NESTED = 3
"""Tables in one another. Deeper ones are plain text: at each level all of it is written anew."""


class TooDeep(Exception):
    pass


def name_of(element: Element) -> str:
    """Without its namespace."""
    return str(element.tag).rpartition("}")[2]


def markdown_of(element: Element) -> str:
    """Raises TooDeep."""
    return "\n\n".join(_blocks(element, 0, 0))


def _blocks(element: Element, depth: int, tables: int) -> Iterator[str]:
    """What stands in it, and in so many tables: runs of text, and blocks by themselves."""
    if depth > DEEPEST:
        raise TooDeep
    run = [_plain(element.text)]
    for child in element:
        name = name_of(child)
        if name in _BLOCKS:
            yield from _said("".join(run))
            run = []
            yield from _block(child, name, depth + 1, tables)
        else:
            run.append(_inline(child, name, depth + 1))
        run.append(_plain(child.tail))
    yield from _said("".join(run))


def _block(element: Element, name: str, depth: int, tables: int) -> Iterator[str]:
    match name:
        case "ul" | "ol":
            items = [child for child in element if name_of(child) in ("li", "ul", "ol")]
            marks = ("- " if name == "ul" else f"{number}. " for number in range(1, 1_000_000))
            listed = [
                _item(mark, item, depth, tables) for mark, item in zip(marks, items, strict=False)
            ]
            yield from ["\n".join(listed)] if listed else []
        case "table" if tables < NESTED:
            yield from _table(element, depth, tables + 1)
        case "table":
            yield from _said(_plain(" ".join(element.itertext())))
        case "pre":
            text = "".join(element.itertext())
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            yield f"{fence}\n{text.strip(chr(10))}\n{fence}"
        case "blockquote":
            for block in _blocks(element, depth, tables):
                yield "\n".join(f"> {line}".rstrip() for line in block.split("\n"))
        case _ if name[0] == "h" and name[1:].isdigit():
            yield from (f"**{said}**" for said in _blocks(element, depth, tables))
        case _:
            yield from _blocks(element, depth, tables)


def _item(mark: str, item: Element, depth: int, tables: int) -> str:
    text = "\n\n".join(_blocks(item, depth + 1, tables))
    below = "\n" + " " * len(mark)
    return mark + below.join(text.split("\n"))


def _table(element: Element, depth: int, tables: int) -> Iterator[str]:
    for caption in element:
        if name_of(caption) == "caption":
            yield from _blocks(caption, depth + 1, tables)
    rows = [[_cell(cell, depth, tables) for cell in row] for row in _rows(element)]
    if rows:
        width = max(len(row) for row in rows)
        # Only the first has to be as wide as the rule: each as wide would be one table of all that
        # a long and a wide one hold.
        first = rows[0] + [""] * (width - len(rows[0]))
        lines = [f"| {' | '.join(row)} |" for row in (first, *rows[1:])]
        yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(cell: Element, depth: int, tables: int) -> str:
    said = " ".join(_blocks(cell, depth + 1, tables))
    return said.replace("\n", " ").replace("|", "\\|")


def _rows(table: Element) -> Iterator[Element]:
    """Its own: a table in one of its cells has others."""
    for part in table:
        if name_of(part) == "tr":
            yield part
        elif name_of(part) in ("thead", "tbody", "tfoot"):
            yield from (row for row in part if name_of(row) == "tr")


def _inline(element: Element, name: str, depth: int) -> str:
    if depth > DEEPEST:
        raise TooDeep
    if name == "br":
        return "\\\n"
    inner = _plain(element.text)
    for child in element:
        inner += _inline(child, name_of(child), depth + 1) + _plain(child.tail)
    if name == "object":
        return f"[{inner.strip() or 'object'}: {_plain(element.get('data'))}]"
    if name == "a" and element.get("href"):
        return f"[{inner}](<{str(element.get('href')).translate({60: None, 62: None, 10: None})}>)"
    around = _AROUND.get(name, "")
    bare = inner.strip()
    if not around or not bare:
        return inner
    return inner.replace(bare, f"{around}{bare}{around}", 1)


def _plain(text: str | None) -> str:
    """So that nothing in it is a mark."""
    return _SPECIAL.sub(r"\\\1", _WHITE.sub(" ", text or ""))


def _said(run: str) -> Iterator[str]:
    lines = [line.strip() for line in run.split("\n")]
    broken = [line for line in lines if line not in ("", "\\")]
    text = _BREAK.sub("", "\n".join(broken))
    if text:
        yield _LINE_START.sub(r"\1\\\2", text)
