"""What a well-formed policy may still get wrong: where it contradicts itself or can never hold."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from uuid import UUID

from apps.accounts.choices import Role
from apps.policies.choices import Finding
from apps.policies.engine.faults import faults_of
from apps.policies.schemas import (
    Allow,
    ApprovalStage,
    Hours,
    Outcome,
    PolicyDocument,
    Require,
    Rule,
    minutes_of,
)
from apps.policies.sentences import Path

Contradictions = Iterator[tuple[Path, str]]

MOST_TOLD = 1_000
DECIDING_ROLES = frozenset({Role.REVIEWER, Role.ADMIN, Role.OWNER})
"""Those that may decide at all (Permission.DECIDE)."""


def contradictions(document: PolicyDocument) -> Contradictions:
    """Each at its place. One place is told of once."""
    told = set()
    for path, message in islice(_all(document), MOST_TOLD):
        if path not in told:
            told.add(path)
            yield path, message


def _all(document: PolicyDocument) -> Contradictions:
    yield from _directories(document)
    for index, glob in enumerate(document.deny_globs):
        yield from _glob(_anchored(glob), ("deny_globs", index))
    yield from _hours(document.hours)
    yield from _thresholds(document)
    yield from _gate(document)
    yield from _exceptions(document)
    yield from _rules(document)
    yield from _outcome(document.default.then, ("default", "then"), {}, document.hours)
    yield from _tests(document)
    yield from faults_of(document)


# --- paths


def _directories(document: PolicyDocument) -> Contradictions:
    for index, directory in enumerate(document.allowed_dirs):
        path: Path = ("allowed_dirs", index)
        if any(sign in directory for sign in "*?["):
            yield path, "Name a directory in full, like docs/api: patterns stand in deny_globs."
        else:
            yield from _glob(directory.removesuffix("/"), path)


def _anchored(glob: str) -> str:
    """`/README.md` is the one at the root; without its slash, one at any depth."""
    return glob[1:] if glob.startswith("/") and "/" not in glob[1:] else glob


def _glob(glob: str, path: Path) -> Contradictions:
    """Paths are judged as they are resolved: relative to the root, with / and without dots."""
    segments = glob.split("/")
    if glob.startswith(("/", "~")):
        yield path, "Begin at the workspace's root: without a leading / or ~."
    elif re.match(r"[A-Za-z]:", glob):
        yield path, "Begin at the workspace's root: without a drive letter."
    elif "\\" in glob:
        yield path, "Separate directories with /, not with a backslash."
    elif "." in segments or ".." in segments:
        yield path, "Paths are resolved before they are judged: write it without . and .. parts."
    elif glob.endswith("/"):
        yield path, "No path ends in /: write ** after it to mean all that is inside."
    elif "" in segments:
        yield path, "Name a directory between two slashes, or write only one."
    elif any(ord(sign) < 32 or ord(sign) == 127 for sign in glob):
        yield path, "A path holds no line breaks or control characters."


# --- hours, risk and the gate


def _hours(hours: Hours) -> Contradictions:
    if hours.start >= hours.end:
        yield (
            ("hours", "start"),
            "`start` must be before `end`: hours that pass midnight cannot be said.",
        )
    yield from _repeated(hours.days, ("hours", "days"), "This day")


def _thresholds(document: PolicyDocument) -> Contradictions:
    levels = document.risk.thresholds
    if not levels.medium < levels.high:
        yield ("risk", "thresholds", "high"), "`high` must be more than `medium`."
    if not levels.high < levels.critical:
        yield ("risk", "thresholds", "critical"), "`critical` must be more than `high`."


def _gate(document: PolicyDocument) -> Contradictions:
    gate = document.gate
    for index, finding in enumerate(gate.off):
        if finding == Finding.HIDDEN:
            yield ("gate", "off", index), "Hidden Unicode is always looked for: take this out."
    names = [pattern.name for pattern in gate.patterns]
    yield from _repeated(names, ("gate", "patterns"), "A pattern of this name", ("name",))


def _exceptions(document: PolicyDocument) -> Contradictions:
    glass, undo = document.break_glass, document.undo
    if glass.enabled and not glass.roles:
        yield ("break_glass", "roles"), "Say who may break the glass, or write enabled: false."
    for index, role in enumerate(glass.roles):
        if role not in DECIDING_ROLES:
            yield (
                ("break_glass", "roles", index),
                f"A {role} may not decide. Name {_either(sorted(DECIDING_ROLES))}.",
            )
    yield from _repeated(glass.roles, ("break_glass", "roles"), "This role")
    if "up_to" in undo.model_fields_set and not undo.seconds:
        yield ("undo", "up_to"), "Without `seconds`, nothing can be taken back: say how long."


# --- rules


def _rules(document: PolicyDocument) -> Contradictions:
    names = [rule.name for rule in document.rules]
    rules = {rule.name: rule for rule in document.rules}
    yield from _repeated(names, ("rules",), "A rule of this name", ("name",))
    for index, rule in enumerate(document.rules):
        for at, glob in enumerate(rule.when.path or ()):
            yield from _glob(_anchored(glob), ("rules", index, "when", "path", at))
        yield from _outcome(rule.then, ("rules", index, "then"), rules, document.hours)


def _outcome(then: Outcome, path: Path, rules: Mapping[str, Rule], hours: Hours) -> Contradictions:
    if isinstance(then, Require):
        names = [stage.name for stage in then.require]
        yield from _repeated(names, (*path, "require"), "A stage of this name", ("name",))
        for index, stage in enumerate(then.require):
            yield from _stage(stage, (*path, "require", index), hours)
    elif isinstance(then, Allow):
        if then.over and path[0] == "default":
            yield (
                (*path, "over"),
                "The default speaks where no rule does: there is nothing to exempt from.",
            )
            return
        for index, name in enumerate(then.over):
            if name not in rules:
                yield (*path, "over", index), "There is no rule of this name."
            elif not isinstance(rules[name].then, Require):
                yield (
                    (*path, "over", index),
                    "Only rules that require approval can be exempted from.",
                )


def _stage(stage: ApprovalStage, path: Path, hours: Hours) -> Contradictions:
    if not stage.roles and not stage.people:
        yield path, "Nobody could decide here: give the stage `roles` or `people`."
    for index, role in enumerate(stage.roles):
        if role not in DECIDING_ROLES:
            yield (
                (*path, "roles", index),
                f"A {role} may not decide. Name {_either(sorted(DECIDING_ROLES))}.",
            )
    yield from _repeated(stage.people, (*path, "people"), "This person")
    if not stage.roles and 0 < len(set(stage.people)) < stage.quorum:
        yield (
            (*path, "quorum"),
            "More votes are asked for than there are people. Name more, or lower the quorum.",
        )
    day = _day_of(hours) if stage.business_hours else 24 * 60
    expires = minutes_of(stage.expires, day=day) if stage.expires else None
    if stage.due and expires is not None and minutes_of(stage.due, day=day) > expires:
        yield (*path, "due"), "It would expire before it is due: `due` comes first."
    before = 0
    for index, step in enumerate(stage.escalation):
        here: Path = (*path, "escalation", index)
        after = minutes_of(step.after, day=day)
        if expires is not None and after >= expires:
            yield (*here, "after"), "It has expired by then: escalate earlier."
        if after < before:
            yield (*here, "after"), "Steps of an escalation stand in the order of their times."
        before = after
        for at, whom in enumerate(step.to):
            if not _is_role_or_person(whom):
                yield (
                    (*here, "to", at),
                    f"Write {_either(sorted(Role))}, or the id of a person.",
                )


def _day_of(hours: Hours) -> int:
    start, end = hours.start, hours.end
    return max(1, (end.hour - start.hour) * 60 + end.minute - start.minute)


def _is_role_or_person(whom: str) -> bool:
    if whom in Role:
        return True
    try:
        UUID(whom)
    except ValueError:
        return False
    return True


# --- the policy's own tests


def _tests(document: PolicyDocument) -> Contradictions:
    names = [example.name for example in document.tests]
    yield from _repeated(names, ("tests",), "A test of this name", ("name",))
    rules = {rule.name for rule in document.rules}
    for index, example in enumerate(document.tests):
        path: Path = ("tests", index, "expect")
        if not example.expect.model_fields_set:
            yield path, "Say what must come out, like effect: deny. A test of nothing cannot fail."
        for at, name in enumerate(example.expect.matched or ()):
            if name not in rules:
                yield (*path, "matched", at), "There is no rule of this name."


# --- said the same way everywhere


def _repeated(items: Iterable[object], path: Path, what: str, below: Path = ()) -> Contradictions:
    seen: Counter[object] = Counter()
    for index, item in enumerate(items):
        seen[item] += 1
        if seen[item] > 1:
            yield (*path, index, *below), f"{what} stands here already."


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
