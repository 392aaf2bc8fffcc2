"""A policy that asks for approval of its own change: everything an owner would try."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.accounts.services.members import change_role
from apps.approvals.choices import Because, State
from apps.approvals.errors import AlreadyDecided, NobodyEligible, NotReshapable, SelfApproval
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.policy_changes import KIND
from apps.approvals.ports import subjects
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.opening import withdraw_request
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.policies.errors import PolicyMoved, PolicyUnchanged
from apps.policies.selectors.policies import policy_in_force
from apps.policies.services.approving import Held
from apps.policies.services.drafts import change_draft, discard_draft, draft_policy
from apps.policies.services.following import reload_changed_files
from apps.policies.services.versions import apply_policy, release_policy
from tests.approvals.deciding import vote
from tests.deliveries import deliver, deliver_again
from tests.factories import agent_of, member

pytestmark = pytest.mark.django_db
GUARDED = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: two owners change the policy
    when: {act: [policy.change]}
    then: {require: [{name: owners, roles: [owner]}]}
default: {then: {allow: true}}
"""
FREE = 'version: "1"\nallowed_dirs: [docs]\ndefault: {then: {allow: true}}\n'
WIDER = GUARDED.replace("[docs]", "[docs, api]")
SUBJECT = subjects[KIND]


@pytest.fixture
def other(workspace):
    return member(workspace, Role.OWNER)


@pytest.fixture
def guarded(workspace, owner, other):
    return apply_policy(text=GUARDED, workspace=workspace.id, actor=owner)


def number(workspace) -> int:
    return policy_in_force(workspace.id).number


def held(came) -> Held:
    assert isinstance(came, Held)
    return came


def about(came):
    found = request_about(kind=KIND, subject=held(came).draft.id)
    assert found is not None
    return found


@pytest.fixture
def waiting(guarded, workspace, owner):
    """An owner would drop the rule."""
    return apply_policy(text=FREE, workspace=workspace.id, actor=owner, reason="Simpler")


def test_dropping_the_rule_needs_what_the_rule_asks_for(waiting, workspace, owner, other):
    request = about(waiting)
    assert (number(workspace), request.state) == (1, State.PENDING)
    with pytest.raises(SelfApproval):
        vote(request, owner)
    vote(request, other)
    deliver()
    request.refresh_from_db()
    assert (number(workspace), request.state) == (2, State.CONSUMED)
    applied = Event.objects.filter(type="policy.apply").order_by("seq").last()
    assert applied is not None
    assert (applied.payload["number"], applied.payload["act"] is None) == (2, True)
    # and from now on nobody is asked
    assert not isinstance(apply_policy(text=WIDER, workspace=workspace.id, actor=owner), Held)


def test_handed_out_twice_it_is_released_once(waiting, workspace, other):
    vote(about(waiting), other)
    deliver()
    deliver_again("approvals.release_approved_policy")
    assert number(workspace) == 2
    assert Event.objects.filter(type="approvals.request.consumed").count() == 1


def test_who_is_no_owner_any_more_releases_nothing(waiting, workspace, owner, other):
    vote(about(waiting), other)
    change_role(workspace_id=workspace.id, user_id=owner.id, role=Role.REVIEWER, actor=other)
    deliver()
    request = about(waiting)
    assert (number(workspace), request.state) == (1, State.INVALIDATED)
    assert request.because == Because.PROPOSER_GONE


def test_denied_it_does_not_hold(waiting, workspace, other):
    vote(about(waiting), other, "reject")
    deliver()
    assert number(workspace) == 1
    assert about(waiting).outcome == "denied"


@pytest.mark.usefixtures("waiting")
def test_said_again_it_is_asked_for_once(workspace, owner):
    again = apply_policy(text=FREE, workspace=workspace.id, actor=owner, reason="Simpler")
    assert about(again).state == State.PENDING
    assert ApprovalRequest.objects.count() == 1


@pytest.mark.usefixtures("guarded")
def test_a_draft_is_released_by_one_and_approved_by_another(api, workspace, owner, other):
    draft = draft_policy(text=WIDER, workspace=workspace.id, actor=owner)
    place, client = f"/api/v1/policies/drafts/{draft.id}", api(owner)
    assert client.get(place).json()["approval"] is None
    answer = client.post(f"{place}/release", HTTP_IF_MATCH=client.get(place)["ETag"])
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["status"], body["draft"]) == ("waiting", str(draft.id))
    assert client.get(place).json()["approval"] == body["approval"]
    vote(request_about(kind=KIND, subject=draft.id), other)
    deliver()
    shown = client.get(place).json()
    assert (shown["state"], shown["released_as"]) == ("released", 2)
    assert shown["approval"]["outcome"] == "allowed"


