"""Recorded acts: who sees them, why they were judged so, how they end, and what they may become."""

import zipfile
import zlib
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.keyring import encrypt
from apps.accounts.services.exports import export_workspace
from apps.accounts.services.workspaces import delete_workspace
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from apps.policies.acts import digest_of_act
from apps.policies.choices import ActKind, Effect, Origin, Verb
from apps.policies.errors import ActUnnamed, ActUnreadable, AlwaysAllowed, DenialStands
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft, PolicyVersion
from apps.policies.ports import Act, Operation
from apps.policies.schemas import Allow
from apps.policies.selectors.acts import act as one_act
from apps.policies.selectors.acts import acts_of, explanation
from apps.policies.selectors.replays import acts_to_replay, replayed
from apps.policies.services import acts
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy, check_policy, release_policy
from tests.factories import PersonFactory, agent_of, member
from tests.policies.releasing import POLICY

pytestmark = pytest.mark.django_db


def do(actor, workspace, *paths, verb=Verb.EDIT, text="Rosebud"):
    act = Act(
        kind=ActKind.SPEC_CHANGE,
        operations=(Operation(verb=verb, paths=paths or ("docs/a.md",), target="REQ-1"),),
        texts={"title": text},
        diff_lines=4,
    )
    verdict = judge_act(act=act, actor=actor, workspace=workspace.id)
    row = ActRecord.objects.latest("id")
    assert row.pk == verdict.record
    return row


@pytest.fixture
def row(released, agent, workspace):
    return do(agent, workspace)


# --- seeing


def test_acts_are_seen_by_whom_they_concern(workspace, row, agent, owner, reviewer, contributor):
    other_agent = agent_of(contributor, workspace)
    seeing = {
        who: acts_of(workspace_id=workspace.id, actor=who).filter(pk=row.pk).exists()
        for who in (agent, owner, reviewer, contributor, other_agent, SYSTEM)
    }
    assert seeing == {
        agent: True,
        owner: True,
        reviewer: True,
        contributor: False,
        other_agent: False,
        SYSTEM: True,
    }
    for stranger in (contributor, PersonFactory.create()):
        with pytest.raises(NotFound):
            one_act(act_id=row.id, workspace_id=workspace.id, actor=stranger)


def test_owner_of_an_agent_sees_what_it_did_whatever_their_role(workspace, contributor, released):
    agent = agent_of(contributor, workspace)
    row = do(agent, workspace)
    assert one_act(act_id=row.id, workspace_id=workspace.id, actor=contributor) == row


def test_explanation_names_each_rule_with_its_line(row, released):
    found = explanation(row)
    assert found.case.act.texts == {"title": "Rosebud"}
    told = {one.step.name: one.text.strip() for one in found.steps if one.step.line}
    assert told["agents are reviewed"] == "- name: agents are reviewed"
    assert told["nobody deletes"] == "- name: nobody deletes"


def test_explanation_is_by_the_policy_that_held_then(row, workspace, owner):
    apply_policy(text='version: "1"\nallowed_dirs: [x]\n', workspace=workspace.id, actor=owner)
    found = explanation(ActRecord.objects.get(pk=row.pk))
    assert found.case.verdict.policy_source == "workspace v1"
    assert any("agents are reviewed" in one.text for one in found.steps)


# --- ending


def test_erased_act_says_nothing_any_more_and_its_digest_stays(row, owner, admin):
    acts.erase_act(act=row, actor=admin, reason="A name stood in it")
    acts.erase_act(act=row, actor=owner)
    row.refresh_from_db()
    assert (row.sealed, row.erased_by) == (None, admin.id)
    with pytest.raises(ActUnreadable):
        explanation(row)
    event = Event.objects.get(type="policies.act.erased")
    told = {"act": str(row.id), "act_digest": row.digest, "reason": "A name stood in it"}
    assert event.payload == told


def test_nobody_but_who_manages_erases(row, reviewer, agent):
    for actor in (reviewer, agent):
        with pytest.raises(NotAllowed):
            acts.erase_act(act=row, actor=actor)
    row.refresh_from_db()
    assert row.sealed
    assert not Event.objects.filter(type="policies.act.erased").exists()


