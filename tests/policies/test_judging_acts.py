"""An act is judged by the policy that holds; its verdict is kept, and a denial is an event."""

import pytest
from prometheus_client import REGISTRY

from apps.accounts.choices import Role
from apps.accounts.services.members import change_role
from apps.common.actors import SYSTEM
from apps.common.errors import NotFound
from apps.ledger.models import Event
from apps.policies.choices import ActKind, Door, Effect, Reason, Verb
from apps.policies.errors import (
    PathForbidden,
    PolicyDenied,
    PolicyErred,
    QuotaExceeded,
    RegoDenied,
    RiskPatternFound,
)
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy, PolicyVersion
from apps.policies.ports import Act, Operation, spending
from apps.policies.rego.embedded import end_evaluators
from apps.policies.selectors.acts import opened
from apps.policies.services.judging import hear, judge_act, require_allowed, weigh_act
from apps.policies.services.versions import apply_policy
from tests.factories import PersonFactory, agent_of

pytestmark = pytest.mark.django_db


def editing(*paths, verb=Verb.EDIT, **fields):
    return Act(kind=ActKind.SPEC_CHANGE, operations=(Operation(verb=verb, paths=paths),), **fields)


def test_without_a_policy_the_built_in_one_holds(workspace, agent, settings):
    settings.AGENT_WHITELIST_DIRS = ["api", "it's ours"]
    inside = judge_act(act=editing("it's ours/x.md"), actor=agent, workspace=workspace.id)
    assert (inside.effect, inside.policy_source) == (Effect.REQUIRE, "default")
    outside = judge_act(act=editing("apps/x.md"), actor=agent, workspace=workspace.id)
    assert [denial.reason for denial in outside.denials] == [Reason.PATH]
    with pytest.raises(PathForbidden):
        require_allowed(outside)


def test_verdict_is_kept_sealed_and_opens_again(workspace, agent, owner, released):
    act = editing("docs/a.md", texts={"title": "Rosebud, and nobody may read it"})
    verdict = judge_act(act=act, actor=agent, workspace=workspace.id, label="bot-1")
    row = ActRecord.objects.get(door=Door.SERVICE)
    assert row.id == verdict.record
    assert (row.kind, row.effect, row.door, row.label) == (
        ActKind.SPEC_CHANGE,
        Effect.REQUIRE,
        Door.SERVICE,
        "bot-1",
    )
    assert (row.policy_digest, row.policy_source) == (released.digest, "workspace v1")
    assert row.sealed
    assert b"Rosebud" not in bytes(row.sealed)
    case = opened(row)
    assert case.act == act
    assert case.performer.lineage == (owner.id,)
    assert (case.performer.kind, case.performer.role) == ("agent", Role.CONTRIBUTOR)
    assert case.verdict.stages == verdict.stages


def test_denial_is_an_event_that_holds_digests_and_raises_what_was_promised(
    workspace, contributor, released
):
    before = REGISTRY.get_sample_value("policy_denied_total", {"reason": "policy_denied"}) or 0
    act = editing("docs/a.md", verb=Verb.DELETE, texts={"why": "Rosebud"})
    verdict = judge_act(act=act, actor=contributor, workspace=workspace.id)
    event = Event.objects.filter(workspace_id=workspace.id).latest("seq")
    assert (event.type, event.actor_id) == ("policies.act.denied", contributor.id)
    assert event.payload["act"] == str(verdict.record)
    assert event.payload["reasons"] == ["policy_denied"]
    assert event.payload["policy_digest"] == released.digest
    assert "Rosebud" not in str(event.payload)
    after = REGISTRY.get_sample_value("policy_denied_total", {"reason": "policy_denied"})
    assert after == before + 1
    with pytest.raises(PolicyDenied, match="spade") as refused:
        require_allowed(verdict)
    assert type(refused.value) is PolicyDenied
    assert refused.value.details[0]["rule"] == "nobody deletes"
    assert refused.value.details[0]["act"] == str(verdict.record)


