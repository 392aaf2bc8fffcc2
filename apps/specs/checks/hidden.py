"""What is written is what a reader sees: no hidden characters, no letters that pose as others."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Any

from apps.common.texts.hidden import TURNING, needless
from apps.common.texts.lookalikes import spelled, unmasked
from apps.specs.changes.values import NodeState
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import Severity

MOST = 20
"""Findings of each rule for one text. Whoever cleans it cleans it all."""

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""What Hebrew or Arabic beside Latin needs."""
_WORD = re.compile(r"[^\W\d_]+")


@check("hidden", title="No hidden or disguised characters")
def nothing_is_hidden(checked: Checked) -> Iterator[Finding]:
    for was, node in checked.changed:
        stood = dict(_texts(was)) if was else {}
        for field, text in _texts(node):
            if text.isascii() and text.isprintable():
                continue
            before = stood.get(field, "")
            if text != before:
                yield from _in(text, before, field, node, checked)


def _texts(node: NodeState) -> Iterator[tuple[str, str]]:
    yield from (("key", node.key), ("title", node.title), ("heading", node.heading))
    yield from (("body", node.body), ("labels", "\n".join(node.labels)))
    waiting: list[tuple[str, Any]] = [("attributes", node.attributes)]
    while waiting:
        field, value = waiting.pop()
        match value:
            case str():
                yield field, value
            case dict():
                yield f"{field} (names)", "\n".join(map(str, value))
                waiting += [(f"{field}.{name}", one) for name, one in value.items()]
            case list() | tuple():
                waiting += [(f"{field}.{at}", one) for at, one in enumerate(value)]


def _in(text: str, before: str, field: str, node: NodeState, checked: Checked) -> Iterator[Finding]:
    found = [*islice(_hidden(text, field), MOST), *islice(_disguised(text), MOST)]
    stood = {what for _, what, *_ in _hidden(before, field)} if found else set()
    stood |= {what for _, what, *_ in _disguised(before)} if found else set()
    for at, what, severity, rule, message, fix in found:
        start = text.rfind("\n", 0, at) + 1
        yield Finding(
            check="hidden",
            severity=Severity.ADVICE if what in stood else severity,
            rule=rule,
            message=message,
            operation=checked.operation_at(node.id, field.partition(" ")[0]),
            key=node.key,
            field=field,
            line=text.count("\n", 0, start) + 1,
            column=at - start + 1,
            fix=fix,
        )


Found = tuple[int, str, Severity, str, str, str]


def _hidden(text: str, field: str) -> Iterator[Found]:
    for at in needless(text):
        character = text[at]
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        line = text[max(start, at - 200) : min(end if end >= 0 else len(text), at + 200)]
        needed = character in _ISOLATES and _RIGHT_TO_LEFT.search(line)
        turning = character in TURNING or 0xE0000 <= ord(character) < 0xE0080
        if needed:
            severity = Severity.ADVICE
        elif turning or field in ("key", "labels") or field.endswith("(names)"):
            severity = Severity.ERROR
        else:
            severity = Severity.WARNING
        message = f"Here stands {spelled(character)}, which nobody sees."
        if turning:
            message = f"Here stands {spelled(character)}: what is read is not what is written."
        yield at, line, severity, "hidden", message, "Take it away."


def _disguised(text: str) -> Iterator[Found]:
    """Words of Latin letters among which others pose as such. Names of another script, units and
    symbols have none."""
    posing = {character for character in set(text) if _poses(character)}
    for match in _WORD.finditer(text) if posing else ():
        word = match.group()
        if posing.isdisjoint(word) or not any(map(str.isascii, word)):
            continue
        plain = unmasked(word)
        if plain.isascii():
            one = next(character for character in word if character in posing)
            message = f"In “{word[:40]}” stands {spelled(one)}, which looks like another letter."
            yield match.start(), word, Severity.WARNING, "lookalike", message, f"Write: {plain}"


def _poses(character: str) -> bool:
    """Ligatures and letters of full width are others by name, and deceive nobody."""
    return (
        not character.isascii()
        and character.isalpha()
        and unmasked(character).isascii()
        and unmasked(character).isalpha()
        and not unicodedata.normalize("NFKC", character).isascii()
    )
