"""Globs as policies write them, made into patterns of RE2.

`*` and `?` stay within a part of a path, `**` is any number of parts. A glob without a slash fits
at any depth. One whose last part has no wildcard names a file, or a folder and all that is in it.
Letters between brackets and words between braces are choices, as in `[a-z]` and `*.{yml,yaml}`.
"""

import unicodedata

import re2

from apps.common.texts.lookalikes import folded, is_hidden
from apps.common.texts.patterns import BadPattern


def path_regex(glob: str, *, loose: bool) -> str:
    """Loose also fits what merely looks alike: see `Resolved.loose`."""
    glob = unicodedata.normalize("NFC", glob)  # as paths are resolved
    anchored, folder = glob.startswith("/"), glob.endswith("/")
    parts = glob.removeprefix("./").strip("/").split("/")
    _check(glob, parts)
    if len(parts) == 1 and not anchored and not folder:
        parts.insert(0, "**")
    merged = [part for at, part in enumerate(parts) if part != "**" or parts[at - 1 : at] != ["**"]]
    regex, last, wild = "", merged[-1], False
    for part in merged[:-1]:
        if part == "**":
            regex += "(?:[^/]+/)*"
        else:
            regex += _part(part, loose=loose)[0] + "/"
    if last == "**":
        regex = regex.removesuffix("/") + "(?:/.*)?" if regex.endswith("/") else ".*"
    else:
        text, wild = _part(last, loose=loose)
        regex += text + ("(?:/.*)?" if folder or not wild else "")
    return f"{_flags(loose)}{regex}"


def above_regex(glob: str) -> str:
    """The folders that what the glob fits lies in, as far as it names them: whoever moves or
    deletes one of them takes along what is in it. Only for what forbids."""
    glob = unicodedata.normalize("NFC", glob)
    parts = glob.removeprefix("./").strip("/").split("/")
    folders: list[str] = []
    for part in parts[:-1]:
        text, wild = _part(part, loose=True)
        if part == "**" or wild:
            break
        folders.append(text)
    regex = ""
    for depth in reversed(range(len(folders))):
        regex = f"(?:{'/' if depth else ''}{folders[depth]}{regex})?"
    return _flags(loose=True) + regex


def name_regex(glob: str, *, loose: bool) -> str:
    """For names that are no paths: wildcards fit any character."""
    if loose:
        glob = unicodedata.normalize("NFC", glob)
    _check(glob, [])
    return _flags(loose) + _part(glob, loose=loose, any_character=".")[0]


def _flags(loose: bool) -> str:
    return "(?is)" if loose else "(?s)"


def _check(glob: str, parts: list[str]) -> None:
    if any(map(is_hidden, glob)):
        raise BadPattern("This glob holds characters that nobody sees. Write it anew.")
    if "\\" in glob:
        raise BadPattern("Write / between the parts of a glob; a backslash means nothing in it.")
    if glob.startswith("!"):
        raise BadPattern("A glob cannot be negated with `!`. Write a rule that says it.")
    if parts and any(part in ("", ".", "..") for part in parts):
        raise BadPattern("Write a glob without empty parts and without `.` or `..`.")
    if any("**" in part and part != "**" for part in parts):
        raise BadPattern("`**` stands alone between slashes, as in docs/**/*.md.")


def _part(part: str, *, loose: bool, any_character: str = "[^/]") -> tuple[str, bool]:
    regex, depth, at, wild = "", 0, 0, False
    while at < len(part):
        character = part[at]
        at += 1
        match character:
            case "*":
                while part[at : at + 1] == "*":
                    at += 1
                whole = part == "*" and any_character != "."
                regex += f"{any_character}{'+' if whole else '*'}"
                wild = True
            case "?":
                regex, wild = regex + any_character, True
            case "[":
                end = part.find("]", at + (2 if part[at : at + 1] in ("!", "^") else 1))
                if end < 0:
                    raise BadPattern("A `[` of this glob is never closed.")
                regex, wild, at = regex + _choice(part[at:end], any_character), True, end + 1
            case "{":
                regex, depth = regex + "(?:", depth + 1
            case "}" if depth:
                regex, depth = regex + ")", depth - 1
            case "," if depth:
                regex += "|"
            case _:
                regex += re2.escape(folded(character) if loose else character)
    if depth:
        raise BadPattern("A `{` of this glob is never closed; between braces there is no slash.")
    return regex, wild


def _choice(inside: str, any_character: str) -> str:
    negated = inside[0] in "!^"
    letters = inside[1:] if negated else inside
    listed = "".join(
        letter if letter == "-" and 0 < at < len(letters) - 1 else re2.escape(letter)
        for at, letter in enumerate(letters)
    )
    slash = "/" if negated and any_character != "." else ""
    return f"[{'^' if negated else ''}{listed}{slash}]"
