"""What a path is once it is resolved: one place, or a refusal.

A path that can be read in two ways is refused rather than guessed at. What permits compares
`path`, to the letter; what forbids also compares `loose`, which is alike for all that looks alike.
Whoever carries an act out takes `path`, never what was written.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from apps.common.texts.lookalikes import folded, is_hidden, spelled

LONGEST = 4096
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_TRICKS = (
    (re.compile(r"\\"), "Write / between the parts of a path, not a backslash."),
    (re.compile(r"%(?:[0-9a-f]{2}|u[0-9a-f]{4})"), "Write the path itself, not percent-encoded."),
    (re.compile(r"^~"), "A path does not start with ~: write it from the root of the workspace."),
    (re.compile(r"^[a-z]:"), "A path names no drive."),
    (re.compile(r"^[a-z][a-z0-9+.-]+:/"), "This is a URL, not a path."),
    (re.compile(r"^/"), "A path is relative to the root of the workspace: drop the leading slash."),
)
_SHORT_NAME = re.compile(r"[^.]{1,6}~[0-9]{1,6}(\.[^.]{0,3})?")


class PathRefused(ValueError):
    """Its text tells the caller what to write instead."""


@dataclass(frozen=True, slots=True)
class Resolved:
    path: str
    """From the root, which is the empty path, and in NFC."""
    loose: str


def resolve(written: str) -> Resolved:
    if len(written) > LONGEST:
        raise PathRefused(f"A path has at most {LONGEST} characters.")
    parts = written.split("/")
    if all(map(_PLAIN.fullmatch, parts)):
        return Resolved(written, written.lower())
    if not written.strip():
        raise PathRefused("A path is missing.")
    for character in written:
        if is_hidden(character) or character in "\t\n\r\f":
            raise PathRefused(f"A path may not hold {spelled(character)}.")
    text = unicodedata.normalize("NFC", written)
    look = folded(text)
    _refuse_tricks(look)
    parts, looks = text.split("/"), look.split("/")
    if len(parts) != len(looks):
        raise PathRefused("A character of this path only looks like a slash.")
    resolved: list[tuple[str, str]] = []
    for part, seen in zip(parts, looks, strict=True):
        _step(resolved, part, seen)
    path = "/".join(part for part, _ in resolved)
    _refuse_tricks(folded(path))  # which may begin with one now
    return Resolved(path, "/".join(seen for _, seen in resolved))


def _refuse_tricks(look: str) -> None:
    for trick, advice in _TRICKS:
        if trick.search(look):
            raise PathRefused(advice)


def _step(resolved: list[tuple[str, str]], part: str, seen: str) -> None:
    if part in ("", "."):
        return
    if part == "..":
        if not resolved:
            raise PathRefused("This path leads out of the workspace.")
        resolved.pop()
        return
    if not seen.strip(". ") or part != part.strip():
        raise PathRefused("A part of a path is neither dots nor has spaces at its ends.")
    bare = seen.partition(":")[0].rstrip(". ")  # as file systems of Windows read it
    if bare == ".git":
        raise PathRefused("What is in .git belongs to Git.")
    if _SHORT_NAME.fullmatch(part):
        raise PathRefused("Write a name in full, not in its short form with ~.")
    resolved.append((part, bare))


def is_inside(path: str, folders: Iterable[str]) -> bool:
    return any(not folder or path == folder or path.startswith(f"{folder}/") for folder in folders)
