"""How well the checks that judge language judge it: on texts that they were not made better on.

Run with -s to read the figures. The floors are said and defended in docs/checks.md.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from apps.specs.choices import LinkKind
from tests.specs.checks.proposed import found, graph, link, node, proposal, said

CORPUS = Path(__file__).parent / "corpus"
FLOORS = {
    "weasel": (0.95, 0.75),
    "vague_time": (0.95, 0.7),
    "and_or": (0.95, 0.95),
    "untestable": (0.95, 0.7),
    "unfinished": (0.95, 0.9),
    "no_demand": (0.95, 0.9),
    "several_demands": (0.95, 0.9),
    "passive": (0.95, 0.9),
}
"""Precision and recall, of each rule of the style check."""
CONTRADICTIONS = (0.95, 0.8)


def sentences(part: str) -> Iterator[tuple[str, frozenset[str]]]:
    for heading, texts in yaml.safe_load((CORPUS / f"style_{part}.yaml").read_text()).items():
        faults = frozenset(heading.replace(",", "").split()) & {*FLOORS}
        for text in texts:
            yield text, faults


def pairs(part: str) -> Iterator[tuple[str, str, bool]]:
    read = yaml.safe_load((CORPUS / f"contradictions_{part}.yaml").read_text())
    for heading, texts in read.items():
        for one, other in texts:
            yield one, other, heading == "contradict"


def judged(text: str) -> set[str]:
    return {one.rule for one in found(said(text), "style")}


def contradicted(one: str, other: str) -> bool:
    nodes = [node("REQ-1", body=one), node("REQ-2", body=other)]
    after = graph(nodes, [link("REQ-1", LinkKind.RELATES_TO, "REQ-2")])
    return bool(found(proposal(graph(), after), "contradictions"))


def figures(right: int, wrong: int, missed: int) -> tuple[float, float]:
    return right / max(right + wrong, 1), right / max(right + missed, 1)


def counted(part: str) -> tuple[dict[str, tuple[float, float]], list[str]]:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    mistakes = []
    for text, faults in sentences(part):
        spoke = judged(text)
        right.update(spoke & faults)
        wrong.update(spoke - faults)
        missed.update(faults - spoke)
        if spoke != faults:
            mistakes.append(f"+{sorted(spoke - faults)} -{sorted(faults - spoke)} {text}")
    return {rule: figures(right[rule], wrong[rule], missed[rule]) for rule in FLOORS}, mistakes


@pytest.mark.parametrize("part", ["tuned", "held_out"])
def test_style_is_judged_well_enough(part):
    reached, mistakes = counted(part)
    for rule, (precision, recall) in reached.items():
        print(f"{part:9} {rule:16} precision {precision:.2f} recall {recall:.2f}")  # noqa: T201
    print(*mistakes, sep="\n")  # noqa: T201
    low = {rule for rule, got in reached.items() if _below(got, FLOORS[rule])}
    assert not low, mistakes


@pytest.mark.parametrize("part", ["tuned", "held_out"])
def test_contradictions_are_found_well_enough(part):
    right = wrong = missed = 0
    mistakes = []
    for one, other, contradict in pairs(part):
        spoke = contradicted(one, other)
        right += spoke and contradict
        wrong += spoke and not contradict
        missed += contradict and not spoke
        if spoke != contradict:
            mistakes.append(f"{'+' if spoke else '-'} {one} / {other}")
    got = figures(right, wrong, missed)
    print(f"{part:9} contradictions   precision {got[0]:.2f} recall {got[1]:.2f}")  # noqa: T201
    print(*mistakes, sep="\n")  # noqa: T201
    assert not _below(got, CONTRADICTIONS), mistakes


def _below(got: tuple[float, float], floor: tuple[float, float]) -> bool:
    return got[0] < floor[0] or got[1] < floor[1]


def test_the_corpus_is_large_enough_and_its_parts_share_nothing():
    parts = {part: {text for text, _ in sentences(part)} for part in ("tuned", "held_out")}
    assert not parts["tuned"] & parts["held_out"]
    assert sum(map(len, parts.values())) >= 250
    held_out = Counter(fault for _, faults in sentences("held_out") for fault in faults)
    assert set(held_out) == set(FLOORS)
    assert min(held_out.values()) >= 8
    assert len([one for one in pairs("held_out") if one[2]]) >= 20
