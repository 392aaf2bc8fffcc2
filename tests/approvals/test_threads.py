"""What is said of a line: where it may be said, who settles it, and what waits until it is."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.ports import exporters
from apps.accounts.services.members import change_role
from apps.approvals.choices import Said, Side
from apps.approvals.errors import NotOpen, PlaceMoved, ThreadsOpen
from apps.approvals.models.people import Comment
from apps.approvals.models.requests import Vote
from apps.approvals.places import LONGEST_QUOTE, Place, Quote, quoted
from apps.approvals.ports import Change, Operation
from apps.approvals.selectors.discussion import (
    StillOpen,
    comments_on,
    read_comments,
    still_open,
    threads_of,
)
from apps.approvals.selectors.seen import seen
from apps.approvals.services import discussing
from apps.approvals.services.discussing import add_comment
from apps.approvals.services.threads import reopen_thread, resolve_thread
from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.ledger.models import Event
from tests.approvals.deciding import STEPS, TWO, hold, vote
from tests.approvals.loaves import ask
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, agent_of, member

LINE = Place(operation=0, side=Side.AFTER, line=1)


def say(request, actor, text="Why this?", **more):
    return add_comment(request_id=request.id, text=text, actor=actor, **more)


def begin(request, actor, **more):
    return say(request, actor, place=LINE, **more)


def resolve(thread, actor):
    return resolve_thread(request_id=thread.request_id, comment_id=thread.id, actor=actor)


def reopen(thread, actor):
    return reopen_thread(request_id=thread.request_id, comment_id=thread.id, actor=actor)


def told(*types):
    found = Event.objects.filter(type__in=[f"approvals.{each}" for each in types]).order_by("seq")
    return [event.payload for event in found]


# --- places


def test_a_thread_quotes_its_line(request_, reviewer):
    begin(request_, reviewer)
    [read] = read_comments(comments_on(request_))
    assert (read.quote, read.is_current) == (Quote(target="docs/a.md", line="docs/a.md "), True)
    [event] = told("comment.added")
    assert (event["operation"], event["side"], event["line"]) == (0, "after", 1)
    assert b"docs" not in bytes(Comment.objects.get().sealed_place or b"docs")
    export = exporters["approvals.Comment"]
    assert export is not None
    assert "docs/a.md" in export(Comment.objects.get())["place"]


@pytest.mark.parametrize(
    "place",
    [
        Place(operation=2),
        Place(operation=0, side=Side.AFTER, line=2),
        Place(operation=0, side=Side.BEFORE, line=1),
        Place(operation=0, line=1),
        Place(operation=0, side=Side.AFTER),
    ],
)
def test_there_is_no_such_place(request_, reviewer, place):
    with pytest.raises(Invalid):
        say(request_, reviewer, place=place)
    assert not Comment.objects.exists()


def test_an_answer_has_no_place_of_its_own(request_, reviewer):
    thread = begin(request_, reviewer)
    for more in ({"place": LINE}, {"required": True}):
        with pytest.raises(Invalid):
            say(request_, reviewer, reply_to=thread.id, **more)
    assert Comment.objects.count() == 1


PATCH = """--- a/bread
+++ b/bread
@@ -3,3 +3,3 @@ oven
 flour
-salt
+much salt
 water
@@ -20 +20,2 @@
 crust
