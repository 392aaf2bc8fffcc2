"""Files as nobody should write them: sound ones, spoiled."""

import random
from collections.abc import Iterator

from tests.mirror.test_inwards import SHOP
from tests.mirror.test_outwards import WILD

MARKED = """\
---
key: REQ-{at}
kind: requirement
status: active
labels: [a, b]
links: {{refines: [GOAL-1]}}
---

# REQ-{at}: Cards

It SHALL.

## Part
<!-- lattice {{"labels":["pci"],"spacing":["\\n",""]}} -->

Text with [a link](other.md#part).
"""
SPLINTERS = (
    *("---\n", "+++\n", "\n---", "# ", "## ", "```\n", "<!-- lattice {", "} -->", "\0", "\ufeff"),
    *("key: REQ-1\n", "id: 0\n", "headings: 99\n", "under: REQ-1\n", "body: |\n", "&a *a\n"),
    *("\u200b", "\u202e", "\r", "\r\n", "\t", "[](", "](../../etc/passwd.md)", "{", "}" * 40),
    *("[" * 400, "> " * 200, "- " * 100, "x" * 5_000, "status: nothing\n", "kind: [\n"),
)


def spoiled(seed: int, how_many: int) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents."""
    drawn = random.Random(seed)
    for at in range(how_many):
        text = drawn.choice((SHOP, WILD, MARKED.format(at=at)))
        for _ in range(drawn.randint(1, 6)):
            start = drawn.randint(0, len(text))
            match drawn.randint(0, 3):
                case 0:
                    text = text[:start] + drawn.choice(SPLINTERS) + text[start:]
                case 1:
                    text = text[:start] + text[start + drawn.randint(1, 40) :]
                case 2:
                    text = text[:start]
                case _:
                    end = start + drawn.randint(1, 60)
                    text = text[:end] + text[start:end] + text[end:]
        content = text.encode()
        if drawn.random() < 0.1:
            start = drawn.randint(0, len(content))
            content = content[:start] + drawn.randbytes(3) + content[start:]
        yield b"f%d%s.md" % (at, b"\xe9" if at % 20 == 7 else b""), content
