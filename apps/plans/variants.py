"""Five cuts of a plan, each judged by itself. Pure: the same plan and policy give the same cuts.
`warmest` is the temperature that the policy lets a model have at most.

What a cut leaves out is left out whole, file by file; one that keeps nothing of the changes carries
the plan's note, so that there is something to review.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.plans.choices import RiskBudget, VariantId
from apps.plans.drawing import Drawing, act_of_cut, told
from apps.plans.patches.files import FilePatch
from apps.plans.patches.writing import patch_text
from apps.policies.choices import Effect, RiskLevel
from apps.policies.ports import Act, Verdict

PREVIEW_LINES = 80
PREVIEW_CHARACTERS = 6_000
LEVELS = tuple(RiskLevel)
Judge = Callable[[Act], Verdict]

_DEPTH = {RiskBudget.LOW: 1, RiskBudget.MEDIUM: 2, RiskBudget.HIGH: 3}
_WARMTH = {
    VariantId.SAFE: 0.0,
    VariantId.BALANCED: 0.5,
    VariantId.FOCUSED: 0.5,
    VariantId.EXPLORING: 1.0,
    VariantId.BOLD: 1.0,
}
"""The share of the policy's temperature that each may use."""
_CEILING = {
    VariantId.SAFE: RiskBudget.LOW,
    VariantId.BALANCED: RiskBudget.MEDIUM,
    VariantId.FOCUSED: RiskBudget.MEDIUM,
}
_REVIEW = {Effect.ALLOW: "optional", Effect.REQUIRE: "required", Effect.DENY: "denied"}
_AFFIXES = re.compile(r"^(?:test_|tests_)|(?:[._-](?:test|tests|spec))$")


@dataclass(frozen=True, kw_only=True)
class Cut:
    id: VariantId
    steps: tuple[int, ...]
    """Which changes of the plan it keeps."""
    note: bool
    summary: str


@dataclass(frozen=True, kw_only=True)
class Variant:
    cut: Cut
    verdict: Verdict
    within_budget: bool
    temperature: float
    budget: RiskBudget
    depth: int
    explore: bool
    explanation: str
    patch: str

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.cut.id.value,
            "label": self.cut.id.label,
            "risk_level": self.verdict.risk.level.value,
            "risk_score": self.verdict.risk.score,
            "effect": self.verdict.effect.value,
            "within_budget": self.within_budget,
            "operations": list(self.cut.steps),
            "note": self.cut.note,
            "knobs": {
                "temperature": self.temperature,
                "risk_budget": self.budget.value,
                "depth_limit": self.depth,
                "explore": self.explore,
                "review_enforcement": _REVIEW[self.verdict.effect],
            },
            "summary": self.cut.summary,
            "explanation": self.explanation,
            "patch_preview": preview(self.patch),
        }


def variants_of(
    drawing: Drawing, *, judge: Judge, warmest: float, budget: RiskBudget
) -> tuple[Variant, ...]:
    alone = [judge(act_of_cut([step])) for step in drawing.steps]
    return tuple(
        _variant(drawing, cut, judge=judge, warmest=warmest, budget=budget)
        for cut in _cuts(drawing, alone)
    )


def files_of(drawing: Drawing, cut: Cut) -> tuple[FilePatch, ...]:
    kept = tuple(drawing.files[number] for number in cut.steps)
    return (*kept, drawing.note) if cut.note else kept


def preview(patch: str) -> str:
    """Its beginning, and how much there is beyond."""
    lines = patch.splitlines(keepends=True)
    shown = "".join(lines[:PREVIEW_LINES])[:PREVIEW_CHARACTERS]
    rest = len(lines) - shown.count("\n")
    return shown if shown == patch else f"{shown}\n... and {rest} more lines"


def within(level: RiskLevel, budget: RiskBudget) -> bool:
    return LEVELS.index(level) <= LEVELS.index(RiskLevel(budget.value))


