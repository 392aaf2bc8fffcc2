"""What a policy means: gates, rules, stages of approval, default."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from apps.policies.choices import ActKind, Considered, Effect, Reason, RiskLevel, Verb
from apps.policies.engine.judging import deny_unread, judge
from apps.policies.ports import RegoVerdict, Stage
from tests.policies.hearing import (
    ADA,
    AT_NIGHT,
    BOB,
    ROBOT,
    a_person,
    a_policy,
    a_robot,
    an_act,
    an_operation,
    matched,
    now,
    reasons,
    verdict_on,
)

ALLOW = {"allow": True}
DENY = {"deny": "Not here."}


def asking(name: str = "review", **stage) -> dict:
    return {"require": [{"name": name, **stage}]}


def a_rule(name: str, then: dict, **when) -> dict:
    return {"name": name, "when": when, "then": then}


def test_of_what_no_rule_speaks_one_reviewer_decides():
    verdict = verdict_on(an_act("docs/a.md"))
    assert verdict.effect == Effect.REQUIRE
    assert verdict.stages == (
        Stage(name="review", quorum=1, roles=("reviewer",), rules=("default",)),
    )


def test_a_rule_that_allows_frees_the_act():
    policy = a_policy(rules=[a_rule("docs", ALLOW, path=["docs/**"])])
    assert verdict_on(an_act("docs/a.md"), policy).effect == Effect.ALLOW


def test_what_is_allowed_does_not_carry_along_what_no_rule_speaks_of():
    policy = a_policy(rules=[a_rule("docs", ALLOW, path=["docs/**"])])
    verdict = verdict_on(an_act("docs/a.md", "api/app.py"), policy)
    assert verdict.effect == Effect.REQUIRE
    assert [stage.rules for stage in verdict.stages] == [("default",)]


def test_a_rule_that_asks_for_a_review_of_one_does_not_shield_another_from_a_default_that_denies():
    policy = a_policy(
        rules=[a_rule("docs", asking(), path=["docs/**"])], default={"then": {"deny": "Unlisted."}}
    )
    assert verdict_on(an_act("docs/a.md"), policy).effect == Effect.REQUIRE
    verdict = verdict_on(an_act("docs/a.md", "api/app.py"), policy)
    assert [(denial.reason, denial.rule) for denial in verdict.denials] == [
        (Reason.RULE, "default")
    ]


def test_two_rules_may_free_an_act_together():
    rules = [a_rule("docs", ALLOW, path=["docs/**"]), a_rule("api", ALLOW, path=["api/**"])]
    assert verdict_on(an_act("docs/a.md", "api/b.py"), a_policy(rules=rules)).effect == "allow"


def test_one_rule_that_denies_outweighs_all_others():
    rules = [
        a_rule("all", ALLOW),
        a_rule("locked", DENY, path=["docs/locked/**"]),
        a_rule("reviewed", asking()),
    ]
    verdict = verdict_on(an_act("docs/a.md", "docs/locked/b.md"), a_policy(rules=rules))
    assert (verdict.effect, verdict.stages) == (Effect.DENY, ())
    assert [(denial.message, denial.rule) for denial in verdict.denials] == [
        ("Not here.", "locked")
    ]
    assert matched(verdict) == ["all", "locked", "reviewed"]


def test_allowing_exempts_only_from_the_rules_it_names():
    rules = [
        a_rule("lawyers", asking("legal")),
        a_rule("editors", asking("style")),
        a_rule("typos", {"allow": True, "over": ["editors"]}),
    ]
    verdict = verdict_on(an_act("a.md"), a_policy(rules=rules))
    assert [stage.name for stage in verdict.stages] == ["legal"]
    rules[2]["then"]["over"].append("lawyers")
    verdict = verdict_on(an_act("a.md"), a_policy(rules=rules))
    assert verdict.effect == Effect.ALLOW
    assert [step.name for step in verdict.trace if step.considered == Considered.EXEMPTED] == [
        "lawyers",
        "editors",
    ]


def test_an_exemption_counts_for_the_operations_it_fits_and_no_others():
    rules = [
        a_rule("editors", asking("style")),
        a_rule("typos", {"allow": True, "over": ["editors"]}, path=["docs/**"]),
    ]
    policy = a_policy(rules=rules)
    assert verdict_on(an_act("docs/a.md"), policy).effect == Effect.ALLOW
    assert verdict_on(an_act("docs/a.md", "api/b.py"), policy).effect == Effect.REQUIRE


def test_every_gate_that_denies_is_told_and_no_rule_overrides_it():
    policy = a_policy(
        allowed_dirs=["docs"],
        deny_globs=["*.key"],
        max_diff_lines=10,
        quotas={"acts_per_hour": 3},
        budgets={"spend_per_day_cents": 100},
        rules=[a_rule("all", ALLOW)],
    )
    act = an_act(
        "docs/a.key", "api/b.py", kind=ActKind.PLAN, texts={"intent": "rm -rf /"}, diff_lines=11
    )
    verdict = verdict_on(
        act,
        policy,
        circumstances=now(stopped="Ada pulled it.", acts_last_hour=3, spent_today_cents=100),
        rego=RegoVerdict(allowed=False, source="embedded", why="No.", input_digest=""),
    )
    assert verdict.effect == Effect.DENY
    assert reasons(verdict) == {
        "kill_switch", "path_forbidden", "diff_too_large", "risk_pattern", "quota_exceeded",
        "opa_deny",
    }  # fmt: skip
    assert {denial.rule for denial in verdict.denials} == {
        "", "allowed_dirs", "deny_globs", "max_diff_lines", "gate", "acts_per_hour",
        "spend_per_day_cents", "data.agent.allow",
    }  # fmt: skip
    assert "Ada pulled it." in {denial.message for denial in verdict.denials}


def test_a_change_may_have_as_many_lines_as_the_policy_allows():
    policy = a_policy(max_diff_lines=10)
    assert not verdict_on(an_act("a", diff_lines=10), policy).denied
    assert reasons(verdict_on(an_act("a", diff_lines=11), policy)) == {"diff_too_large"}


def test_quotas_are_for_agents():
    policy = a_policy(quotas={"acts_per_day": 5, "acts_per_hour": 0})
    busy = now(acts_last_day=5)
    assert {denial.rule for denial in verdict_on(an_act("a"), policy).denials} == {"acts_per_hour"}
    assert len(verdict_on(an_act("a"), policy, circumstances=busy).denials) == 2
    person = verdict_on(an_act("a"), policy, circumstances=busy, performer=a_person())
    assert not person.denied


def test_findings_add_to_the_risk_where_they_do_not_deny():
    policy = a_policy(rules=[a_rule("look", asking("look"), found=["url"])])
    texts = {"body": "See https://example.org"}
    verdict = verdict_on(an_act("a", texts=texts), policy)
    assert (verdict.effect, verdict.hits[0].finding) == (Effect.REQUIRE, "url")
    assert [stage.name for stage in verdict.stages] == ["look"]
    assert "finding" in [part.factor for part in verdict.risk.parts]
    assert reasons(verdict_on(an_act("a", texts=texts, kind=ActKind.PROMPT), policy)) == {
        "risk_pattern"
    }


@pytest.mark.parametrize(
    ("when", "fits", "fails"),
    [
        ({"act": ["plan"]}, {"act": an_act("a", kind=ActKind.PLAN)}, {"act": an_act("a")}),
        ({"actor": ["agent"]}, {"performer": a_robot()}, {"performer": a_person()}),
        ({"role": ["owner"]}, {"performer": a_person()}, {"performer": a_person(role="viewer")}),
        ({"agent": [ROBOT]}, {"performer": a_robot()}, {"performer": a_robot(id=BOB)}),
        (
            {"lineage": [BOB]},
            {"performer": a_robot(lineage=(ADA, BOB))},
            {"performer": a_robot(lineage=(ADA,))},
        ),
        (
            {"operation": ["delete"]},
            {"act": an_act(an_operation("a", verb=Verb.DELETE))},
            {"act": an_act("a")},
        ),
        (
            {"node_kind": ["requirement"]},
            {"act": an_act(an_operation(node_kind="Requirement"))},
            {"act": an_act(an_operation(node_kind="note"))},
        ),
        ({"path": ["docs/*.md"]}, {"act": an_act("docs/a.md")}, {"act": an_act("docs/b/a.md")}),
        (
            {"target": ["REQ-*"]},
            {"act": an_act(an_operation(target="REQ-12"))},
            {"act": an_act(an_operation(target="xREQ-12"))},
        ),
        (
            {"labels": ["security", "law"]},
            {"act": an_act(an_operation(labels=frozenset({"a", "law"})))},
            {"act": an_act(an_operation(labels=frozenset({"lawn"})))},
        ),
        (
            {"risk": {"at_least": "medium"}},
            {"act": an_act(an_operation("a", verb=Verb.DELETE))},
            {"act": an_act("a")},
        ),
        (
            {"found": ["secret", "url"]},
            {"act": an_act("a", texts={"b": "ftp://x"})},
            {"act": an_act("a", texts={"b": "../"})},
        ),
        ({"hours": "outside"}, {"circumstances": now(at=AT_NIGHT)}, {"circumstances": now()}),
        ({"hours": "inside"}, {"circumstances": now()}, {"circumstances": now(at=AT_NIGHT)}),
        (
            {"path": ["a"], "operation": ["delete"]},
            {"act": an_act(an_operation("a", verb=Verb.DELETE))},
            {"act": an_act("a", an_operation("b", verb=Verb.DELETE))},
        ),
        (
            {"path": ["a", "b"], "every": True},
            {"act": an_act("a", "b")},
            {"act": an_act("a", "b", "c")},
        ),
        ({"path": ["**"]}, {"act": an_act("a")}, {"act": an_act()}),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_condition_holds_or_its_rule_does_not(when, fits, fails):
    for then in (DENY, ALLOW, asking()):
        policy = a_policy(rules=[a_rule("it", then, **when)])
        if then is ALLOW and "node_kind" in when:
            continue  # what permits compares to the letter
        assert matched(verdict_on(**{"act": an_act("a"), "policy": policy, **fits})) == ["it"]
        verdict = verdict_on(**{"act": an_act("a"), "policy": policy, **fails})
        [step] = [step for step in verdict.trace if step.rule]
        assert (step.considered, step.name) == (Considered.PASSED, "it")


def test_a_rule_without_conditions_always_fits():
    policy = a_policy(rules=[a_rule("all", asking("all"))])
    for act in (an_act(), an_act("a"), an_act("a", kind=ActKind.TOOL_CALL)):
        assert matched(verdict_on(act, policy)) == ["all"]


def test_what_permits_must_fit_both_paths_of_a_move_and_what_forbids_fits_either():
    move = an_act(an_operation("docs/a.md", "api/a.md", verb=Verb.MOVE))
    for end in ("docs/**", "api/**"):
        assert matched(verdict_on(move, a_policy(rules=[a_rule("it", ALLOW, path=[end])]))) == []
        assert verdict_on(move, a_policy(rules=[a_rule("it", DENY, path=[end])])).denied
    both = a_policy(rules=[a_rule("it", ALLOW, path=["docs/**", "api/**"])])
    assert verdict_on(move, both).effect == Effect.ALLOW


def test_what_permits_compares_to_the_letter_and_what_forbids_by_looks():
    twin = "d\u043ecs/a.md"  # the second letter is Cyrillic
    for path in (twin, "DOCS/a.md", "ｄocs/a.md"):  # noqa: RUF001
        assert (
            matched(
                verdict_on(an_act(path), a_policy(rules=[a_rule("it", ALLOW, path=["docs/**"])]))
            )
            == []
        )
        denying = a_policy(rules=[a_rule("it", DENY, path=["docs/**"])])
        assert verdict_on(an_act(path), denying).denied


def test_stages_of_one_name_and_circle_merge_to_the_stricter():
    rules = [
        a_rule("one", asking(quorum=1, roles=["owner", "admin"], due="4h", people=[BOB])),
        a_rule("two", asking(quorum=2, roles=["admin", "owner"], due="30m", people=[BOB])),
        a_rule("three", asking(quorum=1, roles=["owner"])),
        a_rule("four", asking("legal", quorum=1)),
    ]
    verdict = verdict_on(an_act("a"), a_policy(rules=rules))
    assert [
        (stage.name, stage.quorum, stage.roles, stage.due_minutes, stage.rules)
        for stage in verdict.stages
    ] == [
        ("review", 2, ("admin", "owner"), 30, ("one", "two")),
        ("review", 1, ("owner",), None, ("three",)),
        ("legal", 1, (), None, ("four",)),
    ]


def test_durations_count_in_minutes_and_a_business_day_is_as_long_as_business_hours():
    stage: dict[str, Any] = {
        "due": "2d",
        "expires": "3d",
        "escalation": [{"after": "1h", "to": ["admin"]}, {"after": "1d", "to": ["owner", "admin"]}],
    }
    policy = a_policy(rules=[a_rule("it", asking(**stage))])
    [came] = verdict_on(an_act("a"), policy).stages
    assert (came.due_minutes, came.expires_minutes) == (2 * 1440, 3 * 1440)
    assert [(rung.after_minutes, rung.to) for rung in came.escalation] == [
        (60, ("admin",)),
        (1440, ("owner", "admin")),
    ]
    assert came.escalate_to == ("admin", "owner")
    policy = a_policy(rules=[a_rule("it", asking(**stage, business_hours=True))])
    [came] = verdict_on(an_act("a"), policy).stages
    assert (came.due_minutes, came.expires_minutes) == (2 * 480, 3 * 480)


def test_business_hours_are_those_of_the_policys_zone():
    hours = {"zone": "Asia/Tokyo", "days": ["thu"], "start": "09:00", "end": "17:00"}
    policy = a_policy(hours=hours, rules=[a_rule("it", asking(), hours="inside")])
    thursday_in_tokyo = now(at=AT_NIGHT.replace(hour=0, day=8))
    assert matched(verdict_on(an_act("a"), policy, circumstances=thursday_in_tokyo)) == ["it"]
    too_late = now(at=AT_NIGHT.replace(hour=8, day=8))
    assert matched(verdict_on(an_act("a"), policy, circumstances=too_late)) == []


def test_whoever_proposed_or_delegated_is_excluded():
    verdict = verdict_on(an_act("a"), performer=a_robot(lineage=(BOB, ADA)))
    assert verdict.excluded == (ROBOT, BOB, ADA)


def test_the_only_person_may_opt_out_and_the_trace_says_so():
    policy = a_policy(duties={"solo_opt_out": True})
    assert verdict_on(an_act("a"), policy, circumstances=now(people=2)).excluded == (ROBOT, ADA)
    verdict = verdict_on(an_act("a"), policy, circumstances=now(people=1))
    assert verdict.excluded == ()
    assert ("duties", Considered.EXEMPTED) in [
        (step.name, step.considered) for step in verdict.trace
    ]


def test_rego_must_have_been_asked_of_the_very_same():
    policy = a_policy()
    digest = verdict_on(an_act("a"), policy).input_digest
    said = RegoVerdict(allowed=True, source="remote", why="It allows it.", input_digest=digest)
    verdict = verdict_on(an_act("a"), policy, rego=said)
    assert verdict.effect == Effect.REQUIRE
    assert digest in next(step.why for step in verdict.trace if step.name == "rego")
    assert reasons(verdict_on(an_act("b"), policy, rego=said)) == {"opa_deny"}
    said = replace(said, allowed=False)
    assert reasons(verdict_on(an_act("a"), policy, rego=said)) == {"opa_deny"}


def test_an_error_denies_whatever_the_rules_say():
    policy = a_policy(rules=[a_rule("all", ALLOW)])
    naive = now(at=AT_NIGHT.replace(tzinfo=None))
    verdict = verdict_on(an_act("a"), policy, circumstances=naive)
    assert reasons(verdict) == {"policy_error"}
    assert verdict.risk.level == RiskLevel.CRITICAL
    assert [step.name for step in verdict.trace if step.considered == Considered.ERRED] == ["risk"]
    strange = an_act("a", texts={"b": None})  # no text at all
    assert reasons(verdict_on(strange, policy)) == {"policy_error"}


def test_half_a_character_is_found_and_does_not_crash():
    verdict = verdict_on(an_act("a", kind=ActKind.PLAN, texts={"b": "x\ud800y"}))
    assert reasons(verdict) == {"risk_pattern"}
    assert [hit.finding for hit in verdict.hits] == ["hidden_unicode"]
    assert len(verdict.input_digest) == 64
    orjson.dumps(verdict)


def test_a_policy_that_cannot_be_read_denies():
    verdict = deny_unread(an_act("a"), a_robot(), now(), source="workspace v3", why="Torn.")
    assert (verdict.effect, reasons(verdict)) == (Effect.DENY, {"policy_error"})
    assert verdict.policy_source == "workspace v3"


def test_the_order_in_which_texts_and_labels_come_changes_nothing():
    policy = a_policy()
    one = an_act("a", texts={"x": "token", "y": "../"})
    other = an_act("a", texts={"y": "../", "x": "token"})
    verdicts = {orjson.dumps(judge(policy, act, a_robot(), now())) for act in (one, other)}
    assert len(verdicts) == 1
