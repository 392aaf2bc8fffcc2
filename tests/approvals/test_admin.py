"""Requests in the console: what is shown of them, to whom, and what its buttons do."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.approvals.models.people import Absence, AfterReview, Comment
from apps.approvals.models.requests import Vote
from apps.approvals.pages.page import TABS
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from tests.approvals.deciding import TWO, hold, policy_of, vote
from tests.approvals.loaves import ask, rename
from tests.approvals.test_emergencies import GLASS, REVIEWED, shatter
from tests.factories import WorkspaceFactory, at_the_console, member

LIST = reverse("admin:approvals_approvalrequest_changelist")


def at(user) -> Client:
    at_the_console(user)
    browser = Client()
    browser.force_login(user)
    return browser


def page(request):
    return reverse("admin:review_request", args=[request.id])


def press(user, request, button, **given):
    answer = at(user).post(reverse(f"admin:review_{button}", args=[request.id]), given)
    request.refresh_from_db()
    return answer


def shown(user, request):
    """The page with all of its tabs."""
    browser, address = at(user), page(request)
    tabs = [reverse("admin:review_tab", args=[request.id, name]) for name in TABS]
    return "".join(browser.get(each).content.decode() for each in (address, *tabs))


def test_the_list_tells_what_waits(request_, reviewer, baker):
    listed = at(reviewer).get(LIST).content.decode()
    for text in ("Somebody bakes docs/a.md, docs/b.md", baker.name, "review: 0 of 1", "agent"):
        assert text in listed


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_asks_as_much_for_many_as_for_one(
    loaves, one_policy, workspace, baker, reviewer, count, django_assert_num_queries
):
    for number in range(count):
        ask(workspace, baker, slices=[f"docs/{number}.md"])
    browser = at(reviewer)
    browser.get(LIST)
    with django_assert_num_queries(QUERIES_OF_THE_LIST):
        assert browser.get(LIST).status_code == 200


QUERIES_OF_THE_LIST = 14


@pytest.mark.parametrize("filtered", ["turn=mine", "turn=open", "state__exact=pending"])
def test_the_list_is_filtered(request_, reviewer, owner, filtered):
    assert "docs/a.md" in at(reviewer).get(f"{LIST}?{filtered}").content.decode()
    if filtered == "turn=mine":
        assert "docs/a.md" not in at(owner).get(f"{LIST}?{filtered}").content.decode()


def test_a_request_shows_what_would_change(request_, reviewer):
    read = shown(reviewer, request_)
    assert '<td class="sign">+</td><td class="text">docs/a.md ' in read
    assert "Bread is good." in read
    assert f'name="digest" value="{request_.view_digest}"' in read


def test_the_list_names_every_state_in_words(request_, reviewer):
    vote(request_, reviewer, "request_changes", comment="Less salt.")
    listed = at(reviewer).get(LIST).content.decode()
    assert State.CHANGES_REQUESTED.label in listed
    assert ">changes_requested<" not in re.sub(r"\s", "", listed)


def test_replacing_a_vote_is_offered_to_whoever_voted(
    loaves, workspace, owner, baker, reviewer, other_reviewer
):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    assert "Replace an earlier vote" not in shown(reviewer, request)
    vote(request, reviewer)
    assert "Replace an earlier vote" in shown(reviewer, request)


def test_whoever_edited_alone_is_told_that_somebody_else_has_to_approve(request_, reviewer):
    assert "the only one who approves" not in shown(reviewer, request_)
    vote(request_, reviewer, edits={"spread": "jam"})
    assert "the only one who approves" in shown(reviewer, request_)


def test_no_stage_is_open_of_what_was_denied(request_, reviewer):
    assert ">open<" in shown(reviewer, request_)
    vote(request_, reviewer, "reject")
    assert ">open<" not in shown(reviewer, request_)


def test_an_empty_list_says_whether_it_is_filtered(reviewer):
    assert "The first comes with the first plan." in at(reviewer).get(LIST).content.decode()
    filtered = at(reviewer).get(f"{LIST}?turn=mine").content.decode()
    assert "Nothing here fits" in filtered


@pytest.mark.parametrize("count", [1, 5])
def test_a_request_asks_as_much_for_much_that_was_said(
    request_, reviewer, count, django_assert_num_queries
):
    for _ in range(count):
        press(reviewer, request_, "comment", text="Hm.", said="question")
    browser = at(reviewer)
    browser.get(page(request_))
    with django_assert_num_queries(QUERIES_OF_A_REQUEST):
        read = browser.get(f"{page(request_)}?tab=discussion").content.decode()
    assert read.count("Hm.") == count


QUERIES_OF_A_REQUEST = 42


def test_what_nobody_would_see_is_spelled_out(loaves, one_policy, workspace, baker, reviewer):
    request = ask(workspace, baker)
    rename(request.subject_id, ["docs/<b>.md", "docs/a\u200bb.md"])
    read = shown(reviewer, request)
    assert "docs/a⟨U+200B ZERO WIDTH SPACE⟩b.md" in read
    assert "docs/&lt;b&gt;.md" in read
    assert "docs/<b>.md" not in read


def test_strangers_see_nothing_of_it(request_):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    assert "docs/a.md" not in at(stranger).get(LIST).content.decode()
    assert at(stranger).get(page(request_)).status_code in (302, 404)
    answer = press(stranger, request_, "decide", decision="approve", digest=request_.view_digest)
    assert answer.status_code == 404
    assert not Vote.objects.exists()


# --- deciding


def test_a_reviewer_approves_what_was_on_the_screen(request_, reviewer):
    [seen, *_] = re.findall(r'name="digest" value="(\w+)"', shown(reviewer, request_))
    answer = press(reviewer, request_, "decide", decision="approve", digest=seen, text="Crisp.")
    assert answer.url == page(request_)
    assert request_.state == State.EFFECTIVE
    assert Vote.objects.get().via == "console"
    assert "Crisp." in shown(reviewer, request_)


def test_what_moved_meanwhile_is_not_decided(request_, workspace, owner, reviewer, other_reviewer):
    seen = request_.view_digest
    hold(workspace, owner, TWO)
    answer = press(reviewer, request_, "decide", decision="approve", digest=seen, text="Crisp.")
    assert answer.status_code == 412
    read = answer.content.decode()
    assert "It has changed since you looked" in read
    assert "Crisp." in read
    assert f'name="digest" value="{request_.view_digest}"' in read
    assert not Vote.objects.exists()


def test_nothing_is_decided_by_a_link(request_, reviewer):
    for button in ("decide", "withdraw", "claim", "comment", "break_glass", "look"):
        address = reverse(f"admin:review_{button}", args=[request_.id])
        answer = at(reviewer).get(f"{address}?decision=approve&digest={request_.view_digest}")
        assert answer.status_code == 405
    request_.refresh_from_db()
    assert request_.state == State.PENDING


@pytest.mark.parametrize("decision", ["request_changes", "veto"])
def test_a_reason_is_asked_for_where_it_takes_one(request_, reviewer, decision):
    given = {"decision": decision, "digest": request_.view_digest}
    assert press(reviewer, request_, "decide", **given).status_code == 422
    assert request_.state == State.PENDING
    press(reviewer, request_, "decide", **given, text="Too much salt.")
    assert request_.state in (State.CHANGES_REQUESTED, State.DENIED)


def test_who_proposed_it_has_no_buttons_to_decide_and_withdraws(request_, owner):
    read = shown(owner, request_)
    assert "Approve</button>" not in read
    assert "Whoever proposed something" in read
    given = {"decision": "approve", "digest": request_.view_digest}
    assert press(owner, request_, "decide", **given).status_code == 403
    press(owner, request_, "withdraw")
    assert request_.state == State.CANCELLED


def test_an_approval_is_undone_while_it_can_be(loaves, workspace, owner, baker, reviewer):
    calm = "undo: {seconds: 600, up_to: critical}\n"
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]", more=calm))
    request = ask(workspace, baker)
    vote(request, reviewer)
    assert request.state == State.ALLOWED
    assert "Undo my approval" in shown(reviewer, request)
    press(reviewer, request, "undo")
    assert request.state == State.PENDING


def test_a_kill_switch_leaves_rejecting_and_withdrawing(
    request_, workspace, baker, owner, reviewer
):
    other = ask(workspace, baker, slices=["docs/c.md"])
    KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=owner.id)
    digest = request_.view_digest
    assert press(reviewer, request_, "decide", decision="approve", digest=digest).status_code == 503
    assert press(reviewer, request_, "comment", text="Hm.", said="note").status_code == 503
    press(reviewer, request_, "decide", decision="reject", digest=digest, text="Stale.")
    assert request_.state == State.DENIED
    press(owner, other, "withdraw")
    assert other.state == State.CANCELLED


# --- around it


def test_a_question_with_a_file_is_asked_and_answered(request_, owner, reviewer):
    file = SimpleUploadedFile("crust.txt", b"burnt", content_type="text/plain")
    press(reviewer, request_, "comment", text="Why\u200b?", said="question", file=file)
    asked = Comment.objects.get()
    read = shown(owner, request_)
    assert "Why⟨U+200B ZERO WIDTH SPACE⟩?" in read
    assert "1 open question" in read
    press(owner, request_, "comment", text="So.", said="answer", reply_to=str(asked.id))
    assert "open question" not in shown(owner, request_)
    link = reverse("admin:review_attachment", args=[request_.id, asked.attachments.get().id])
    assert at(owner).get(link)["Content-Disposition"] == 'attachment; filename="crust.txt"'


def test_it_is_taken_on_and_given_back(request_, reviewer, other_reviewer):
    press(reviewer, request_, "claim")
    assert f"{reviewer.name} has taken it on, until" in shown(other_reviewer, request_)
    assert press(other_reviewer, request_, "claim").status_code == 409
    press(reviewer, request_, "unclaim")
    assert request_.claimed_by is None


@pytest.fixture
def burning(loaves, workspace, owner, baker, reviewer, other_reviewer):
    hold(workspace, owner, policy_of(REVIEWED, more=GLASS))
    return ask(workspace, baker)


def test_the_glass_is_broken_and_stands_on_every_page_until_it_is_looked_at(
    burning, admin, owner, reviewer
):
    assert "Break the glass" not in shown(reviewer, burning)
    assert "Break the glass" in shown(admin, burning)
    press(admin, burning, "break_glass", digest=burning.view_digest, text="Fire!")
    assert burning.state == State.EFFECTIVE
    for who, alarmed in ((owner, True), (admin, True), (reviewer, False)):
        assert ("broke the glass" in at(who).get("/admin/").content.decode()) is alarmed
    assert "It is sound</button>" not in shown(admin, burning)
    assert "It is sound</button>" in shown(reviewer, burning)
    press(reviewer, burning, "look", sound="no", text="A candle.")
    assert AfterReview.objects.get().sound is False
    assert "broke the glass" not in at(owner).get("/admin/").content.decode()
    assert "A candle." in shown(owner, burning)


def test_tiles_and_the_palette(request_, reviewer, owner):
    def tiles(user):
        return {t["title"]: t["reading"] for t in at(user).get("/admin/").context["tiles"]}

    assert tiles(reviewer)["Waiting on me"].value == 1
    assert tiles(owner)["Waiting on me"].value == 0
    assert tiles(reviewer)["Due soon"].value == 0
    type(request_).objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert tiles(reviewer)["Due soon"].note == "1 overdue"
    found = at(reviewer).get("/admin/search/", {"s": str(request_.id), "extended": "1"})
    assert [one.title for one in found.context["results"]] == ["Request: loaf"]


def test_lists_of_absences_and_later_looks(burning, workspace, admin, reviewer):
    shatter(burning, admin)
    Absence.objects.create(
        workspace=workspace,
        person_id=reviewer.id,
        delegate_id=admin.id,
        begins_at=timezone.now(),
        ends_at=timezone.now() + timedelta(days=1),
    )
    browser = at(reviewer)
    looks = browser.get(reverse("admin:approvals_afterreview_changelist")).content.decode()
    assert "Somebody bakes" in looks
    away = browser.get(reverse("admin:approvals_absence_changelist")).content.decode()
    assert reviewer.name in away
    review = reverse("admin:approvals_afterreview_change", args=[AfterReview.objects.get().id])
    assert browser.get(review)["Location"] == page(burning)