def _cuts(drawing: Drawing, alone: Sequence[Verdict]) -> list[Cut]:
    everything = tuple(range(len(drawing.steps)))
    low = _at_most(alone, RiskLevel.LOW)
    medium = _at_most(alone, RiskLevel.MEDIUM)
    near, what = _near(drawing)
    return [
        _cut(VariantId.SAFE, low, everything, "what is of low risk by itself"),
        _cut(VariantId.BALANCED, medium, everything, "what is of medium risk or less by itself"),
        _cut(VariantId.FOCUSED, near, everything, f"what belongs to {what}"),
        Cut(
            id=VariantId.EXPLORING,
            steps=everything,
            note=True,
            summary=f"All {_counted(len(everything))}, and the plan's note beside them.",
        ),
        _cut(VariantId.BOLD, everything, everything, "everything"),
    ]


def _cut(id_: VariantId, kept: tuple[int, ...], everything: tuple[int, ...], what: str) -> Cut:
    if not everything:
        summary = "The plan's note: no changes came with the plan."
    elif not kept:
        summary = f"The plan's note alone: no change is {what}."
    elif kept == everything:
        summary = f"All {_counted(len(kept))}: {what}."
    else:
        summary = f"{len(kept)} of {_counted(len(everything))}: {what}."
    return Cut(id=id_, steps=kept, note=not kept, summary=summary)


def _counted(number: int) -> str:
    return "1 change" if number == 1 else f"{number} changes"


def _at_most(alone: Sequence[Verdict], level: RiskLevel) -> tuple[int, ...]:
    return tuple(
        number
        for number, verdict in enumerate(alone)
        if LEVELS.index(verdict.risk.level) <= LEVELS.index(level)
    )


def _near(drawing: Drawing) -> tuple[tuple[int, ...], str]:
    """The changes of the first target: the file, what lies in the folder, its tests and texts."""
    if not drawing.steps:
        return (), "the first target"
    first = drawing.targets[0] if drawing.targets else drawing.steps[0].file.path
    stem = _stem(first)
    return (
        tuple(
            number
            for number, file in enumerate(drawing.files)
            if any(
                path == first or path.startswith(f"{first}/") or _stem(path) == stem
                for path in file.paths
            )
        ),
        first,
    )


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    bare = name[: name.rfind(".")] if "." in name[1:] else name
    return _AFFIXES.sub("", _AFFIXES.sub("", bare)).casefold()


def _variant(
    drawing: Drawing, cut: Cut, *, judge: Judge, warmest: float, budget: RiskBudget
) -> Variant:
    steps = [drawing.steps[number] for number in cut.steps]
    texts = {"intent": drawing.intent, "context": drawing.context}
    verdict = judge(act_of_cut(steps, [drawing.note] if cut.note else (), texts))
    files = files_of(drawing, cut)
    ceiling = _CEILING.get(cut.id, budget)
    explores = cut.id in (VariantId.EXPLORING, VariantId.BOLD)
    depth = 1 if cut.id in (VariantId.SAFE, VariantId.FOCUSED) else _DEPTH[budget] + explores
    fits = within(verdict.risk.level, budget)
    return Variant(
        cut=cut,
        verdict=verdict,
        within_budget=fits,
        temperature=round(warmest * _WARMTH[cut.id], 3),
        budget=min(ceiling, budget, key=list(RiskBudget).index),
        depth=depth,
        explore=explores and budget != RiskBudget.LOW,
        explanation=_explained(files, verdict, budget, fits=fits),
        patch=patch_text(files),
    )


def _explained(
    files: Sequence[FilePatch], verdict: Verdict, budget: RiskBudget, *, fits: bool
) -> str:
    sentences = [
        f"Risk {verdict.risk.level.value} ({verdict.risk.score} of 100): "
        + (" ".join(part.why for part in verdict.risk.parts) or "nothing adds to it.")
    ]
    if verdict.denied:
        sentences += [
            "The policy would deny it: " + " ".join(d.message for d in verdict.denials[:3])
        ]
    elif verdict.stages:
        names = ", ".join(stage.name for stage in verdict.stages)
        sentences.append(f"It needs approval: {names}.")
    else:
        sentences.append("The policy lets it pass without approval.")
    if not fits:
        sentences.append(f"It is above the risk budget, which is {budget.value}.")
    shown = "; ".join(told(file) for file in files[:5])
    more = f"; and {len(files) - 5} more" if len(files) > 5 else ""
    return " ".join([*sentences, f"{shown}{more}."])