def test_acts_past_their_retention_are_forgotten_in_batches(
    workspace, agent, released, settings, monkeypatch
):
    monkeypatch.setattr(acts, "BATCH", 2)
    rows = [do(agent, workspace) for _ in range(4)]
    old = timezone.now() - settings.POLICY_ACTS_KEPT - timedelta(minutes=1)
    ActRecord.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(at=old)
    assert [acts.forget_old_acts() for _ in range(3)] == [2, 1, 0]
    assert ActRecord.objects.filter(kind=ActKind.SPEC_CHANGE).get() == rows[3]
    told = Event.objects.filter(type="policies.acts.forgotten")
    assert [event.payload["count"] for event in told.order_by("seq")] == [2, 1]
    assert {event.workspace_id for event in told} == {workspace.id}


def test_export_holds_acts_readable_and_a_deletion_ends_them(workspace, owner, row, tmp_path):
    target = tmp_path / "export.zip"
    export = export_workspace(workspace_id=workspace.id, target=target, actor=owner)
    with zipfile.ZipFile(target) as archive:
        lines = archive.read("policies.ActRecord.jsonl").decode()
        assert "Rosebud" in lines
        assert "sealed" not in lines
        assert archive.read("policies.PolicyVersion.jsonl")
    delete_workspace(workspace_id=workspace.id, export_digest=export.digest, actor=owner)
    with pytest.raises(ActUnreadable):
        explanation(ActRecord.objects.get(pk=row.pk))
    acts.forget_acts(workspace=workspace.id, actor=SYSTEM)
    assert not ActRecord.objects.filter(workspace=workspace).exists()
    assert PolicyVersion.objects.filter(workspace=workspace).exists()


def test_forgetting_needs_a_deleted_workspace(workspace, row):
    acts.forget_acts(workspace=workspace.id, actor=SYSTEM)
    assert ActRecord.objects.filter(pk=row.pk).exists()


# --- becoming a rule


def test_always_allow_drafts_a_rule_with_its_test_and_applies_nothing(
    row, released, workspace, agent, owner, contributor
):
    draft = acts.always_allow(act=row, actor=contributor)
    assert (draft.origin, draft.act, draft.base) == (Origin.ALWAYS_ALLOW, row, released)
    assert do(agent, workspace).effect == Effect.REQUIRE
    assert draft.text.startswith(POLICY.partition("default:")[0].rstrip())
    assert "Rosebud" not in draft.text
    checked = check_policy(draft.text)
    assert [outcome.passed for outcome in checked.outcomes] == [True]
    then = checked.parsed.document.rules[-1].then
    assert isinstance(then, Allow)
    assert then.over == ["agents are reviewed"]

    release_policy(draft=draft, revision=1, actor=owner)
    assert do(agent, workspace).effect == Effect.ALLOW
    assert do(agent, workspace, "docs/b.md").effect == Effect.REQUIRE
    assert do(agent_of(owner, workspace), workspace).effect == Effect.REQUIRE
    assert do(agent, workspace, verb=Verb.DELETE).effect == Effect.DENY


REVIEWED = "{require: [{roles: [owner]}]}"
TEXTS = [
    'version: "1"\nallowed_dirs: [docs]\n',
    'version: "1"\nallowed_dirs: [docs]\nrules: []\ntests: []\n# the end',
    f'version: "1"\nrules: [{{name: a, then: {REVIEWED}}}]\nallowed_dirs: [docs]',
    '{version: "1", allowed_dirs: [docs]}',
    f'version: "1"\nrules:\n- name: a\n  then: {REVIEWED}\n\n# x\nallowed_dirs: [docs]\n',
    f'version: "1"\nallowed_dirs: [docs]\nrules:\n  - name: a\n    then: {REVIEWED}',
]


