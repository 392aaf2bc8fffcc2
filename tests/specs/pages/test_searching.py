"""The search page, what is related on a spec's page and on a review's, and the palette."""

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.inference.errors import ModelAway
from apps.specs.approvals import MutationSubject
from apps.specs.console import find_specs
from apps.specs.services import searching
from tests.factories import WorkspaceFactory, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import submit
from tests.specs.search.indexing import index

pytestmark = pytest.mark.django_db

QUERIES = 24


@pytest.fixture
def read(browser, workspace):
    return lambda path: browser.get(f"/admin/specs/{workspace.id}/{path}")


@pytest.fixture
def indexed(second, workspace):
    plant(
        workspace,
        [
            node("REQ-7", title="Vouchers", body="A voucher\u200b <b>SHALL</b> be paid at once."),
            node("REQ-8", title="Vouchers", body="A voucher SHALL be paid out at once."),
        ],
    )
    index(workspace)


def keys(page) -> list[str]:
    return [hit["key"] for hit in page.context["hits"]]


def test_what_is_found_is_shown_as_text_with_marks(read, indexed):
    page = read("search/?q=voucher")
    assert set(keys(page)[:2]) == {"REQ-7", "REQ-8"}
    text = page.content.decode()
    assert "<mark>voucher" in text
    assert "<b>SHALL" not in text
    assert "\u200b" not in text


def test_it_is_narrowed_and_goes_back_in_time(read, indexed):
    assert keys(read("search/?q=pay&kind=test")) == ["TEST-1"]
    then = read("search/?q=voucher&revision=1")
    assert "REQ-7" not in keys(then)
    assert "?revision=1" in then.context["hits"][0]["url"]


def test_nothing_asked_is_nothing_found(read, indexed):
    page = read("search/")
    assert page.status_code == 200
    assert keys(page) == []


def test_it_says_why_it_went_by_words_alone(read, indexed, monkeypatch):
    def away(*args, **kwargs):
        raise ModelAway

    monkeypatch.setattr(searching, "embed", away)
    assert "by words alone: the model does not answer" in read("search/?q=voucher").content.decode()


def test_it_takes_so_many_queries(read, indexed, django_assert_max_num_queries):
    read("search/?q=pay")
    with django_assert_max_num_queries(QUERIES):
        read("search/?q=pay")


def test_a_stranger_does_not_find_the_page(indexed, workspace):
    stranger = member(WorkspaceFactory.create())
    client = Client(headers={"accept": "text/html"})
    client.force_login(stranger)
    assert client.get(f"/admin/specs/{workspace.id}/search/?q=voucher").status_code != 200


def test_a_specs_page_names_what_is_related(read, indexed):
    [related, *_] = read("REQ-7/").context["related"]
    assert (related["key"], related["how"]) == ("REQ-8", "says nearly the same")


def test_a_review_names_what_is_related_and_not_touched(
    browser, indexed, workspace, reviewer, scribe
):
    member(workspace, Role.OWNER)
    said = {"title": "Vouchers", "body": "A voucher SHALL be paid out at once."}
    proposal = submit(
        workspace, scribe, {"op": "create", "kind": "requirement", **said}, title="Vouchers"
    ).proposal
    alike = [one for one in MutationSubject().impact(proposal.id, actor=reviewer) if one.is_alike]
    assert (alike[0].label, alike[0].how) == ("REQ-8 Vouchers", "says nearly the same")
    request = ApprovalRequest.objects.get(subject_id=proposal.id)
    page = browser.get(f"/admin/review/{request.id}/?tab=impact").content.decode()
    _, _, related = page.partition("Related, and not touched")
    assert "REQ-8 Vouchers" in related
    assert "says nearly the same" in related


def test_the_palette_finds_by_what_is_said_without_a_model(indexed, reviewer, monkeypatch):
    def asked(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr(searching, "embed", asked)
    assert next(iter(find_specs(reviewer, "REQ-8"))).title == "REQ-8 Vouchers"
    assert "REQ-7 Vouchers" in [one.title for one in find_specs(reviewer, "paid voucher")]
