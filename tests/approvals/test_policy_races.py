"""An approved policy and several who would release it, or another one, at once."""

from contextlib import suppress

import pytest

from apps.accounts.choices import Role
from apps.approvals import policy_changes
from apps.approvals.choices import State
from apps.approvals.policy_changes import release_approved_policy
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.policies.errors import DraftClosed, PolicyMoved
from apps.policies.selectors.policies import text_in_force
from apps.policies.services.drafts import change_draft, discard_draft
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import vote
from tests.approvals.test_policy_changes import FREE, GUARDED, WIDER, about, held, number
from tests.factories import WorkspaceFactory, member
from tests.policies.test_races import in_a_thread


@pytest.mark.parametrize("meddle", [change_draft, discard_draft])
def test_what_is_released_is_what_was_approved(committed_database, monkeypatch, meddle):
    """Its author has it otherwise, just when the approval is acted on."""
    workspace = WorkspaceFactory.create()
    owner, other = member(workspace, Role.OWNER), member(workspace, Role.OWNER)
    apply_policy(text=GUARDED, workspace=workspace.id, actor=owner)
    came = apply_policy(text=FREE, workspace=workspace.id, actor=owner)
    request, draft = about(came), held(came).draft
    vote(request, other)
    more = {"text": WIDER, "revision": draft.revision} if meddle is change_draft else {}
    refused: list[None] = []
    threads = []

    def change():
        with pytest.raises(DraftClosed):
            meddle(draft=draft, actor=owner, **more)

    def consume(**asked):
        consumed = consume_request(**asked)
        threads.append(in_a_thread(change, refused))
        threads[0].join(1)
        return consumed

    monkeypatch.setattr(policy_changes, "consume_request", consume)
    release_approved_policy(
        draft_id=request.subject_id, request_id=request.id, workspace=workspace.id
    )
    threads[0].join()
    assert refused == [None]
    assert (number(workspace), text_in_force(workspace.id)) == (2, FREE)


def test_several_workers_release_it_once(committed_database):
    workspace = WorkspaceFactory.create()
    owner, other = member(workspace, Role.OWNER), member(workspace, Role.OWNER)
    apply_policy(text=GUARDED, workspace=workspace.id, actor=owner)
    request = about(apply_policy(text=FREE, workspace=workspace.id, actor=owner))
    vote(request, other)
    done: list[None] = []

    def release():
        release_approved_policy(
            draft_id=request.subject_id, request_id=request.id, workspace=workspace.id
        )

    def apply():
        with suppress(PolicyMoved):  # it was judged by the version before
            apply_policy(text=WIDER, workspace=workspace.id, actor=SYSTEM)

    threads = [in_a_thread(release, done) for _ in range(4)] + [in_a_thread(apply, [])]
    for thread in threads:
        thread.join()
    assert len(done) == 4
    request.refresh_from_db()
    assert request.state in (State.CONSUMED, State.INVALIDATED)
    assert number(workspace) in ((2, 3) if request.state == State.CONSUMED else (2,))
    assert Event.objects.filter(type="approvals.request.consumed").count() <= 1
