"""RE2, quiet and bounded: patterns that cannot be slow, alone and many at a time."""

from collections.abc import Iterator, Sequence

import re2


class BadPattern(ValueError):
    """Its text tells the author of the pattern what to do."""


LARGEST = 2_000
"""Instructions of one pattern, as RE2 counts them. Time grows with their number, not beyond it."""


def _options(memory: int, *, any_case: bool) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = not any_case
    options.log_errors = False
    options.never_capture = True
    options.max_mem = memory
    return options


def compiled(regex: str, *, any_case: bool = False) -> re2._Regexp:
    try:
        # First with little memory: what is far too large is refused before it has cost much.
        re2.compile(regex, _options(128 << 10, any_case=any_case))
        pattern = re2.compile(regex, _options(4 << 20, any_case=any_case))
    except re2.error as error:
        said = error.args[0] if error.args else ""
        why = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise BadPattern(
            f"RE2 does not take this pattern: {why.partition(':')[0]}. It has no look-around and "
            "no backreferences."
        ) from error
    if pattern.programsize > LARGEST:
        raise BadPattern("This pattern is too large. Repeat less in it, or split it.")
    return pattern


class Patterns:
    """Many patterns, asked of a text in one pass."""

    def __init__(self, regexes: Sequence[str], *, whole: bool, any_case: bool = False) -> None:
        self._each = [compiled(regex, any_case=any_case) for regex in regexes]
        self._whole = whole
        kind = re2.Set.FullMatchSet if whole else re2.Set.SearchSet
        self._set = kind(_options(32 << 20, any_case=any_case))
        for regex in regexes:
            self._set.Add(regex)
        # A set that runs out of memory says that nothing matched. This one always does.
        self._witness = self._set.Add("(?s).*" if whole else "")
        try:
            self._set.Compile()
        except re2.error:  # too many for one set: each is asked for itself
            self._set = None

    def matching(self, text: str) -> list[int]:
        """The numbers of those that match, ascending."""
        found: list[int] = (self._set and self._set.Match(text.encode())) or []
        if self._witness in found:
            return sorted(number for number in found if number != self._witness)
        return [
            number
            for number, pattern in enumerate(self._each)
            if (pattern.fullmatch(text) if self._whole else pattern.search(text))
        ]

    def places(self, number: int, text: str) -> Iterator[tuple[int, int]]:
        for match in self._each[number].finditer(text):
            yield match.span()
