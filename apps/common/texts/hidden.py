"""Characters that nobody sees, where no script or emoji needs them."""

import unicodedata
from collections.abc import Iterator

from apps.common.texts.lookalikes import holds_hidden, is_hidden, spelled

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They change in which order text is shown."""

_FLAGS = tuple(
    "".join(chr(0xE0000 + ord(letter)) for letter in country) + "\U000e007f"
    for country in ("gbeng", "gbsct", "gbwls")
)
"""Tags that may follow a black flag. All others carry text that nobody sees."""


def needless(text: str) -> Iterator[int]:
    """Where they stand."""
    if not holds_hidden(text):
        return
    skip = 0
    for at, character in enumerate(text):
        if skip:
            skip -= 1
        elif is_hidden(character):
            skip = _needed(text, at)
            if skip:
                skip -= 1
            else:
                yield at


def spelled_out(text: str) -> str:
    """For whoever reads it: what they would not see stands there by its name."""
    hidden = set(needless(text))
    if not hidden:
        return text
    return "".join(f"⟨{spelled(one)}⟩" if at in hidden else one for at, one in enumerate(text))


def _needed(text: str, at: int) -> int:
    """How many characters from here on are what scripts and emoji need: 0 when they are not."""
    character, before, after = text[at], text[max(0, at - 1) : at], text[at + 1 : at + 2]
    needed = False
    match character:
        case "\ufeff":
            needed = at == 0
        case "\ufe0e" | "\ufe0f":
            needed = _is_symbol(before) or before in tuple("#*0123456789©®")
        case "\u200d" | "\u200c":
            joins = before == "\ufe0f" or _is_symbol(before) or _joins_letters(before)
            needed = joins and (_is_symbol(after) or _joins_letters(after))
        case "\U000e0067" if before == "\U0001f3f4":
            return next((len(tags) for tags in _FLAGS if text.startswith(tags, at)), 0)
        case _ if 0xE0100 <= ord(character) < 0xE01F0:
            needed = bool(before) and unicodedata.name(before, "").startswith("CJK ")
    return int(needed)


def _is_symbol(character: str) -> bool:
    return (
        bool(character)
        and unicodedata.category(character) in {"So", "Sk", "Sm", "Po"}
        and (not character.isascii())
    )


def _joins_letters(character: str) -> bool:
    """Of a script whose letters take another form beside each other, from Arabic to Mongolian."""
    return bool(character) and 0x0600 <= ord(character) < 0x1900 and not is_hidden(character)
