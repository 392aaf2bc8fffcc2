"""How risky an act is: points for what makes it so, each with its reason. Pure."""

from collections.abc import Iterator, Mapping

from apps.common.texts.lookalikes import folded
from apps.policies.choices import ActKind, Finding, RiskLevel, Verb
from apps.policies.ports import Act, Performer, Risk, RiskPart
from apps.policies.schemas import PolicyDocument

MANY = 10
WIDE = 20
LEVELS = tuple(RiskLevel)


def weigh(
    document: PolicyDocument,
    act: Act,
    performer: Performer,
    *,
    found: tuple[Finding, ...],
    outside_hours: bool,
) -> Risk:
    factors = document.risk.factors
    verbs = {operation.verb for operation in act.operations}
    count, lines, most = len(act.operations), act.diff_lines, document.max_diff_lines
    parts = [
        ("agent", factors.agent * (performer.kind == "agent"), "An agent would do it."),
        ("delete", factors.delete * (Verb.DELETE in verbs), "It deletes."),
        ("move", factors.move * bool(verbs & {Verb.MOVE, Verb.RENAME}), "It moves or renames."),
        ("policy", factors.policy * (act.kind == ActKind.POLICY_CHANGE), "It changes the policy."),
        ("large", _share(factors.large, lines, most), f"{lines} lines of {most} allowed."),
        ("many", _share(factors.many, count, MANY), f"Operations: {count}."),
        ("impact", _share(factors.impact, act.impact, WIDE), f"Things that depend: {act.impact}."),
        *(("finding", factors.finding, f"The gate found: {kind.label}.") for kind in found),
        ("outside_hours", factors.outside_hours * outside_hours, "Outside of business hours."),
        *(
            ("label", worth, f"It touches what is labelled {label}.")
            for label, worth in _touched(act, factors.labels)
        ),
    ]
    counted = tuple(
        RiskPart(factor=factor, points=points, why=why) for factor, points, why in parts if points
    )
    score = min(100, sum(part.points for part in counted))
    return Risk(score=score, level=_level(document, score), parts=counted)


def _touched(act: Act, labels: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The policy's labels that it touches, and labels that merely look like one of them."""
    if not labels:
        return
    looks = {folded(label) for each in act.operations for label in each.labels}
    for label in sorted(labels):
        if folded(label) in looks:
            yield label, labels[label]


def _share(points: int, amount: int, full: int) -> int:
    """All of the points from the full amount on, and its share of them below that."""
    if amount <= 0:
        return 0
    return points if amount >= full else points * amount // full


def _level(document: PolicyDocument, score: int) -> RiskLevel:
    thresholds = document.risk.thresholds
    if score >= thresholds.critical:
        return RiskLevel.CRITICAL
    if score >= thresholds.high:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if score >= thresholds.medium else RiskLevel.LOW