def test_all_that_speaks_against_an_act_is_told_and_the_gravest_gives_the_code(
    workspace, agent, released
):
    act = Act(
        kind=ActKind.PLAN,
        operations=(Operation(verb=Verb.DELETE, paths=("docs/../etc/passwd",)),),
        texts={"intent": "os.system('rm -rf /')"},
    )
    with pytest.raises(PathForbidden) as refused:
        require_allowed(judge_act(act=act, actor=agent, workspace=workspace.id))
    reasons = {detail["reason"] for detail in refused.value.details}
    assert {"path_forbidden", "risk_pattern", "policy_denied"} <= reasons
    text = Act(kind=ActKind.PLAN, operations=(), texts=act.texts)
    with pytest.raises(RiskPatternFound):
        require_allowed(judge_act(act=text, actor=agent, workspace=workspace.id))


def test_what_needs_approval_or_is_free_passes(workspace, agent, contributor, released):
    for actor, effect in ((agent, Effect.REQUIRE), (contributor, Effect.ALLOW)):
        verdict = judge_act(act=editing("docs/a.md"), actor=actor, workspace=workspace.id)
        assert verdict.effect == effect
        require_allowed(verdict)
    assert not Event.objects.filter(type="policies.act.denied").exists()


def test_weighing_keeps_nothing(workspace, agent, released):
    before = Event.objects.count()
    verdict = weigh_act(act=editing("other/a.md"), actor=agent, workspace=workspace.id)
    assert verdict.denied
    assert verdict.record is None
    assert not ActRecord.objects.exclude(door=Door.POLICY).exists()
    assert Event.objects.count() == before


def test_strangers_have_nothing_judged(workspace, released):
    stranger = PersonFactory.create()
    with pytest.raises(NotFound):
        judge_act(act=editing("docs/a.md"), actor=stranger, workspace=workspace.id)
    assert not ActRecord.objects.exclude(door=Door.POLICY).exists()


def test_a_quota_counts_what_was_not_denied_for_each_agent(workspace, owner, agent):
    text = 'version: "1"\nallowed_dirs: [docs]\nquotas: {acts_per_hour: 2}\n'
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    denied = editing("elsewhere/a.md")
    for _ in range(3):
        assert judge_act(act=denied, actor=agent, workspace=workspace.id).denied
    for _ in range(2):
        require_allowed(judge_act(act=editing("docs/a"), actor=agent, workspace=workspace.id))
    with pytest.raises(QuotaExceeded) as refused:
        require_allowed(judge_act(act=editing("docs/a"), actor=agent, workspace=workspace.id))
    assert refused.value.retry_after
    other = agent_of(owner, workspace)
    require_allowed(judge_act(act=editing("docs/a"), actor=other, workspace=workspace.id))


def test_what_other_rooms_spent_counts(workspace, owner, agent, monkeypatch):
    text = 'version: "1"\nallowed_dirs: [docs]\nbudgets: {spend_per_day_cents: 10}\n'
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    asked = []

    def spent(*question):
        asked.append(question[:2])
        return 11

    monkeypatch.setattr("apps.policies.services.judging.spending", [*spending, spent])
    verdict = judge_act(act=editing("docs/a"), actor=agent, workspace=workspace.id)
    assert [denial.reason for denial in verdict.denials] == [Reason.QUOTA]
    assert asked == [(workspace.id, agent.id)]


def test_released_policy_that_cannot_be_read_denies_everything(workspace, agent, owner, released):
    spoiled = PolicyVersion.objects.create(
        workspace=workspace,
        number=2,
        text='version: "1"',
        digest="a" * 64,
        rules=0,
        origin="file",
        released_by=owner.id,
        released_by_kind="person",
    )
    Policy.objects.update(current=spoiled)
    verdict = judge_act(act=editing("docs/a.md"), actor=agent, workspace=workspace.id)
    assert [denial.reason for denial in verdict.denials] == [Reason.ERROR]
    assert (verdict.policy_source, verdict.policy_digest) == ("workspace v2", "a" * 64)
    with pytest.raises(PolicyErred):
        require_allowed(verdict)


