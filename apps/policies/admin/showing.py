"""Differences, rules and faults as the console's pages show them. Nothing here decides."""

import difflib
from dataclasses import dataclass
from typing import Any

from apps.policies.acts import ActIn
from apps.policies.documents import document_schema
from apps.policies.engine.compiling import effect_of
from apps.policies.errors import PolicyInvalid
from apps.policies.schemas import Deny, Outcome, Require
from apps.policies.services.versions import Checked
from apps.policies.verdicts import asked_of

AROUND = 3
"""Lines that stay the same and are shown around those that do not."""


# --- differences


@dataclass(frozen=True)
class Line:
    kind: str
    """ "same", "gone", "new"; "fold": some that are the same were left out."""
    text: str = ""
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Diff:
    lines: tuple[Line, ...]

    @property
    def added(self) -> int:
        return sum(line.kind == "new" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.kind == "gone" for line in self.lines)


def diff_of(before: str, after: str) -> Diff:
    one, other = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    groups = difflib.SequenceMatcher(a=one, b=other).get_grouped_opcodes(AROUND)
    for number, group in enumerate(groups):
        if number:
            lines.append(Line("fold"))
        for kind, start, end, begin, stop in group:
            if kind == "equal":
                lines += [
                    Line("same", text, start + at + 1, begin + at + 1)
                    for at, text in enumerate(one[start:end])
                ]
                continue
            lines += [Line("gone", one[at], before=at + 1) for at in range(start, end)]
            lines += [Line("new", other[at], after=at + 1) for at in range(begin, stop)]
    return Diff(tuple(lines))


# --- policies


def rules_in(checked: Checked | None) -> list[dict[str, Any]]:
    if checked is None:
        return []
    return [
        {
            "name": rule.name,
            "description": rule.description,
            "line": checked.parsed.positions.of("rules", number)[0],
            "effect": effect_of(rule.then),
            "then": outcome_told(rule.then),
        }
        for number, rule in enumerate(checked.parsed.document.rules)
    ]


def outcome_told(then: Outcome) -> str:
    if isinstance(then, Deny):
        return then.deny
    if isinstance(then, Require):
        return "; ".join(
            f"{stage.name}: {stage.quorum} of {asked_of(stage.roles, stage.people)}"
            for stage in then.require
        )
    return f"without {', '.join(then.over)}" if then.over else ""


def tests_told(checked: Checked | None) -> dict[str, Any]:
    outcomes = checked.outcomes if checked else ()
    passed = sum(outcome.passed for outcome in outcomes)
    return {
        "outcomes": sorted(outcomes, key=lambda outcome: outcome.passed),
        "passed": passed,
        "failed": len(outcomes) - passed,
        "total": len(outcomes),
    }


def summary(checked: Checked | None, error: PolicyInvalid | None) -> tuple[str, str]:
    """How a text is, in a word for the page and a sentence for people."""
    if checked is None:
        faults = error.details if error else []
        first = faults[0] if faults else {"line": 1, "column": 1, "message": ""}
        count = "One fault" if len(faults) == 1 else f"{len(faults)} faults, the first"
        place = f"in line {first['line']}, column {first['column']}"
        return "faulty", f"{count} {place}: {first['message']}"
    tests = tests_told(checked)
    rules = "1 rule" if checked.rules == 1 else f"{checked.rules} rules"
    if not tests["total"]:
        return "valid", f"Valid, {rules}. It carries no tests."
    if tests["failed"]:
        return (
            "failing",
            f"Valid, {rules}, but {tests['failed']} of its {tests['total']} tests fail: it cannot "
            "be released.",
        )
    return "valid", f"Valid, {rules}. All of its {tests['total']} tests pass."


def whole_schema() -> dict[str, Any]:
    """The published schema, and in it the acts of tests as the API takes them."""
    schema = document_schema()
    act = ActIn.model_json_schema(ref_template="#/$defs/{model}")
    schema["$defs"] = {**act.pop("$defs", {}), "ActIn": act, **schema["$defs"]}
    schema["$defs"]["Example"]["properties"]["act"] = {"$ref": "#/$defs/ActIn"}
    return schema
