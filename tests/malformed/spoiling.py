"""What chance does to a sound text."""

import random
from collections.abc import Callable, Sequence

CANARY = "canary7f3a"
"""Stands in every text; no refusal of a policy may repeat it."""

Way = Callable[[random.Random, str], str]
SIGNS = "-:?[]{},&*!|>'\"%@`#~<\\ \t\n\r\0"
MARKS = [
    *SIGNS, "\x1b", "\x7f", "\x85", "\xa0", "é", "\u200b", "\u202e", "\u2028", "\ud800", "\ufeff",
    "\uffff", "😀", "\U000e0041", "---\n", "...\n", "<<: ", "!!python/name:os.system ", "? ", "- ",
    "\n\n\n", "${HOME}", "{{ x }}", "../", "%00", "\\u0000", "\\x41",
]  # fmt: skip


def chance_of(start: int, number: int) -> random.Random:
    """A case is replayed by its seed and number alone."""
    return random.Random(f"{start}:{number}")


def spoiled(chance: random.Random, texts: Sequence[str], ways: Sequence[Way]) -> str:
    text = chance.choice(texts)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8, 40])):
        text = chance.choice(ways)(chance, text)
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(["", CANARY, f" {CANARY}: ", f"\n{CANARY}: 1\n"]) + text[at:]


def marked(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(MARKS) + text[at + chance.choice([0, 0, 1, 5]) :]


def cut(chance: random.Random, text: str) -> str:
    first, last = _span(chance, text)
    return chance.choice([text[:first], text[first:], text[:first] + text[last:]])


def lines(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = " " * chance.randrange(8) + lines[one].lstrip()
        case 4:
            lines[one] = "\t" + lines[one]
    return "\n".join(lines)


def splicing(texts: Sequence[str]) -> Way:
    def spliced(chance: random.Random, text: str) -> str:
        other = chance.choice(texts)
        first, last = _span(chance, other)
        at = chance.randrange(len(text) + 1)
        return text[:at] + other[first:last] + text[at:]

    return spliced


def noise(chance: random.Random) -> str:
    size = chance.choice([0, 1, 5, 50, 500, 5000])
    if chance.random() < 0.5:
        return "".join(chance.choice([*MARKS, "a", "1", "\n", " "]) for _ in range(size))
    return "".join(chr(chance.randrange(1, 0x3000)) for _ in range(size))


def coded(chance: random.Random, text: str) -> str | bytes:
    """One in ten as bytes, of which half are cut."""
    if chance.random() >= 0.1:
        return text
    content = text.encode(chance.choice(["utf-8", "utf-16", "utf-32", "cp1252"]), "replace")
    return content[: chance.randrange(len(content) + 1)] if chance.random() < 0.5 else content


def _span(chance: random.Random, text: str) -> tuple[int, int]:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return first, last
