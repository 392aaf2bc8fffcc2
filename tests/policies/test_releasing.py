"""A policy comes to hold through a draft, a text or a file; owners alone have it so."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.errors import PeopleOnly, WorkspaceArchived
from apps.accounts.services.workspaces import archive_workspace
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound, PreconditionFailed
from apps.ledger.models import Event
from apps.policies.choices import ActKind, Door, DraftState, Effect, Origin
from apps.policies.errors import (
    DraftClosed,
    PolicyDenied,
    PolicyInvalid,
    PolicyMoved,
    PolicyTestsFailed,
    PolicyUnchanged,
    TooManyDrafts,
)
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.selectors.acts import opened
from apps.policies.selectors.policies import diff, text_in_force, versions_of
from apps.policies.services import drafts
from apps.policies.services.versions import apply_policy, release_policy
from tests.factories import PersonFactory, agent_of, member
from tests.policies.releasing import POLICY, at_once

pytestmark = pytest.mark.django_db

SMALL = 'version: "1"\nallowed_dirs: [docs]\n'
OTHER = SMALL + "max_diff_lines: 10\n"
FAILING = (
    SMALL
    + """\
tests:
  - name: holds
    act: {kind: plan, operations: [{verb: edit, paths: [docs/a]}]}
    expect: {effect: require}
  - name: does not hold
    act: {kind: plan, operations: [{verb: edit, paths: [docs/a]}]}
    expect: {effect: deny}
"""
)
DENYING = (
    SMALL
    + """\
rules:
  - name: it stays as it is
    when: {act: [policy.change]}
    then: {deny: This policy is not changed.}