@pytest.mark.usefixtures("guarded")
def test_through_every_door_of_the_api(api, workspace, owner, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    folder = tmp_path / str(workspace.id)
    folder.mkdir()
    (folder / "p.yaml").write_text(WIDER)
    for path, body in (
        ("/policy/apply", {"content": FREE}),
        ("/policy/reload", {"path": "p.yaml"}),
    ):
        answer = api(owner).post(path, body)
        assert (answer.status_code, answer.json()["status"]) == (202, "waiting"), answer.content
    assert number(workspace) == 1


@pytest.mark.usefixtures("guarded")
def test_who_wrote_it_does_not_approve_what_another_releases(workspace, owner, other):
    written = draft_policy(text=WIDER, workspace=workspace.id, actor=agent_of(other, workspace))
    with pytest.raises(NobodyEligible):
        release_policy(draft=written, revision=1, actor=owner)
    third = member(workspace, Role.OWNER)
    request = about(release_policy(draft=written, revision=1, actor=owner))
    with pytest.raises(SelfApproval):
        vote(request, other)
    vote(request, third)
    deliver()
    assert number(workspace) == 2


def test_who_changed_the_draft_does_not_approve_it(guarded, workspace, owner, other):
    draft = draft_policy(text=FREE, workspace=workspace.id, actor=owner)
    for actor in (other, owner, other):
        text = WIDER + f"# {actor.name}"
        draft = change_draft(draft=draft, revision=draft.revision, actor=actor, text=text)
    assert draft.editors == [other.id]
    with pytest.raises(NobodyEligible):
        release_policy(draft=draft, revision=draft.revision, actor=owner)
    third = member(workspace, Role.OWNER)
    request = about(release_policy(draft=draft, revision=draft.revision, actor=owner))
    with pytest.raises(SelfApproval):
        vote(request, other)
    vote(request, third)
    assert request.state == State.EFFECTIVE


def test_who_edits_the_draft_asks_anew(waiting, workspace, owner, other):
    request, draft = about(waiting), held(waiting).draft
    change_draft(draft=draft, revision=1, text=WIDER, actor=owner)
    request.refresh_from_db()
    assert (request.state, request.because) == (State.CANCELLED, Because.CONTENT)
    with pytest.raises(AlreadyDecided):
        vote(request, other)
    draft.refresh_from_db()
    anew = about(release_policy(draft=draft, revision=draft.revision, actor=owner))
    assert anew.id != request.id
    vote(anew, other)
    deliver()
    assert policy_in_force(workspace.id).document.allowed_dirs == ["docs", "api"]


def test_an_edit_after_the_approval_is_not_what_was_approved(waiting, workspace, owner, other):
    request, draft = about(waiting), held(waiting).draft
    vote(request, other)
    change_draft(draft=draft, revision=1, text=WIDER, actor=owner)
    deliver()
    request.refresh_from_db()
    assert (request.state, request.because) == (State.INVALIDATED, Because.CONTENT)
    assert number(workspace) == 1


def test_what_is_discarded_or_taken_back_is_asked_for_no_more(waiting, workspace, owner):
    discard_draft(draft=held(waiting).draft, actor=owner)
    assert about(waiting).state == State.CANCELLED
    second = apply_policy(text=WIDER, workspace=workspace.id, actor=owner)
    withdraw_request(request_id=about(second).id, actor=owner)
    deliver()
    assert number(workspace) == 1


def test_another_version_is_another_base(waiting, workspace, owner, other):
    vote(about(waiting), other)
    apply_policy(text=WIDER, workspace=workspace.id, actor=SYSTEM)  # an operator is not held back
    deliver()
    request = about(waiting)
    assert (request.state, request.because) == (State.INVALIDATED, Because.CONTENT)
    assert number(workspace) == 2
    with pytest.raises(PolicyMoved):
        release_policy(draft=held(waiting).draft, revision=1, actor=owner)


def test_a_followed_file_is_no_way_around(guarded, workspace, owner, other, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    folder = tmp_path / str(workspace.id)
    folder.mkdir()
    (folder / "policy.yaml").write_text(FREE)
    assert reload_changed_files() == 0
    assert reload_changed_files() == 0
    [request] = ApprovalRequest.objects.all()
    assert (number(workspace), request.state) == (1, State.PENDING)
    assert SUBJECT.summaries([request.subject_id])[request.subject_id].sentence.startswith("A file")
    vote(request, owner)
    deliver()
    assert number(workspace) == 2


def test_a_default_that_asks_for_everything_does_not_ask_for_itself(workspace, owner):
    text = 'version: "1"\nallowed_dirs: [docs]\n'
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    assert not isinstance(apply_policy(text=FREE, workspace=workspace.id, actor=owner), Held)


@pytest.mark.parametrize("alone", [False, True])
def test_the_only_owner(workspace, owner, alone):
    text = GUARDED + ("duties: {solo_opt_out: true}\n" if alone else "")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    if not alone:
        with pytest.raises(NobodyEligible):
            apply_policy(text=FREE, workspace=workspace.id, actor=owner)
        assert number(workspace) == 1
        return
    request = about(apply_policy(text=FREE, workspace=workspace.id, actor=owner))
    vote(request, owner)
    deliver()
    assert number(workspace) == 2


@pytest.mark.usefixtures("guarded")
def test_what_changes_nothing_asks_nobody(workspace, owner):
    with pytest.raises(PolicyUnchanged):
        apply_policy(text=GUARDED, workspace=workspace.id, actor=owner)
    assert not ApprovalRequest.objects.exists()


def test_it_is_shown_as_it_would_hold(waiting, workspace, owner, other):
    request = about(waiting)
    change = SUBJECT.change(request.subject_id)
    assert change.digest == request.content_digest
    assert "-  - name: two owners change the policy" in change.operations[0].diff
    assert change.rationale == "Simpler"
    told = SUBJECT.summaries([request.subject_id])[request.subject_id]
    assert told.sentence == f"{owner.name} changes the policy in 4 lines"
    assert told.url.endswith(f"/drafts/{request.subject_id}/")
    User.objects.filter(pk=owner.pk).update(name="")
    told = SUBJECT.summaries([request.subject_id])[request.subject_id]
    assert told.sentence.startswith(f"Somebody ({owner.id.hex[-8:]}) changes the policy")
    with pytest.raises(NotReshapable):
        vote(request, other, edits={"text": WIDER})
