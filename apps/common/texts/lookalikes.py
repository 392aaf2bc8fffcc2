"""What a text looks like to a person: the same text without disguises.

For whatever forbids. Nothing is ever allowed because of what it merely looks like.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LETTERS = {
    "a": "аɑαᴀꭺᎪ", "b": "ЬьʙƄ", "c": "сϲᴄⅽ", "d": "ԁᴅꓒ", "e": "еҽᴇ℮", "f": "ꜰƒϝ",
    "g": "ɡɢց", "h": "һհʜ", "i": "іıɪιӏ", "j": "јȷᴊϳ", "k": "кκᴋ", "l": "ʟⅼ",
    "m": "мᴍⅿ", "n": "ոɴп", "o": "оοօᴏ", "p": "рρᴘ", "q": "ԛզ", "r": "гʀꭇ",
    "s": "ѕꜱ", "t": "тτᴛ", "u": "սᴜυʋ", "v": "ѵνᴠ", "w": "ԝᴡա", "x": "хχ×",
    "y": "уγʏ", "z": "ᴢʐ", "3": "зЗӠ", "A": "АΑᎪ", "B": "ВΒᏴ", "C": "СϹᏟ", "D": "Ꭰ",
    "E": "ЕΕᎬ", "F": "Ϝ", "G": "ԌᏀ", "H": "НΗᎻ", "I": "ІΙӀ", "J": "ЈᎫͿ", "K": "КΚᏦ",
    "L": "Ꮮ", "M": "МΜᎷϺ", "N": "Ν", "O": "ОΟՕ", "P": "РΡᏢ", "R": "Ꭱ", "S": "ЅᏚՏ",
    "T": "ТΤᎢ", "V": "ѴᏙ", "W": "ԜᎳ", "X": "ХΧ", "Y": "ҮΥ", "Z": "ΖᏃ",
    "/": "∕⁄⧸╱〳⟋", "\\": "∖⧵⧹﹨╲⟍", ".": "․ꓸ܁٠", ":": "∶ː꞉։׃", "~": "∼˜〜⁓",
    "-": "‐‑‒–—−", "%": "٪", "_": "ˍ",
}  # fmt: skip
_ALIKE = {twin: letter for letter, twins in _LETTERS.items() for twin in twins}

_FILLERS = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_KEPT = 20_000
MOST_ACCENTS = 30
"""On one letter. No script needs as many."""


def is_hidden(character: str) -> bool:
    """Takes part in a text without being seen: controls, joiners, fillers, selectors, tags."""
    if character.isascii():
        return _CONTROLS.match(character) is not None
    point = ord(character)
    return (
        unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
        or point in _FILLERS
        or any(point in selectors for selectors in _SELECTORS)
    )


def holds_hidden(text: str) -> bool:
    if text.isascii():
        return _CONTROLS.search(text) is not None
    return any(map(is_hidden, set(text)))


def spelled(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


class _Unmasking(dict[int, str]):
    """Filled as characters are met, since a table of all of Unicode would be large."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        if is_hidden(character):
            plain = ""
        else:
            plain = "".join(
                _ALIKE.get(part, part)
                for part in unicodedata.normalize("NFKC", _ALIKE.get(character, character))
            )
        if len(self) < _KEPT:
            self[point] = plain
        return plain


_unmasking = _Unmasking()


def unmasked(text: str) -> str:
    """Each character for itself."""
    if text.isascii() and not _CONTROLS.search(text):
        return text
    return text.translate(_unmasking)


@dataclass(frozen=True)
class Reading:
    """One way to read a text, and where in the text stands what is found in it."""

    text: str
    parts: Iterator[tuple[int, int]] | None = None
    """Of the text, one after the other: how long each is as it was written, and as it is read
    here. None: it is read as it was written."""

    def as_written(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Where all that was found stands. It can be asked once."""
        if self.parts is None:
            return [*spans]
        wanted = sorted({place for start, end in spans for place in (start, end - 1)}, reverse=True)
        found: dict[int, tuple[int, int]] = {}
        at = read = 0
        for written, shown in self.parts if wanted else ():
            read += shown
            while wanted and read > wanted[-1]:
                found[wanted.pop()] = (at, at + written)
            if not wanted:
                break
            at += written
        return [(found[start][0], found[end - 1][1]) for start, end in spans]


def readings_of(text: str) -> Iterator[Reading]:
    """As it is written and as it looks; both also with each letter and its accents as one."""
    yield Reading(text)
    plain = unmasked(text)
    if plain != text:
        yield Reading(plain, ((1, len(_unmasking[ord(one)])) for one in text))
    if unicodedata.is_normalized("NFC", text):
        return
    composed = "".join(map(_composed, _letters(text)))
    yield Reading(composed, ((len(one), len(_composed(one))) for one in _letters(text)))
    plain = unmasked(composed)
    if plain != composed:
        yield Reading(plain, ((len(one), len(unmasked(_composed(one)))) for one in _letters(text)))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _letters(text: str) -> Iterator[str]:
    """Each with its accents: what is composed by itself is composed like the whole text. To compose
    takes the square of the time for twice as many accents, so a letter has no more than some."""
    start = 0
    for at in range(1, len(text)):
        letter, following = text[start:at], text[at]
        if following.isascii():
            alone = True
        elif unicodedata.combining(following):
            alone = len(letter) > MOST_ACCENTS
        else:
            alone = _composed(letter + following) == _composed(letter) + _composed(following)
        if alone:
            yield letter
            start = at
    yield text[start:]


def folded(text: str) -> str:
    """Alike for whatever looks alike, in either case, of one character or of several."""
    return unmasked(_composed(text)).casefold()
