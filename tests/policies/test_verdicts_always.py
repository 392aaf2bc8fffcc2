"""What holds for every policy and every act: one answer, never a crash, never freer by more."""

import os
import subprocess
import sys

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.policies.choices import ActKind, Effect, Finding, Verb
from apps.policies.engine.judging import judge
from apps.policies.engine.stages import stages_of
from apps.policies.ports import Act, Operation, Stage
from apps.policies.schemas import ApprovalStage, Hours
from config.env import ROOT
from tests.policies.hearing import (
    ADA,
    AT_NIGHT,
    AT_WORK,
    BOB,
    ROBOT,
    a_person,
    a_policy,
    a_robot,
    now,
)

FREEDOM = [Effect.ALLOW, Effect.REQUIRE, Effect.DENY]
GLOBS = st.sampled_from(
    ["docs/**", "*.md", "api/*", "**", "docs/a.md", "secret", "[ab]*", "{x,docs}/*"]
)
PATHS = st.sampled_from(
    [
        "docs/a.md",
        "api/b.py",
        "secret/x",
        "docs/../api/b.py",
        "../x",
        "docs",
        "A.MD",
        "d\u043ecs/a.md",
    ]
)
LABELS = st.sampled_from(["law", "draft", "Law"])
TEXTS = (
    st.sampled_from(["", "fine", "token", "http://x", "a\u200bb", "\uff4fs.system", "x\ud800"])
    | st.text()
)
STAGES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["review", "legal"]),
        "quorum": st.integers(1, 3),
        "roles": st.lists(st.sampled_from(["reviewer", "admin", "owner"]), max_size=2, unique=True),
        "people": st.lists(st.sampled_from([str(ADA), str(BOB)]), max_size=2, unique=True),
    }
)


def lists(of):
    return st.lists(of, min_size=1, max_size=2)


WHEN = st.fixed_dictionaries(
    {},
    optional={
        "act": lists(st.sampled_from(ActKind)),
        "actor": lists(st.sampled_from(["person", "agent"])),
        "agent": lists(st.sampled_from([str(ROBOT), str(BOB)])),
        "lineage": lists(st.sampled_from([str(ADA), str(BOB)])),
        "operation": lists(st.sampled_from(Verb)),
        "path": lists(GLOBS),
        "target": lists(st.sampled_from(["REQ-*", "x"])),
        "labels": lists(LABELS),
        "found": lists(st.sampled_from(Finding)),
        "hours": st.sampled_from(["inside", "outside"]),
    },
)
THEN = st.one_of(
    st.just({"deny": "No."}),
    st.just({"allow": True, "over": ["rule 0", "rule 1"]}),
    st.just({"allow": True}),
    st.lists(STAGES, min_size=1, max_size=2).map(lambda stages: {"require": stages}),
)


def named(rules):
    return [
        {"name": f"rule {at}", "when": when, "then": then} for at, (when, then) in enumerate(rules)
    ]


POLICIES = st.builds(
    lambda rules, default, denied, deny_in: a_policy(
        allowed_dirs=["docs", "api", "secret"],
        deny_globs=denied,
        gate={"deny_in": deny_in},
        default={"then": default},
        rules=named(rules),
    ),
    st.lists(st.tuples(WHEN, THEN), max_size=6),
    THEN.filter(lambda then: "over" not in then),
    st.lists(GLOBS.filter(lambda glob: glob != "**"), max_size=2),
    st.lists(st.sampled_from(ActKind), max_size=2),
)
OPERATIONS = st.builds(
    Operation,
    verb=st.sampled_from(Verb),
    target=st.sampled_from(["", "REQ-1", "x"]),
    paths=st.lists(PATHS, max_size=2).map(tuple),
    labels=st.frozensets(LABELS, max_size=2),
)
ACTS = st.builds(
    Act,
    kind=st.sampled_from(ActKind),
    operations=st.lists(OPERATIONS, max_size=4).map(tuple),
    texts=st.dictionaries(st.sampled_from("abc"), TEXTS, max_size=3),
    diff_lines=st.integers(0, 900),
    impact=st.integers(0, 30),
)
PERFORMERS = st.sampled_from([a_robot(), a_person(), a_robot(lineage=(BOB, ADA))])
TIMES = st.sampled_from([now(at=AT_WORK), now(at=AT_NIGHT), now(people=1)])
MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@MANY
@given(POLICIES, ACTS, PERFORMERS, TIMES, st.randoms())
def test_the_same_question_has_the_same_answer_to_the_byte(policy, act, performer, at, chance):
    verdict = judge(policy, act, performer, at)
    told = orjson.dumps(verdict)
    shuffled = list(act.texts.items())
    chance.shuffle(shuffled)
    again = Act(
        kind=act.kind,
        operations=tuple(act.operations),
        texts=dict(shuffled),
        diff_lines=act.diff_lines,
        impact=act.impact,
    )
    assert orjson.dumps(judge(policy, again, performer, at)) == told
    assert verdict.denied == bool(verdict.denials)
    assert "policy_error" not in {denial.reason for denial in verdict.denials}
    assert [step.name for step in verdict.trace if step.rule] == [
        rule.name for rule in policy.document.rules
    ]