@pytest.mark.parametrize("text", TEXTS)
def test_always_allow_fits_into_any_text(text, workspace, owner, agent):
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    draft = acts.always_allow(act=do(agent, workspace), actor=owner)
    before, after = check_policy(text).parsed.document, check_policy(draft.text)
    assert after.passes
    assert after.parsed.document.rules[:-1] == before.rules
    assert after.parsed.document.allowed_dirs == before.allowed_dirs


def test_always_allow_from_the_built_in_policy(workspace, owner, agent, settings):
    settings.AGENT_WHITELIST_DIRS = ["docs"]
    draft = acts.always_allow(act=do(agent, workspace), actor=owner)
    assert draft.base is None
    release_policy(draft=draft, revision=1, actor=owner)
    assert do(agent, workspace).effect == Effect.ALLOW


def test_always_allow_frees_no_more_than_what_was_done(workspace, owner, agent):
    apply_policy(
        text='version: "1"\nallowed_dirs: [docs, README.md]\n', workspace=workspace.id, actor=owner
    )
    act = Act(
        kind=ActKind.SPEC_CHANGE,
        operations=(
            Operation(verb=Verb.CREATE, paths=("docs/[id]/a*.md",), target="fs.write"),
            Operation(verb=Verb.DELETE, paths=("README.md",), labels=frozenset({"x"})),
            Operation(verb=Verb.EDIT, target="REQ-19"),
        ),
    )
    judge_act(act=act, actor=agent, workspace=workspace.id)
    row = ActRecord.objects.get(digest=digest_of_act(act))
    draft = acts.always_allow(act=row, actor=owner)
    assert check_policy(draft.text).passes
    release_policy(draft=draft, revision=1, actor=owner)
    assert judge_act(act=act, actor=agent, workspace=workspace.id).effect == Effect.ALLOW
    for other in (
        Operation(verb=Verb.CREATE, paths=("docs/i/a.md",), target="fs.write"),
        Operation(verb=Verb.CREATE, paths=("docs/[id]/a*.md",), target="fs.writes"),
        Operation(verb=Verb.CREATE, paths=("README.md",)),
        Operation(verb=Verb.DELETE, paths=("docs/[id]/a*.md",)),
        Operation(verb=Verb.DELETE, paths=("docs/README.md",)),
        Operation(verb=Verb.EDIT, target="REQ-1"),
    ):
        one = Act(kind=ActKind.SPEC_CHANGE, operations=(other,))
        assert judge_act(act=one, actor=agent, workspace=workspace.id).effect == Effect.REQUIRE


def test_always_allow_is_for_whoever_did_it_alone(workspace, owner, contributor):
    row = do(contributor, workspace, "plans/a.md")
    draft = acts.always_allow(act=row, actor=owner)
    release_policy(draft=draft, revision=1, actor=owner)
    assert do(contributor, workspace, "plans/a.md").effect == Effect.ALLOW
    assert do(member(workspace, Role.CONTRIBUTOR), workspace, "plans/a.md").effect == Effect.REQUIRE


@pytest.mark.parametrize(
    "target", ["Write to Ada about her illness", "ada@example.com", "ghp_" + "a" * 36, "x" * 65]
)
def test_what_is_no_name_never_gets_into_a_policy(workspace, owner, agent, target):
    named, free = (Operation(verb=Verb.CALL, target=name) for name in ("fs.write", target))
    act = Act(kind=ActKind.SPEC_CHANGE, operations=(named, free))
    judge_act(act=act, actor=agent, workspace=workspace.id)
    row = ActRecord.objects.get(digest=digest_of_act(act))
    with pytest.raises(ActUnnamed) as refused:
        acts.always_allow(act=row, actor=owner)
    assert [fault["field"] for fault in refused.value.details] == ["operations[1].target"]
    assert target not in str(refused.value.details)
    assert not PolicyDraft.objects.exists()
    assert not Event.objects.filter(type="policies.draft.created").exists()


def test_a_path_in_which_the_gate_found_something_never_gets_into_a_policy(
    workspace, owner, agent, released
):
    row = do(agent, workspace, "docs/a.md", f"docs/ghp_{'a' * 36}.md")
    with pytest.raises(ActUnnamed) as refused:
        acts.always_allow(act=row, actor=owner)
    assert [fault["field"] for fault in refused.value.details] == ["operations[0].paths[1]"]