"""
)


def drafted(workspace, actor, text=SMALL, **fields):
    return drafts.draft_policy(text=text, workspace=workspace.id, actor=actor, **fields)


def held(workspace):
    return Policy.objects.get(workspace=workspace).current


def snapshot():
    return (
        PolicyVersion.objects.count(),
        PolicyDraft.objects.filter(state=DraftState.OPEN).count(),
        Event.objects.exclude(type="policies.act.denied").count(),
    )


def test_draft_becomes_the_version_that_holds(workspace, owner, contributor):
    draft = drafted(workspace, contributor, reason="Agents may write docs")
    assert text_in_force(workspace.id) != SMALL
    released = at_once(release_policy(draft=draft, revision=1, actor=owner))
    version = released.version
    assert held(workspace) == version
    assert (version.number, version.text, version.origin) == (1, SMALL, Origin.WRITTEN)
    assert (version.released_by, version.reason) == (owner.id, "Agents may write docs")
    draft.refresh_from_db()
    assert (draft.state, draft.released_as, draft.author_id) == (
        DraftState.RELEASED,
        version,
        contributor.id,
    )
    assert list(Event.objects.order_by("seq").values_list("type", flat=True)) == [
        "policies.draft.created",
        "policy.apply",
    ]


def test_release_is_an_act_that_is_judged_and_kept(workspace, owner, released):
    draft = drafted(workspace, owner, OTHER)
    made = at_once(release_policy(draft=draft, revision=1, actor=owner))
    row = ActRecord.objects.latest("id")
    assert row.id == made.act
    assert (row.kind, row.door, row.policy_digest) == (
        ActKind.POLICY_CHANGE,
        Door.POLICY,
        released.digest,
    )
    assert opened(row).act.texts["content"] == OTHER
    event = Event.objects.filter(type="policy.apply").latest("seq")
    assert (event.payload["number"], event.payload["before"]) == (2, 1)
    assert (event.payload["act"], event.payload["act_digest"]) == (str(row.id), row.digest)
    assert event.payload["overruled"] is False


@pytest.mark.parametrize("role", [Role.ADMIN, Role.REVIEWER, Role.CONTRIBUTOR, Role.VIEWER])
def test_nobody_but_owners_releases(workspace, contributor, role):
    draft, person = drafted(workspace, contributor), member(workspace, role)
    before = snapshot()
    for attempt in (
        lambda: release_policy(draft=draft, revision=1, actor=person),
        lambda: apply_policy(text=SMALL, workspace=workspace.id, actor=person),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert snapshot() == before
    assert not ActRecord.objects.exists()


def test_agents_and_strangers_release_nothing(workspace, owner):
    draft, before = drafted(workspace, owner), None
    before = snapshot()
    with pytest.raises(PeopleOnly):
        release_policy(draft=draft, revision=1, actor=agent_of(owner, workspace))
    with pytest.raises(NotFound):
        release_policy(draft=draft, revision=1, actor=PersonFactory.create())
    assert snapshot() == before


def test_archive_takes_no_policy(workspace, owner):
    archive_workspace(workspace_id=workspace.id, actor=owner)
    with pytest.raises(WorkspaceArchived):
        apply_policy(text=SMALL, workspace=workspace.id, actor=owner)
    with pytest.raises(WorkspaceArchived):
        drafted(workspace, owner)
    assert not PolicyVersion.objects.exists()


def test_draft_whose_base_has_moved_conflicts(workspace, owner, released):
    draft = drafted(workspace, owner)
    apply_policy(text=OTHER, workspace=workspace.id, actor=owner)
    before = snapshot()
    with pytest.raises(PolicyMoved):
        release_policy(draft=draft, revision=1, actor=owner)
    assert snapshot() == before
    assert held(workspace).text == OTHER
    anew = drafted(workspace, owner)
    assert at_once(release_policy(draft=anew, revision=1, actor=owner)).version.number == 3


def test_policy_whose_own_tests_fail_is_refused_with_each_outcome(workspace, owner):
    draft = drafted(workspace, owner, FAILING)
    before = snapshot()
    with pytest.raises(PolicyTestsFailed) as refused:
        release_policy(draft=draft, revision=1, actor=owner)
    told = [(one["field"], one["name"], one["passed"]) for one in refused.value.details]
    assert told == [("tests[0]", "holds", True), ("tests[1]", "does not hold", False)]
    assert "expected deny" in refused.value.details[1]["message"]
    assert snapshot() == before


def test_what_is_no_policy_is_no_draft(workspace, owner):
    with pytest.raises(PolicyInvalid) as refused:
        drafted(workspace, owner, 'version: "1"\nallowed_dirs: []\nRosebud: 1\n')
    assert {one["line"] for one in refused.value.details} == {2, 3}
    assert "Rosebud" not in str(refused.value.details)
    assert not PolicyDraft.objects.exists()
    assert not Event.objects.exists()


def test_a_policy_may_forbid_to_change_it_and_the_denial_stays_on_record(workspace, owner):
    apply_policy(text=DENYING, workspace=workspace.id, actor=owner)
    draft = drafted(workspace, owner)
    with pytest.raises(PolicyDenied, match="not changed"):
        release_policy(draft=draft, revision=1, actor=owner)
    assert held(workspace).text == DENYING
    assert Event.objects.latest("seq").type == "policies.act.denied"
    assert ActRecord.objects.filter(effect=Effect.DENY).count() == 1


def test_operator_is_judged_too_but_not_held_back(workspace, owner):
    apply_policy(text=DENYING, workspace=workspace.id, actor=owner)
    released = at_once(
        apply_policy(text=SMALL, workspace=workspace.id, origin=Origin.COMMAND, actor=SYSTEM)
    )
    assert released.overruled
    assert held(workspace).text == SMALL
    event = Event.objects.filter(type="policy.apply").latest("seq")
    assert (event.payload["overruled"], event.actor_kind) == (True, "system")


def test_what_holds_already_is_not_released_again(workspace, owner, released):
    before = snapshot()
    with pytest.raises(PolicyUnchanged):
        apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    assert snapshot() == before


def test_release_that_is_repeated_answers_the_same(workspace, owner):
    draft = drafted(workspace, owner)
    first = at_once(release_policy(draft=draft, revision=1, actor=owner))
    draft.refresh_from_db()
    before = snapshot()
    assert at_once(release_policy(draft=draft, revision=1, actor=owner)).version == first.version
    assert snapshot() == before


def test_every_version_is_kept_attributed_and_diffable(workspace, owner, released):
    heir = member(workspace, Role.OWNER)
    apply_policy(text=POLICY + "max_diff_lines: 10\n", workspace=workspace.id, actor=heir)
    first, second = versions_of(workspace_id=workspace.id, actor=owner).order_by("number")
    assert [first.released_by, second.released_by] == [owner.id, heir.id]
    assert diff(first.text, second.text, names=("v1", "v2")).splitlines() == [
        "--- v1",
        "+++ v2",
        *(line for line in diff(first.text, second.text, names=("v1", "v2")).splitlines()[2:-1]),
        "+max_diff_lines: 10",
    ]


def test_draft_is_changed_by_its_author_or_admins_and_only_as_it_was_seen(
    workspace, contributor, reviewer, admin
):
    draft = drafted(workspace, contributor)
    changed = drafts.change_draft(draft=draft, revision=1, text=OTHER, actor=contributor)
    assert (changed.revision, changed.text) == (2, OTHER)
    with pytest.raises(PreconditionFailed):
        drafts.change_draft(draft=draft, revision=1, text=SMALL, actor=contributor)
    with pytest.raises(NotAllowed):
        drafts.change_draft(draft=draft, revision=2, text=SMALL, actor=reviewer)
    drafts.change_draft(draft=draft, revision=2, text=SMALL, reason="", actor=admin)
    draft.refresh_from_db()
    assert (draft.revision, draft.text) == (3, SMALL)


def test_release_of_another_revision_than_was_seen_is_refused(workspace, owner, contributor):
    draft = drafted(workspace, contributor)
    drafts.change_draft(draft=draft, revision=1, text=OTHER, actor=contributor)
    draft.refresh_from_db()
    with pytest.raises(PreconditionFailed):
        release_policy(draft=draft, revision=1, actor=owner)
    assert not PolicyVersion.objects.exists()


def test_discarded_draft_is_closed(workspace, owner, contributor, reviewer):
    draft = drafted(workspace, contributor)
    with pytest.raises(NotAllowed):
        drafts.discard_draft(draft=draft, actor=reviewer)
    drafts.discard_draft(draft=draft, actor=contributor)
    drafts.discard_draft(draft=draft, actor=contributor)
    assert Event.objects.filter(type="policies.draft.discarded").count() == 1
    draft.refresh_from_db()
    with pytest.raises(DraftClosed):
        release_policy(draft=draft, revision=1, actor=owner)
    with pytest.raises(DraftClosed):
        drafts.change_draft(draft=draft, revision=1, text=OTHER, actor=contributor)
    assert not PolicyVersion.objects.exists()


def test_open_drafts_are_not_endless(workspace, owner, monkeypatch):
    monkeypatch.setattr(drafts, "MOST", 2)
    drafted(workspace, owner)
    drafted(workspace, owner, OTHER)
    with pytest.raises(TooManyDrafts):
        drafted(workspace, owner)
    assert PolicyDraft.objects.count() == 2
