"""Verdicts as pages show them, in whichever room. Nothing here decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.common.texts.hidden import spelled_out
from apps.policies.choices import Considered, Effect
from apps.policies.ports import Act, Stage, Step, Verdict

SAID = {
    Effect.ALLOW: "Allowed",
    Effect.REQUIRE: "Needs approval",
    Effect.DENY: "Denied",
}


@dataclass(frozen=True)
class ShownStep:
    step: Step
    text: str
    url: str
    """Where its line stands; empty for gates, which stand in none."""


def shown_verdict(verdict: Verdict, *, texts: Iterable[str], text_url: str) -> dict[str, Any]:
    """For `policies/verdict.html`. `texts`: the line of each step of the trace. What bears on the
    verdict comes first, what passed is folded."""
    steps = [
        ShownStep(
            step=step,
            text=spelled_out(text.strip()),
            url=f"{text_url}#L{step.line}" if step.line and text_url else "",
        )
        for step, text in zip(verdict.trace, texts, strict=True)
    ]
    telling = [each for each in steps if each.step.considered != Considered.PASSED]
    return {
        "verdict": verdict,
        "said": SAID[Effect(verdict.effect)],
        "why": why(verdict),
        "parts": risk_parts(verdict),
        "stages": [{"stage": stage, "due": due_of(stage)} for stage in verdict.stages],
        "telling": telling,
        "passed": [each for each in steps if each.step.considered == Considered.PASSED],
    }


def risk_parts(verdict: Verdict) -> list[dict[str, Any]]:
    """For `policies/bars.html`: what weighs most first."""
    return [
        {"name": part.factor.replace("_", " "), "points": part.points, "why": part.why}
        for part in sorted(verdict.risk.parts, key=lambda part: -part.points)
    ]


def due_of(stage: Stage) -> str:
    """In the largest unit that says it whole: `4 business hours`."""
    minutes = stage.due_minutes
    if not minutes:
        return ""
    count, unit = minutes, "minute"
    for size, name in ((60, "hour"), (60 * 24, "day")):
        # A day of business hours is not 24 of them.
        if minutes % size == 0 and not (stage.business_hours and name == "day"):
            count, unit = minutes // size, name
    kind = "business " if stage.business_hours else ""
    return f"{count} {kind}{unit}{'' if count == 1 else 's'}"


def texts_of(verdict: Verdict, text: str) -> list[str]:
    lines = text.splitlines()
    return [lines[step.line - 1] if 0 < step.line <= len(lines) else "" for step in verdict.trace]


def why(verdict: Verdict) -> str:
    """In a sentence or two."""
    if verdict.denials:
        return " ".join(dict.fromkeys(denial.message for denial in verdict.denials))
    if verdict.stages:
        asked = (
            f"{stage.name}: {stage.quorum} of {asked_of(stage.roles, stage.people)}"
            f" ({', '.join(stage.rules)})"
            for stage in verdict.stages
        )
        return "; ".join(asked)
    allowing = [
        step.name
        for step in verdict.trace
        if step.considered == Considered.MATCHED and step.effect == Effect.ALLOW
    ]
    return f"Allowed by {', '.join(allowing)}." if allowing else "Nothing speaks against it."


def asked_of(roles: Iterable[str], people: Iterable[object]) -> str:
    count = len(tuple(people))
    named = [*roles, *([f"{count} named people"] if count else [])]
    return ", ".join(named) or "those who decide"


def act_told(act: Act) -> str:
    """What somebody wanted, in short: `edit docs/guide.md and 2 more`."""
    first = next(iter(act.operations), None)
    if first is None:
        return act.kind.label
    what = " → ".join(first.paths) or first.target or first.node_kind
    more = f" and {len(act.operations) - 1} more" if len(act.operations) > 1 else ""
    return f"{first.verb} {what}{more}".strip()
