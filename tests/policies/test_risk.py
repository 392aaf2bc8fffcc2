"""The documented default set of risk factors, and how points add up."""

import pytest

from apps.policies.choices import ActKind, RiskLevel, Verb
from apps.policies.schemas import RiskFactors, Thresholds
from tests.policies.hearing import (
    AT_NIGHT,
    a_person,
    a_policy,
    an_act,
    an_operation,
    now,
    verdict_on,
)


def parts(act=None, policy=None, **others):
    others.setdefault("performer", a_person())
    risk = verdict_on(act or an_act(), policy, **others).risk
    return {part.factor: part.points for part in risk.parts}


def test_the_default_set():
    assert RiskFactors().model_dump() == {
        "agent": 10, "delete": 25, "move": 10, "policy": 40, "large": 20, "many": 15, "impact": 20,
        "finding": 30, "outside_hours": 5, "labels": {},
    }  # fmt: skip
    assert Thresholds().model_dump() == {"medium": 20, "high": 45, "critical": 75}


def test_a_person_who_does_nothing_much_is_no_risk():
    assert parts() == {}


@pytest.mark.parametrize(
    ("act", "others", "expected"),
    [
        (an_act(), {"performer": None}, {"agent": 10}),
        (an_act(an_operation("a", verb=Verb.DELETE)), {}, {"delete": 25, "many": 1}),
        (an_act(an_operation("a", "b", verb=Verb.MOVE)), {}, {"move": 10, "many": 1}),
        (an_act(an_operation("a", "b", verb=Verb.RENAME)), {}, {"move": 10, "many": 1}),
        (an_act(kind=ActKind.POLICY_CHANGE), {}, {"policy": 40}),
        (an_act(diff_lines=400), {}, {"large": 10}),
        (an_act(diff_lines=800), {}, {"large": 20}),
        (an_act(*["a"] * 5), {}, {"many": 7}),
        (an_act(*["a"] * 10), {}, {"many": 15}),
        (an_act(*["a"] * 99), {}, {"many": 15}),
        (an_act(impact=10), {}, {"impact": 10}),
        (an_act(impact=20), {}, {"impact": 20}),
        (an_act(impact=2000), {}, {"impact": 20}),
        (an_act(texts={"a": "http://x http://y"}), {}, {"finding": 30}),
        (an_act(), {"circumstances": now(at=AT_NIGHT)}, {"outside_hours": 5}),
    ],
)
def test_each_factor_has_its_points(act, others, expected):
    if "performer" in others:
        verdict = verdict_on(act)
        assert {part.factor: part.points for part in verdict.risk.parts} == expected
    else:
        assert parts(act, **others) == expected


def test_each_kind_of_finding_counts_once():
    verdict = verdict_on(an_act(texts={"a": "http://x http://y", "b": "../ ../"}))
    assert [part.points for part in verdict.risk.parts if part.factor == "finding"] == [30, 30]


def test_labels_have_the_points_that_the_policy_gives_them():
    policy = a_policy(risk={"factors": {"labels": {"law": 30, "draft": 5}, "many": 0}})
    act = an_act(
        an_operation(labels=frozenset({"law", "draft", "other"})),
        an_operation(labels=frozenset({"law"})),
    )
    assert verdict_on(act, policy, performer=a_person()).risk.score == 35


@pytest.mark.parametrize("label", ["Law", "LAW", "l\u0430w", "\uff4caw", "la\u200bw"])
def test_a_label_that_only_looks_like_one_with_points_has_them(label):
    policy = a_policy(risk={"factors": {"labels": {"law": 30}, "many": 0, "finding": 0}})
    act = an_act(an_operation(labels=frozenset({label})))
    assert verdict_on(act, policy, performer=a_person()).risk.score == 30


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0, RiskLevel.LOW), (19, RiskLevel.LOW), (20, RiskLevel.MEDIUM), (44, RiskLevel.MEDIUM),
        (45, RiskLevel.HIGH), (74, RiskLevel.HIGH), (75, RiskLevel.CRITICAL),
        (100, RiskLevel.CRITICAL),
    ],
)  # fmt: skip
def test_levels_begin_at_their_thresholds(score, level):
    policy = a_policy(risk={"factors": {"agent": score}})
    risk = verdict_on(an_act(), policy).risk
    assert (risk.score, risk.level) == (score, level)


def test_the_score_ends_at_a_hundred():
    policy = a_policy(risk={"factors": {"agent": 100, "policy": 100}})
    assert verdict_on(an_act(kind=ActKind.POLICY_CHANGE), policy).risk.score == 100


def test_where_no_line_is_allowed_any_line_counts_in_full():
    assert (
        verdict_on(an_act(diff_lines=1), a_policy(max_diff_lines=0), performer=a_person())
        .risk.parts[0]
        .points
        == 20
    )
