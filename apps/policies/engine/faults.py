"""What is well formed in a policy and yet cannot be judged with."""

from collections.abc import Iterable, Iterator

from apps.common.texts.patterns import BadPattern, compiled
from apps.policies.engine.globs import name_regex, path_regex
from apps.policies.engine.paths import PathRefused, resolve
from apps.policies.schemas import PolicyDocument
from apps.policies.sentences import Path

LARGEST_GATE = 20_000
"""Instructions of all patterns that a policy adds to the gate."""

LONGEST_GATE = 10_000
"""Characters of all these patterns: classes of Unicode take long to read."""
MOST_GLOBS = 2_000
LONGEST_GLOBS = 60_000
"""Of the whole policy, in number and characters. Each is compiled more than once."""
_TOO_MANY = (
    f"All globs together are at most {MOST_GLOBS:,} and have at most {LONGEST_GLOBS:,} characters. "
    "Say it with fewer."
)


def faults_of(document: PolicyDocument) -> Iterator[tuple[Path, str]]:
    """Where, and what to write instead."""
    for at, folder in enumerate(document.allowed_dirs):
        try:
            resolve(folder)
        except PathRefused as refusal:
            yield ("allowed_dirs", at), str(refusal)
    if sum(map(len, document.deny_globs)) > LONGEST_GLOBS:
        yield ("deny_globs",), _TOO_MANY
        return
    yield from _bad_globs(document.deny_globs, ("deny_globs",))
    count, length = len(document.deny_globs), sum(map(len, document.deny_globs))
    for number, rule in enumerate(document.rules):
        place = ("rules", number, "when")
        globs = [*(rule.when.path or ()), *(rule.when.target or ())]
        count, length = count + len(globs), length + sum(map(len, globs))
        if count > MOST_GLOBS or length > LONGEST_GLOBS:
            yield place, _TOO_MANY
            return
        yield from _bad_globs(rule.when.path or (), (*place, "path"))
        yield from _bad_globs(rule.when.target or (), (*place, "target"), path=False)
    if sum(len(pattern.regex) for pattern in document.gate.patterns) > LONGEST_GATE:
        yield (
            ("gate", "patterns"),
            f"All patterns together have at most {LONGEST_GATE:,} characters. Keep what is needed.",
        )
        return
    size = 0
    for at, pattern in enumerate(document.gate.patterns):
        where = ("gate", "patterns", at, "regex")
        try:
            regex = compiled(pattern.searched, any_case=True)
        except BadPattern as bad:
            yield where, str(bad)
            continue
        size += regex.programsize
        if regex.search("") is not None:
            yield where, "This pattern fits even where nothing stands. Demand at least a character."
    if size > LARGEST_GATE:
        yield ("gate", "patterns"), "These patterns are too large together. Keep what is needed."


def _bad_globs(
    globs: Iterable[str], place: Path, *, path: bool = True
) -> Iterator[tuple[Path, str]]:
    for at, glob in enumerate(globs):
        for loose in (False, True):
            try:
                compiled((path_regex if path else name_regex)(glob, loose=loose))
            except BadPattern as bad:
                yield (*place, at), str(bad)
                break
