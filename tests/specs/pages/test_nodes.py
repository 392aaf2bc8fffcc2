"""One spec's page: what it says, what it is linked with, and how it came to be so."""

import pytest

from apps.accounts.choices import Role
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Link, Suspect
from apps.specs.models.proposals import Proposal
from tests.factories import WorkspaceFactory, at_the_console, member
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db

QUERIES = 35


@pytest.fixture
def read(browser, workspace):
    return lambda path: browser.get(f"/admin/specs/{workspace.id}/{path}")


def linked(page) -> list[str]:
    return [f"{link['how']} {link['key']}" for link in page.context["links"]]


def test_it_shows_all_that_is_said_and_both_ends_of_links(read, second, workspace, reviewer):
    plant(
        workspace,
        [node("REQ-1", attributes={"limit": 20}, owner_id=reviewer.id, labels=["money"])],
    )
    page = read("REQ-1/")
    text = page.content.decode()
    assert "It SHALL pay at once." in text
    assert page.context["attributes"] == [("limit", "20")]
    assert reviewer.name in text
    assert linked(page) == ["is needed by REQ-2", "is verified by TEST-1", "refines GOAL-1"]


def test_history_tells_who_proposed_approved_and_why(read, second, scribe, reviewer):
    latest, begun = read("REQ-1/").context["versions"]
    assert (latest["number"], latest["why"]) == (2, "Pay small ones at once")
    assert (latest["who"], latest["approvers"]) == (scribe.name, reviewer.name)
    assert (begun["number"], begun["approvers"]) == (1, "")


def test_it_is_shown_as_it_was(read, second):
    page = read("REQ-1/?revision=1")
    text = page.content.decode()
    assert "It SHALL pay." in text
    assert "at once" not in page.context["body"]
    assert linked(page) == ["is verified by TEST-1", "refines GOAL-1"]
    assert "It was not there" in read("REQ-1/?revision=0").content.decode()


def test_any_case_and_a_former_key_lead_to_it(read, first, workspace):
    plant(workspace, [node("REQ-1", renamed="REQ-77")])
    for key in ("req-77", "REQ-1"):
        assert read(f"{key}/").context["node"].key == "REQ-77"
    assert "It was called <code>REQ-1</code> before" in read("REQ-1/").content.decode()


def test_what_is_deleted_keeps_its_history(read, first, workspace):
    plant(workspace, [node("TEST-1", is_live=False)], title="Take it away")
    page = read("TEST-1/")
    assert "deleted" in page.content.decode()
    assert page.context["versions"][0]["why"] == "Take it away"


def test_parts_stand_in_order_and_lead_up(read, first):
    assert [part["key"] for part in read("DOC-1/").context["parts"]] == ["REQ-1", "REQ-2"]
    assert read("REQ-1/").context["above"]["key"] == "DOC-1"


def test_open_proposals_about_it_are_named(read, first, workspace, scribe):
    said = {"workspace": workspace, "operations": [], "proposer_id": scribe.id}
    for state in (ProposalState.IN_REVIEW, ProposalState.REJECTED):
        touches = [first["REQ-1"].id]
        Proposal.objects.create(title=f"One {state}", state=state, touches=touches, **said)
    assert [one.title for one in read("REQ-1/").context["proposals"]] == ["One in_review"]
    assert read("GOAL-1/").context["proposals"] == []


def test_a_text_is_shown_as_text_and_nothing_else(read, workspace):
    body = "<script>alert(1)</script> [x](javascript:1) ![](http://x.example/a.png)\n  two\u202e\n"
    plant(workspace, [node("REQ-5", body=body, heading="## Odd <b>head</b>\n")])
    text = read("REQ-5/").content.decode()
    assert "<script>alert" not in text
    assert "<b>head" not in text
    assert "<img" not in text.split("What it says")[1]
    assert "  two⟨U+202E" in text


def test_what_hides_in_a_title_is_shown_also_where_it_was_not_there_yet(read, workspace):
    plant(workspace, [node("REQ-5", title="Pay\u202e back")])
    for path in ("REQ-5/", "REQ-5/?revision=0"):
        text = read(path).content.decode()
        assert "</code> Pay⟨U+202E" in text
        assert "\u202e" not in text


