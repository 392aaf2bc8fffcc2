"""The tests that a policy carries, run against itself. Pure, so they run wherever it changes."""

from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from pydantic import ValidationError

from apps.policies.acts import ActIn
from apps.policies.choices import Considered
from apps.policies.engine.compiling import CompiledPolicy
from apps.policies.engine.judging import judge
from apps.policies.ports import Circumstances, Performer, Verdict
from apps.policies.schemas import Example, Expected

SOMEBODY = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    name: str
    line: int
    differences: tuple[str, ...] = ()
    """What came out otherwise than expected, each in a sentence."""
    verdict: Verdict | None = None

    @property
    def passed(self) -> bool:
        return not self.differences


def run_examples(policy: CompiledPolicy) -> list[Outcome]:
    return [_run(policy, number, each) for number, each in enumerate(policy.document.tests)]


def _run(policy: CompiledPolicy, number: int, example: Example) -> Outcome:
    line = policy.positions.of("tests", number)[0]
    try:
        act = ActIn.model_validate(example.act).to_act()
    except ValidationError as error:
        faults = tuple(
            f"act.{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        return Outcome(name=example.name, line=line, differences=faults)
    verdict = judge(policy, act, _performer(example), _circumstances(policy, example))
    differences = tuple(_differences(example.expect, verdict))
    return Outcome(name=example.name, line=line, differences=differences, verdict=verdict)


def _performer(example: Example) -> Performer:
    actor = example.actor
    return Performer(
        id=actor.id or SOMEBODY,
        kind=actor.kind,
        role=str(actor.role or ""),
        lineage=tuple(actor.lineage),
        tier=actor.tier,
    )


def _circumstances(policy: CompiledPolicy, example: Example) -> Circumstances:
    given = example.circumstances
    return Circumstances(
        at=(given.at or policy.document.hours.moment_inside()).astimezone(UTC),
        acts_last_hour=given.acts_last_hour,
        acts_last_day=given.acts_last_day,
        spent_today_cents=given.spent_today_cents,
        people=given.people,
    )


def _differences(expect: Expected, verdict: Verdict) -> list[str]:
    reasons = sorted({str(denial.reason) for denial in verdict.denials})
    stages = sorted(stage.name for stage in verdict.stages)
    matched = sorted(
        step.name
        for step in verdict.trace
        if step.considered in (Considered.MATCHED, Considered.EXEMPTED) and step.rule
    )
    compared = (
        ("effect", expect.effect, str(verdict.effect)),
        ("risk", expect.risk, str(verdict.risk.level)),
        ("stages", _sorted(expect.stages), stages),
        ("matched", _sorted(expect.matched), matched),
    )
    found = [
        f"{name}: expected {wanted}, came out {came}"
        for name, wanted, came in compared
        if wanted is not None and wanted != came
    ]
    if expect.reason is not None and expect.reason not in reasons:
        found.append(f"reason: expected {expect.reason}, came out {reasons}")
    return found


def _sorted(names: list[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