def test_an_act_in_a_form_that_is_no_longer_read_is_told_as_gone(workspace, row, owner):
    sealed = encrypt(workspace.id, zlib.compress(b'{"act":'), context=row.context)
    ActRecord.objects.filter(pk=row.pk).update(sealed=sealed)
    with pytest.raises(ActUnreadable):
        explanation(one_act(act_id=row.pk, workspace_id=workspace.id, actor=owner))


def test_denials_and_what_is_free_are_not_always_allowed(workspace, owner, agent, released):
    with pytest.raises(DenialStands):
        acts.always_allow(act=do(agent, workspace, verb=Verb.DELETE), actor=owner)
    with pytest.raises(AlwaysAllowed):
        acts.always_allow(act=do(owner, workspace), actor=owner)
    viewer = member(workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        acts.always_allow(act=do(agent, workspace), actor=viewer)
    assert not Event.objects.filter(type="policies.draft.created").exists()


# --- replaying

LAX = POLICY.replace("when: {actor: [agent]}", "when: {actor: [system]}")
STRICT = POLICY.replace("roles: [reviewer]", "roles: [owner], quorum: 2")


def replay(text, workspace, actor, **asked):
    chosen = acts_to_replay(workspace_id=workspace.id, actor=actor, days=7)
    return list(replayed(check_policy(text).compiled, chosen, **asked))


def test_replay_tells_what_would_flip(workspace, owner, agent, released):
    asked, denied = do(agent, workspace), do(agent, workspace, verb=Verb.DELETE)
    free = do(owner, workspace)
    found = {one.act: one for one in replay(LAX, workspace, owner)}
    assert found[asked].flipped
    assert (found[asked].before.effect, found[asked].after.effect) == ("require", "allow")
    assert not any(found[row].flipped or found[row].shifted for row in (denied, free))
    again = replay(POLICY, workspace, owner)
    assert [one.act.kind for one in again if one.flipped] == [ActKind.POLICY_CHANGE]


def test_replay_tells_whom_else_it_would_ask(workspace, owner, agent, released):
    row = do(agent, workspace)
    (found,) = [one for one in replay(STRICT, workspace, owner) if one.act == row]
    assert (found.flipped, found.shifted) == (False, True)


def test_replay_goes_on_where_it_stopped_and_passes_over_what_was_erased(
    workspace, owner, agent, released
):
    rows = [do(agent, workspace) for _ in range(5)]
    acts.erase_act(act=rows[1], actor=owner)
    ActRecord.objects.filter(pk=rows[4].pk).update(at=timezone.now() - timedelta(days=8))
    chosen = acts_to_replay(workspace_id=workspace.id, actor=owner, days=7)
    policy = check_policy(LAX).compiled
    first = list(replayed(policy, chosen.filter(kind=ActKind.SPEC_CHANGE), limit=3))
    assert [(one.act, one.readable) for one in first] == [
        (rows[0], True),
        (rows[1], False),
        (rows[2], True),
    ]
    later = acts_to_replay(workspace_id=workspace.id, actor=owner, days=7, after=rows[2].id)
    assert [one.act for one in replayed(policy, later)] == [rows[3]]


def test_replay_changes_nothing(workspace, owner, agent, released):
    do(agent, workspace)
    before = Event.objects.count(), ActRecord.objects.count()
    replay(LAX, workspace, owner)
    assert (Event.objects.count(), ActRecord.objects.count()) == before


def test_replay_of_a_chunk_takes_two_queries(
    workspace, owner, agent, released, django_assert_num_queries
):
    for _ in range(4):
        do(agent, workspace)
    policy = check_policy(LAX).compiled
    chosen = acts_to_replay(workspace_id=workspace.id, actor=owner, days=7)
    with django_assert_num_queries(2):
        list(replayed(policy, chosen, limit=4))


def test_replay_is_for_those_who_decide(workspace, contributor):
    with pytest.raises(NotAllowed):
        acts_to_replay(workspace_id=workspace.id, actor=contributor, days=7)