def test_an_unknown_key_is_not_found(read, first):
    for key in ("REQ-99", "a" * 300):
        assert read(f"{key}/").status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_it_takes_as_many_queries_for_many_links(
    read, workspace, second, count, django_assert_num_queries
):
    for number in range(3, 3 + count):
        plant(workspace, [node(f"REQ-{number}")], [f"REQ-{number} depends_on REQ-1"])
        plant(workspace, [node("REQ-1", title=f"Version {number}")])
    read("REQ-1/")
    with django_assert_num_queries(QUERIES):
        read("REQ-1/")


def test_each_paragraph_tells_who_brought_it(read, workspace, scribe, reviewer):
    plant(workspace, [node("REQ-6", body="One.\n\nTwo.\n")], author=scribe, title="Begin")
    said = {"author": scribe, "approvers": [reviewer], "title": "Go on"}
    plant(workspace, [node("REQ-6", body="One.\n\nTwo, and more.\n")], **said)
    blamed = read("REQ-6/?body=blame").context["blame"]
    assert [(one["text"], one["why"], one["approvers"]) for one in blamed] == [
        ("One.", "Begin", ""),
        ("Two, and more.", "Go on", reviewer.name),
    ]
    assert [one["text"] for one in read("REQ-6/?body=blame&revision=1").context["blame"]] == [
        *("One.", "Two."),
    ]


def test_what_depends_on_it_is_told_with_the_way(read, second):
    page = read("GOAL-1/")
    ways = {one["key"]: one["path"] for one in page.context["reached"]}
    assert ways["REQ-1"] == [("refines", "GOAL-1")]
    assert ways["TEST-1"] == [("verifies", "REQ-1"), ("refines", "GOAL-1")]
    assert "verifies REQ-1, which refines GOAL-1" in page.content.decode()


@pytest.fixture
def doubtful(workspace, second):
    """TEST-1 verifies REQ-1, which has changed twice."""
    link = Link.objects.get(kind="verifies")
    said = {"workspace": workspace, "link": link, "node": link.source, "cause": link.target}
    return Suspect.objects.create(revision=1, latest=2, **said)


def test_what_is_doubtful_is_told_with_its_cause(read, doubtful):
    page = read("TEST-1/")
    [suspect] = page.context["suspects"]
    assert (suspect["how"], suspect["key"]) == ("verifies", "REQ-1")
    assert [revision for revision, _ in suspect["changed"]] == [1, 2]
    assert "To be looked at" in page.content.decode()
    assert read("REQ-1/").context["suspects"] == []
    assert [node["key"] for node in read("?suspect=1").context["nodes"]] == ["TEST-1"]


def test_whoever_may_says_that_it_still_is_right(read, browser, workspace, doubtful, reviewer):
    clear = f"/admin/specs/{workspace.id}/TEST-1/clear/"
    seen = {"cause": str(doubtful.cause_id), "seen": read("TEST-1/").context["seen"]}
    for wrong in ({"cause": "no id"}, {"seen": ""}, {"seen": 1}):
        refused = browser.post(clear, seen | wrong, follow=True).content.decode()
        assert "It still is right: that is on record." not in refused
    assert "REQ-1 has changed by revision 2." in refused
    assert browser.get(clear).status_code == 405
    told = browser.post(clear, seen, follow=True).content.decode()
    assert "It still is right: that is on record." in told
    doubtful.refresh_from_db()
    assert doubtful.cleared_by == reviewer.id
    assert read("TEST-1/").context["suspects"] == []


def test_who_only_reads_is_told_who_may(workspace, doubtful, client):
    viewer = member(workspace, Role.VIEWER)
    WorkspaceFactory.create().memberships.create(user=viewer, role=Role.REVIEWER)
    at_the_console(viewer)
    client.force_login(viewer)
    text = client.get(f"/admin/specs/{workspace.id}/TEST-1/").content.decode()
    assert "says that it still is right" in text
    sent = {"cause": str(doubtful.cause_id), "seen": doubtful.latest}
    client.post(f"/admin/specs/{workspace.id}/TEST-1/clear/", sent)
    doubtful.refresh_from_db()
    assert doubtful.cleared_at is None
