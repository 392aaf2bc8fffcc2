"""Who brought each paragraph of a body, when and why."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from apps.common.diffs.matching import lines_of
from apps.specs.models.graph import Node, Revision
from apps.specs.selectors.nodes import revisions_numbered

AT_ONCE = 10
"""Bodies of the past that are fetched."""
MOST_CHARACTERS, MOST_LINES = 20_000_000, 1_000_000
"""Of bodies of the past that are read, all in all. What is older stays unexplained."""

_OLDER = 0
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    text: str
    first: int
    """Its first line in the body, from 1."""
    last: int


@dataclass(frozen=True, kw_only=True)
class Blamed:
    paragraph: Paragraph
    version: int
    """That brought it; where it is older than was read, the oldest version that was."""
    revision: Revision | None
    """None: it is older."""


def blame_of(node: Node, *, version: int | None = None) -> list[Blamed]:
    """Of the body as one version has it, the newest unless it is said. A paragraph that only moved
    keeps its origin; one that was taken out and put in again is as old as its return. Versions are
    read from the newest back, until all is explained or they are too many."""
    told = node.versions.filter(number__lte=version or node.version).order_by("-number")
    bodies = told.values_list("number", "since", "body").iterator(chunk_size=AT_ONCE)
    number, since, body = next(bodies)
    paragraphs = list(paragraphs_of(body))
    waiting = Counter(paragraph.text for paragraph in paragraphs)
    origins: dict[str, list[tuple[int, int]]] = defaultdict(list)
    characters = lines = 0
    while waiting:
        older = next(bodies, (0, 0, ""))
        characters += len(older[2])
        lines += older[2].count("\n")
        if characters > MOST_CHARACTERS or lines > MOST_LINES:
            for text, count in waiting.items():
                origins[text] += [(number, _OLDER)] * count
            break
        there = Counter(paragraph.text for paragraph in paragraphs_of(older[2]))
        for text, count in (waiting - there).items():
            origins[text] += [(number, since)] * count
        waiting &= there
        number, since = older[:2]
    revisions = revisions_numbered(
        node.workspace_id, (since for brought in origins.values() for _, since in brought)
    )
    found = []
    for paragraph in paragraphs:
        number, since = origins[paragraph.text].pop()  # of several alike, the first is the oldest
        found.append(Blamed(paragraph=paragraph, version=number, revision=revisions.get(since)))
    return found


def paragraphs_of(body: str) -> Iterator[Paragraph]:
    """Blank lines divide them, but for those inside of fenced code."""
    lines: list[str] = []
    fence = ""
    for number, line in enumerate([*lines_of(body), ""], 1):
        if line.strip() or (line and fence):
            lines.append(line.removesuffix("\n"))
            fence = _fence_after(line, fence)
        elif lines:
            yield Paragraph(text="\n".join(lines), first=number - len(lines), last=number - 1)
            lines = []


def _fence_after(line: str, fence: str) -> str:
    """What has to come for the fence to be closed. Empty: none is open."""
    if not (found := _FENCE.match(line)):
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence
