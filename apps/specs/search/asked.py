"""What somebody typed, taken apart. Pure.

Words are wished for, "phrases" demanded as they stand, and -what follows a minus is left out.
"""

import re
from dataclasses import dataclass

LONGEST = 500
"""Of a question, in characters."""
MOST_EACH = 10
"""Phrases, and words that are left out."""

NEVER = "(?!)"

_TOKEN = re.compile(r'(?<!\S)(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Asked:
    words: str
    """All that is wished for, phrases included, as text: a model reads it whole."""
    names: tuple[str, ...]
    """What may be a key."""
    phrases: tuple[str, ...]
    """As patterns, for PostgreSQL."""
    without: tuple[str, ...]
    without_phrases: tuple[str, ...]

    @property
    def literal(self) -> str:
        """All that is wished for as it stands, as a pattern."""
        return _pattern(self.words) or NEVER

    @property
    def is_empty(self) -> bool:
        return not self.words


def asked_in(typed: str) -> Asked:
    wished: list[str] = []
    names: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    without_phrases: list[str] = []
    for token in _TOKEN.finditer(typed.replace("\0", " ")[:LONGEST]):
        phrase, word = token["phrase"], token["word"]
        if token["minus"]:
            if phrase and (pattern := _pattern(phrase)):
                without_phrases.append(pattern)
            elif word and _WORD.search(word):
                without.append(word)
            continue
        if phrase and (pattern := _pattern(phrase)):
            wished.append(phrase)
            phrases.append(pattern)
        elif word:
            wished.append(word)
            names.append(word.strip(".,;:!?()").lower())
    return Asked(
        words=" ".join(wished).strip(),
        names=tuple(dict.fromkeys(filter(None, names))),
        phrases=tuple(phrases[:MOST_EACH]),
        without=tuple(without[:MOST_EACH]),
        without_phrases=tuple(without_phrases[:MOST_EACH]),
    )


def _pattern(phrase: str) -> str:
    r"""\yshall\W+not\y: its words, with whatever parts words between them."""
    words = _WORD.findall(phrase)
    return r"\y" + r"\W+".join(words) + r"\y" if words else ""