+crumb
"""


@pytest.mark.parametrize(
    ("side", "line", "text"),
    [
        *((Side.BEFORE, 3, "flour"), (Side.BEFORE, 4, "salt"), (Side.BEFORE, 5, "water")),
        *((Side.AFTER, 4, "much salt"), (Side.AFTER, 20, "crust"), (Side.AFTER, 21, "crumb")),
        *((Side.BEFORE, 2, None), (Side.BEFORE, 6, None), (Side.AFTER, 22, None)),
    ],
)
def test_lines_of_a_patch_are_counted_from_its_hunks(side, line, text):
    operation = Operation(number=0, verb="edit", target="bread", diff=PATCH)
    found = quoted(
        Change(digest="", operations=(operation,)), Place(operation=0, side=side, line=line)
    )
    assert (found.line if found else None) == text


def test_lines_around_a_difference_count_where_the_whole_is_known():
    long = "x" * 2 * LONGEST_QUOTE
    operation = Operation(number=0, verb="edit", target="bread", before="a", after=f"b\n{long}")
    change = Change(digest="", operations=(operation,))
    read = quoted(change, Place(operation=0, side=Side.AFTER, line=2))
    assert read == Quote(target="bread", line="x" * LONGEST_QUOTE)
    assert quoted(change, Place(operation=0, side=Side.BEFORE, line=2)) is None


def test_nothing_is_said_of_a_line_that_has_moved(request_, reviewer, other_reviewer):
    seen_then = Place(operation=0, side=Side.AFTER, line=1, content=request_.content_digest)
    say(request_, reviewer, place=seen_then)
    vote(request_, other_reviewer, edits={"spread": "jam"})
    with pytest.raises(PlaceMoved):
        say(request_, reviewer, place=seen_then)
    [read] = read_comments(comments_on(request_))
    assert (read.is_current, read.quote) == (False, Quote(target="docs/a.md", line="docs/a.md "))


def test_an_answer_stands_in_the_thread_of_what_it_answers(request_, reviewer, baker):
    thread, other = begin(request_, reviewer), say(request_, reviewer, "All fine else.")
    first = say(request_, baker, "Because.", reply_to=thread.id)
    say(request_, reviewer, "I see.", reply_to=first.id)
    read = threads_of(read_comments(comments_on(request_)))
    assert [(one.first.row.id, [each.text for each in one.replies]) for one in read] == [
        (thread.id, ["Because.", "I see."]),
        (other.id, []),
    ]


# --- resolved and opened again


def test_a_thread_is_resolved_and_opened_again(request_, reviewer, other_reviewer):
    thread = begin(request_, reviewer)
    assert still_open([request_.id])[request_.id] == StillOpen(threads=1)
    assert resolve(thread, other_reviewer).resolved_by == other_reviewer.id
    assert resolve(thread, reviewer).resolved_by == other_reviewer.id
    assert still_open([request_.id])[request_.id] == StillOpen()
    reopen(thread, reviewer)
    assert reopen(thread, other_reviewer).resolved_at is None
    found = told("thread.resolved", "thread.reopened")
    assert [(event["comment"], event["required"]) for event in found] == [
        (str(thread.id), False)
    ] * 2


def test_who_resolves(request_, workspace, owner, baker, reviewer):
    thread = begin(request_, reviewer)
    viewer = member(workspace, Role.VIEWER)
    for other in (baker, viewer, agent_of(reviewer, workspace, Role.REVIEWER)):
        with pytest.raises(NotAllowed):
            resolve(thread, other)
    with pytest.raises(NotFound):
        resolve(thread, member(WorkspaceFactory.create(), Role.OWNER))
    resolve(thread, owner)  # may decide elsewhere here, and it is not required
    assert resolve(begin(request_, baker), baker).resolved_by == baker.id
    assert len(told("thread.resolved")) == 2


def test_what_is_required_is_not_settled_by_who_proposed_it(request_, owner, baker, reviewer):
    thread = begin(request_, reviewer, required=True)
    for proposing in (baker, owner):
        with pytest.raises(NotAllowed):
            resolve(thread, proposing)
        with pytest.raises(NotAllowed):
            begin(request_, proposing, required=True)
    assert told("thread.resolved") == []
    assert Comment.objects.count() == 1


def test_a_note_is_no_thread(request_, reviewer, baker):
    note = say(request_, reviewer)
    reply = say(request_, reviewer, reply_to=begin(request_, reviewer).id)
    for comment in (note, reply):
        with pytest.raises(Invalid):
            resolve(comment, reviewer)
    whole = say(request_, reviewer, required=True)
    assert resolve(whole, reviewer).resolved_by == reviewer.id


def test_threads_of_another_request_are_not_there(
    loaves, one_policy, workspace, baker, request_, reviewer
):
    thread, other = begin(request_, reviewer), ask(workspace, baker)
    with pytest.raises(NotFound):
        resolve_thread(request_id=other.id, comment_id=thread.id, actor=reviewer)


# --- what waits for them


def test_nobody_approves_before_what_is_required_is_resolved(request_, reviewer, other_reviewer):
    thread = begin(request_, reviewer, required=True)
    [shown] = seen([request_], reviewer)
    assert shown.left == StillOpen(threads=1, required=1)
    with pytest.raises(ThreadsOpen) as refusal:
        vote(request_, other_reviewer)
    [detail] = refusal.value.details
    assert (detail["comment"], detail["line"]) == (str(thread.id), 1)
    assert reviewer.name in detail["message"]
    assert not Vote.objects.exists()
    resolve(thread, other_reviewer)
    vote(request_, other_reviewer)
    assert request_.outcome == "allowed"


def test_votes_that_are_back_wait_for_it_too(
    loaves, workspace, owner, baker, reviewer, other_reviewer, admin
):
    hold(workspace, owner, STEPS)
    request = ask(workspace, baker)
    vote(request, reviewer)
    for role in (Role.CONTRIBUTOR, Role.REVIEWER):
        change_role(workspace_id=workspace.id, user_id=reviewer.id, role=role, actor=owner)
        if role == Role.CONTRIBUTOR:
            deliver()
            thread = begin(request, other_reviewer, required=True)
    deliver()
    assert [stage.state for stage in request.stages.order_by("number")] == ["open", "waiting"]
    resolve(thread, other_reviewer)
    assert [stage.state for stage in request.stages.order_by("number")] == ["passed", "open"]


@pytest.mark.parametrize("decision", ["reject", "request_changes", "abstain", "veto"])
def test_everything_else_is_decided_all_the_same(request_, reviewer, other_reviewer, decision):
    begin(request_, reviewer, required=True)
    vote(request_, other_reviewer, decision, comment="Less salt.")
    assert Vote.objects.get().decision == decision


def test_an_approval_given_before_is_answered_as_it_was(
    loaves, workspace, owner, baker, reviewer, other_reviewer
):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    vote(request, reviewer)
    begin(request, other_reviewer, required=True)
    assert vote(request, reviewer).again
    with pytest.raises(ThreadsOpen):
        vote(request, other_reviewer)
    assert Vote.objects.count() == 1


def test_editing_it_does_not_settle_what_is_required(request_, reviewer, other_reviewer):
    begin(request_, reviewer, required=True)
    before = request_.view_digest
    with pytest.raises(ThreadsOpen):
        vote(request_, other_reviewer, edits={"spread": "jam"})
    request_.refresh_from_db()
    assert request_.view_digest == before


def test_nothing_comes_before_what_is_decided(request_, reviewer, other_reviewer):
    vote(request_, reviewer)
    with pytest.raises(NotOpen):
        begin(request_, other_reviewer, required=True)
    assert begin(request_, other_reviewer).line == 1


# --- how much


def test_the_proposer_leaves_room_for_others(request_, owner, baker, reviewer, monkeypatch):
    monkeypatch.setattr(discussing, "PROPOSERS_SHARE", 2)
    question = say(request_, reviewer, said=Said.QUESTION)
    say(request_, baker, "One.")
    say(request_, owner, "Two.")
    for author in (baker, owner):
        with pytest.raises(Invalid):
            say(request_, author, "Three.")
    say(request_, reviewer, "I can.")
    say(request_, baker, "So.", said=Said.ANSWER, reply_to=question.id)
    with pytest.raises(Invalid):
        say(request_, baker, "So!", said=Said.ANSWER, reply_to=question.id)
