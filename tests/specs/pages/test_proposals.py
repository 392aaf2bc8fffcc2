"""Proposals: listed, and one of them with all that is known of it; what its buttons do."""

import pytest

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState as S
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, at_the_console, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import POLICY, decide, edit, link, retitle, submit

pytestmark = pytest.mark.django_db

QUERIES = 19


@pytest.fixture
def policy(workspace, second):
    owner = member(workspace, Role.OWNER)
    return apply_policy(text=POLICY, workspace=workspace.id, actor=owner)


@pytest.fixture
def proposal(workspace, policy, scribe) -> Proposal:
    change = edit("REQ-1", "at once", "within a day"), link("REQ-1", "depends_on", "GOAL-1")
    said = {"title": "Pay later\u200b", "rationale": "<b>Cash</b> is short."}
    return submit(workspace, scribe, *change, **said).proposal


@pytest.fixture
def read(browser):
    return lambda proposal, asked="": browser.get(f"/admin/specs/proposals/{proposal.id}/{asked}")


@pytest.fixture
def press(browser):
    def pressed(proposal, button, **given):
        return browser.post(
            f"/admin/specs/proposals/{proposal.id}/{button}/", given, follow=True
        ).content.decode()

    return pressed


def test_it_says_what_it_would_do_and_leads_to_its_review(read, proposal):
    page = read(proposal)
    text = page.content.decode()
    assert "rewords REQ-1" in text
    assert "Pay later⟨U+200B" in text
    assert "&lt;b&gt;Cash&lt;/b&gt; is short." in text
    assert [one["told"].verb for one in page.context["tab"]["operations"]] == ["edit", "link"]
    assert "/admin/review/" in page.context["review"]
    assert page.context["may_revert"] is False
    assert "Nothing leads back to itself" in text


def test_side_by_side_is_one_address_away(read, proposal):
    assert 'class="diff split"' in read(proposal, "?lines=split").content.decode()


def test_others_that_touch_the_same_are_named(read, browser, proposal, workspace, scribe):
    submit(workspace, scribe, retitle("REQ-1", "Other"), title="Another\u202e one")
    page = read(proposal)
    [beside] = page.context["beside"]
    assert beside.how == "waits, and changes REQ-1 too"
    assert "Another⟨U+202E" in page.content.decode()
    on_review = browser.get(page.context["review"]).content.decode()
    assert "waits, and changes REQ-1 too" in on_review
    assert "Another⟨U+202E" in on_review


def test_what_checks_found_stands_with_place_and_fix(read, workspace, policy, scribe):
    wrong = submit(workspace, scribe, link("GOAL-1", "refines", "REQ-1")).proposal
    assert wrong.state == S.INVALID
    page = read(wrong)
    [found] = [one for one in page.context["told_checks"]["checks"] if not one["passed"]]
    assert (found["name"], found["severity"]) == ("Nothing leads back to itself", "error")
    assert found["place"].startswith("GOAL-1")
    assert found["fix"] in page.content.decode()


def test_what_only_warns_is_counted_apart_from_errors(read, browser, workspace, policy, scribe):
    vague = {"op": "create", "kind": "requirement", "title": "Fast", "body": "It is fast.\n"}
    page = read(submit(workspace, scribe, vague).proposal)
    told = page.context["told_checks"]
    assert told["failed"] == 0
    assert told["warnings"] > 0
    review = browser.get(page.context["review"])
    assert dict(review.context["tabs"])["checks"] == {"bad": 0, "wait": told["warnings"]}
    warnings = browser.get(f"{page.context['review']}?tab=checks").content.decode()
    assert "not passed" not in warnings
    assert f"{told['warnings']} warning" in warnings


def test_what_was_left_out_is_named_on_both_pages(read, workspace, policy, scribe):
    whole = submit(workspace, scribe, retitle("REQ-1", "One"), retitle("REQ-2", "Two")).proposal
    decide(whole, member(workspace, Role.REVIEWER), operations=[0])
    rest = Proposal.objects.get(part_of=whole)
    assert list(read(whole).context["parts"]) == [rest]
    assert "Only a part of it was accepted." in read(whole).content.decode()
    assert f"/admin/specs/proposals/{whole.id}/" in read(rest).content.decode()


def test_a_conflict_is_shown_from_three_sides(read, browser, workspace, proposal, reviewer):
    submit(workspace, reviewer, edit("REQ-1", "at once", "never"))
    deliver()
    page = read(proposal)
    assert page.context["proposal"].state == S.CONFLICTED
    for text in (page.content.decode(), browser.get(page.context["review"]).content.decode()):
        assert "<ins>never</ins>" in text
        assert "<ins>within a day</ins>" in text


def test_it_is_taken_back_by_who_may(press, read, proposal):
    assert "It is taken back." in press(proposal, "withdraw")
    assert read(proposal).context["proposal"].state == S.WITHDRAWN
    assert "cannot be done" in press(proposal, "submit")


def test_a_draft_is_submitted(press, read, workspace, policy, reviewer):
    said = {"draft": True, "title": "Thought over"}
    draft = submit(workspace, reviewer, retitle("REQ-2", "All of them"), **said).proposal
    assert read(draft).context["told_checks"]["checks"] == []
    assert "It is queued now." in press(draft, "submit")
    deliver()
    assert read(draft).context["applied"].number == 3


def test_what_was_applied_is_undone_by_a_proposal(press, read, workspace, proposal, reviewer):
    other = member(workspace, Role.REVIEWER)
    decide(proposal, other)
    page = read(proposal)
    assert (page.context["applied"].number, page.context["may_revert"]) == (3, True)
    assert other.name in page.content.decode()
    assert "It is queued now." in press(proposal, "revert", why="Too slow.")
    again = Proposal.objects.get(reverts=proposal)
    assert again.rationale == "Too slow."
    assert f"/admin/specs/proposals/{again.id}/" in read(proposal).content.decode()
    assert page.context["may_revert"]
    deliver()
    assert "has undone it" in read(proposal).content.decode()


def test_they_are_listed_by_how_far_they_came(browser, workspace, proposal, first, second):
    def listed(asked=""):
        page = browser.get(f"/admin/specs/{workspace.id}/proposals/{asked}")
        return [row["row"].id for row in page.context["rows"]]

    assert listed() == [proposal.id]
    applied = [second.revision.proposal_id, first.revision.proposal_id]
    assert listed("?view=applied") == applied
    assert listed("?view=all") == [proposal.id, *applied]
    assert listed("?page=2") == []


def test_strangers_find_and_move_nothing(client, proposal):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    at_the_console(stranger)
    client.force_login(stranger)
    before = Event.objects.count()
    page = f"/admin/specs/proposals/{proposal.id}/"
    assert client.get(page).status_code == 404
    for button in ("withdraw", "submit", "revert"):
        client.post(f"{page}{button}/")
        assert client.get(f"{page}{button}/").status_code == 405
    assert Proposal.objects.get(id=proposal.id).state == S.IN_REVIEW
    assert Event.objects.count() == before


@pytest.mark.parametrize("count", [1, 20])
def test_it_takes_as_many_queries_for_many_operations(
    read, workspace, policy, scribe, count, django_assert_num_queries
):
    plant(workspace, [node(f"REQ-{number}9") for number in range(1, count + 1)])
    changes = [retitle(f"REQ-{number}9", "New") for number in range(1, count + 1)]
    proposal = submit(workspace, scribe, *changes).proposal
    read(proposal)
    with django_assert_num_queries(QUERIES):
        read(proposal)