@MANY
@given(POLICIES, ACTS, OPERATIONS, PERFORMERS, TIMES)
def test_an_act_is_never_freer_for_doing_more(policy, act, more, performer, at):
    larger = Act(
        kind=act.kind,
        operations=(*act.operations, more),
        texts=act.texts,
        diff_lines=act.diff_lines,
        impact=act.impact,
    )
    if act.operations:
        before, after = (judge(policy, each, performer, at).effect for each in (act, larger))
        assert FREEDOM.index(after) >= FREEDOM.index(before)


@MANY
@given(POLICIES, st.tuples(WHEN, THEN), ACTS, PERFORMERS, TIMES)
def test_a_rule_that_denies_or_asks_never_frees_where_the_default_allows(
    policy, rule, act, performer, at
):
    fields = policy.document.model_dump(mode="json")
    fields["default"] = {"then": {"allow": True}}
    before = judge(a_policy(**fields), act, performer, at)
    when, then = rule
    if "allow" in then:
        return
    fields["rules"] = [*fields["rules"], {"name": "one more", "when": when, "then": then}]
    after = judge(a_policy(**fields), act, performer, at)
    assert FREEDOM.index(after.effect) >= FREEDOM.index(before.effect)


def enough(stage: Stage | ApprovalStage, voters: list[tuple[str, str]]) -> bool:
    roles, people = set(map(str, stage.roles)), set(map(str, stage.people))
    may = [voter for voter in voters if voter[0] in people or voter[1] in roles]
    return len(may) >= stage.quorum


@given(
    st.lists(STAGES.map(ApprovalStage.model_validate), min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.sampled_from([str(ADA), str(BOB), "c", "d", "e"]),
            st.sampled_from(["reviewer", "admin", "owner"]),
        ),
        unique_by=lambda voter: voter[0],
    ),
)
def test_whoever_satisfies_the_merged_stages_satisfies_every_rule(asked, voters):
    merged = stages_of([(f"rule {at}", stage) for at, stage in enumerate(asked)], Hours())
    assert all(enough(stage, voters) for stage in merged) == all(
        enough(stage, voters) for stage in asked
    )
    assert {rule for stage in merged for rule in stage.rules} == {
        f"rule {at}" for at in range(len(asked))
    }


ONE_VERDICT = """
import django, hashlib, orjson
django.setup()
from tests.policies.hearing import *
rules = [
    {"name": f"rule {n}", "when": {"labels": [f"l{n % 7}", "x"], "path": [f"d{n % 5}/**", "*.md"]},
     "then": {"require": [{"name": f"s{n % 3}", "roles": ["owner", "admin"]}]}}
    for n in range(40)
]
act = an_act(
    *[an_operation(f"d{n}/a.md", labels=frozenset(f"l{k}" for k in range(n))) for n in range(8)],
    texts={f"t{n}": "token http://x ../ os.system" for n in range(9)},
)
print(hashlib.sha256(orjson.dumps(verdict_on(act, a_policy(rules=rules)))).hexdigest())
"""


def test_processes_with_other_hashes_give_the_same_bytes():
    told = {
        subprocess.run(
            [sys.executable, "-c", ONE_VERDICT],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "config.settings",
            },
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop()) == 64
