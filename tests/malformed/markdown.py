"""Files of a folder of specs, or of OpenSpec, that chance has spoiled."""

import random
from collections.abc import Callable

from apps.specs.choices import NodeKind
from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.paper.differing import Present, operations_between
from apps.specs.paper.files import library_in
from apps.specs.paper.folder import text_of
from apps.specs.paper.leaves import Library, PaperFault
from apps.specs.paper.openspec import changes_in, library_of_specs, operations_of
from apps.specs.paper.reading import Unreadable
from tests.malformed.spoiling import (
    Way,
    chance_of,
    coded,
    cut,
    lines,
    marked,
    noise,
    splicing,
    spoiled,
)

OURS = """\
---
key: REQ-1
kind: requirement
status: active
labels: [a, b]
links: {refines: [GOAL-1]}
---

# REQ-1: Cards

It SHALL.

## Part
<!-- lattice {"labels":["pci"],"spacing":["\\n",""]} -->

Text with [a link](other.md#part).
"""
FOREIGN = """\
---
title: Till
tags: [money]   # of the team
---
# Till
What it is for.

Coins
-----
It SHALL take coins.
* one
*  two


## Notes ##

> It SHALL take notes.
"""
DELTA = """\
# Payments

## ADDED Requirements

### Requirement: Cards

The shop SHALL take cards.

#### Scenario: A card
- **WHEN** it is shown
- **THEN** it is taken

## RENAMED Requirements

- FROM: `### Requirement: Coins`
- TO: `### Requirement: Cash`
"""
TEXTS = [OURS, FOREIGN, DELTA]
SPLINTERS = (
    *("---\n", "+++\n", "\n---", "# ", "## ", "```\n", "<!-- lattice {", "} -->", "\0", "\ufeff"),
    *("key: REQ-1\n", "id: 0\n", "headings: 99\n", "under: REQ-1\n", "body: |\n", "&a *a\n"),
    *("\u200b", "\u202e", "\r", "\r\n", "\t", "[](", "](../../etc/passwd.md)", "{", "}" * 40),
    *("[" * 400, "> " * 200, "- " * 100, "x" * 5_000, "status: nothing\n", "kind: [\n"),
)


def case(start: int, number: int, *, bombs: bool = True) -> str | bytes:
    chance = chance_of(start, number)
    spoil = chance.choices([_spoiled, _bomb, noise], [8, int(bombs), 1])[0]
    return coded(chance, spoil(chance).replace("REQ-1", f"REQ-{number}"))


def _spoiled(chance: random.Random) -> str:
    return spoiled(chance, TEXTS, WAYS)


def _splintered(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SPLINTERS) + text[at:]


WAYS: list[Way] = [marked, cut, lines, lines, _splintered, _splintered, splicing(TEXTS)]


def _bomb(chance: random.Random) -> str:
    size = chance.choice([10, 100, 1_000, 10_000])
    bombs: list[Callable[[], str]] = [
        lambda: "> " * size + "x",
        lambda: "".join(" " * n + "- x\n" for n in range(min(size, 300))),
        lambda: "- " * size,
        lambda: "[" * size,
        lambda: "[" * size + "](" * size,
        lambda: "![a](" * size,
        lambda: "<" * size,
        lambda: "<!--" * size,
        lambda: "<a href='" * size,
        lambda: "*a_ " * size,
        lambda: "**" * size + "a" + "**" * size,
        lambda: "`" * size,
        lambda: "".join("`" * n for n in range(1, min(size, 300))),
        lambda: "\\" * size,
        lambda: "&#x41;" * size,
        lambda: "[a]: b\n" * size,
        lambda: "".join(f"[a{n}]: b\n" for n in range(size)) + "[a]" * size,
        lambda: "| a " * size + "\n" + "| - " * size + "\n" + "|x\n" * min(size, 3_000),
        lambda: "# x\n" * min(size, 1_500),
        lambda: "".join("#" * (1 + n % 6) + f" x{n}\n" for n in range(min(size, 1_500))),
        lambda: "# " + "x" * size,
        lambda: "\n" * size,
        lambda: "\t" * size,
        lambda: "\r" * size,
        lambda: f"{OURS}\n" + "## x\n<!-- lattice {} -->\n" * min(size, 1_500),
        lambda: '# x\n<!-- lattice {"headings":' + "9" * size + "} -->",
        lambda: '# x\n<!-- lattice {"labels":' + "[" * size + "} -->",
        lambda: "[x](a.md#" + "y" * size + ")",
        lambda: "".join(f"[x](a{n}.md)\n" for n in range(size)),
        lambda: "REQ-1 " * size,
    ]
    return chance.choice(bombs)()


KINDS = {name: Kind(prefix=prefix) for name, prefix in BUILT_IN.items()}
THERE = {"REQ-1": NodeKind.REQUIREMENT}


def read_case(text: str | bytes) -> str:
    found = text_of("x.md", text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    if isinstance(found, PaperFault):
        _look_at(found)
        return "no text"
    _read_openspec(found)
    return came_of(lambda: library_in({"d/x.md": found}, kinds=KINDS, keys=THERE))


def came_of(read: Callable[[], Library]) -> str:
    """Of a file whose every node would be proposed."""
    try:
        library = read()
        operations_between(Present(library=Library()), library)
    except Unreadable as refused:
        assert refused.faults  # noqa: PT017 (whatever is no document is told)
        for fault in refused.faults:
            _look_at(fault)
        return "refused"
    return "read with notes" if library.notes else "read"


def _read_openspec(text: str) -> None:
    nothing = Present(library=Library())
    files = {"specs/x/spec.md": text, "changes/y/specs/z/spec.md": text}
    library_of_specs(files, nothing)
    for change in changes_in({**files, "changes/y/proposal.md": text}):
        operations_of(change, nothing)


def _look_at(fault: PaperFault) -> None:
    assert fault.place, fault
    assert fault.message, fault
