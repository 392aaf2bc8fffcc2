"""A text cut into passages: short enough to mean one thing, long enough to say it. Pure.

They end where paragraphs end. A short paragraph that ends one begins the next as well, so that what
is said across the cut is found too. Each begins with the title, which says what it is about.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

LONGEST = 1_000
"""Characters of one, its title aside: about as much as a small model reads."""
OVERLAP = 300
"""What is longer than this is not said twice."""

_BETWEEN = "\n\n"
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")
_GAPS = re.compile(r"\s+")


def passages_of(title: str, body: str) -> list[str]:
    """At least one: the title says something too."""
    return [f"{title}\n\n{part}" for part in _parts(body)] or [title]


def digest_of(passage: str) -> bytes:
    return sha256(passage.encode(errors="surrogatepass")).digest()


def _parts(body: str) -> Iterator[str]:
    part: list[str] = []
    for paragraph in _pieces(body):
        if part and len(_BETWEEN.join([*part, paragraph])) > LONGEST:
            yield _BETWEEN.join(part)
            part = part[-1:] if len(part[-1]) <= OVERLAP else []
        part.append(paragraph)
    if part:
        yield _BETWEEN.join(part)


def _pieces(body: str) -> Iterator[str]:
    """Paragraphs, and what is too long for one cut between words."""
    for paragraph in _PARAGRAPHS.split(body):
        rest = paragraph.strip()
        while len(rest) > LONGEST:
            gap = max((found.start() for found in _GAPS.finditer(rest, 0, LONGEST)), default=0)
            end = gap if gap > LONGEST // 2 else LONGEST
            yield rest[:end].rstrip()
            rest = rest[end:].lstrip()
        if rest:
            yield rest