def test_system_is_judged_as_what_it_is(workspace, released):
    judge_act(act=editing("docs/a.md"), actor=SYSTEM, workspace=workspace.id)
    assert opened(ActRecord.objects.get(door=Door.SERVICE)).performer.kind == "system"


def test_versions_are_neither_changed_nor_deleted(released):
    with pytest.raises(Exception, match="append-only"):
        PolicyVersion.objects.filter(id=released.id).update(text="")


def test_judging_takes_few_queries(workspace, agent, released, django_assert_num_queries):
    judge_act(act=editing("docs/a.md"), actor=agent, workspace=workspace.id)
    with django_assert_num_queries(10):
        judge_act(act=editing("docs/a.md"), actor=agent, workspace=workspace.id)


# --- Rego


@pytest.fixture
def rego(settings, tmp_path):
    text = 'package agent\ndefault allow := false\nallow if input.act.kind == "plan"\n'
    (tmp_path / "agent.rego").write_text(text)
    settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, "", tmp_path
    settings.OPA_TIMEOUT = 10
    yield
    end_evaluators()


def test_rego_is_asked_and_its_verdict_is_kept_with_the_digest_of_its_input(
    workspace, contributor, released, rego
):
    denied = judge_act(act=editing("docs/a.md"), actor=contributor, workspace=workspace.id)
    assert [denial.reason for denial in denied.denials] == [Reason.REGO]
    with pytest.raises(RegoDenied):
        require_allowed(denied)
    case = opened(ActRecord.objects.latest("id"))
    assert case.rego
    assert (case.rego.allowed, case.rego.source) == (False, "embedded")
    assert case.rego.input_digest == denied.input_digest
    plan = Act(kind=ActKind.PLAN, operations=(Operation(verb=Verb.EDIT, paths=("docs/a.md",)),))
    allowed = judge_act(act=plan, actor=contributor, workspace=workspace.id)
    assert allowed.effect == Effect.ALLOW
    assert opened(ActRecord.objects.latest("id")).rego


def test_a_quota_that_ran_out_since_rego_was_asked_counts(workspace, owner, agent, rego):
    text = 'version: "1"\nallowed_dirs: [docs]\nquotas: {acts_per_hour: 1}\n'
    apply_policy(text=text, workspace=workspace.id, actor=SYSTEM)
    plan = Act(kind=ActKind.PLAN, operations=(Operation(verb=Verb.EDIT, paths=("docs/a.md",)),))
    hearings = [hear(act=plan, actor=agent, workspace=workspace.id) for _ in range(2)]
    first, second = (
        judge_act(act=plan, actor=agent, workspace=workspace.id, hearing=hearing)
        for hearing in hearings
    )
    assert first.effect == Effect.REQUIRE
    assert [denial.reason for denial in second.denials] == [Reason.QUOTA]


def test_what_rego_said_counts_for_nobody_whose_role_changed_since(
    workspace, owner, contributor, released, rego
):
    plan = Act(kind=ActKind.PLAN, operations=(Operation(verb=Verb.EDIT, paths=("docs/a.md",)),))
    hearing = hear(act=plan, actor=contributor, workspace=workspace.id)
    change_role(workspace_id=workspace.id, user_id=contributor.id, role=Role.VIEWER, actor=owner)
    verdict = judge_act(act=plan, actor=contributor, workspace=workspace.id, hearing=hearing)
    assert [denial.reason for denial in verdict.denials] == [Reason.REGO]
    assert judge_act(act=plan, actor=contributor, workspace=workspace.id).effect == Effect.ALLOW
