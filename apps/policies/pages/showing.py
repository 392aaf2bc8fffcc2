"""Differences, rules and faults as the console's pages show them. Nothing here decides."""

from typing import Any

from apps.common.diffs.comparing import compare
from apps.common.diffs.drawing import draw
from apps.common.texts.hidden import spelled_out
from apps.policies.acts import ActIn
from apps.policies.documents import document_schema
from apps.policies.engine.compiling import effect_of
from apps.policies.errors import PolicyInvalid
from apps.policies.schemas import Deny, Outcome, Require
from apps.policies.services.versions import Checked
from apps.policies.verdicts import asked_of


def diff_of(before: str, after: str) -> dict[str, Any]:
    """For `policies/diff.html`."""
    diff = compare(spelled_out(before), spelled_out(after))
    return {"told": diff, "drawn": draw(diff, name="The policy")}


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
