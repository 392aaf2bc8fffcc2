"""What would change, on a request's page: from the subject's own texts, patches and fields."""

import re

import pytest

from apps.accounts.choices import Role
from apps.approvals.pages.parts.changes import shown
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.policy_changes import KIND
from apps.approvals.ports import Change, Field, Operation
from apps.approvals.selectors.requests import request_about
from apps.policies.services.approving import Held
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import LONG_POLICY
from tests.approvals.loaves import ask, rename
from tests.approvals.test_admin import at
from tests.factories import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def about_policy(workspace, owner):
    member(workspace, Role.OWNER)
    apply_policy(text=LONG_POLICY, workspace=workspace.id, actor=owner)
    wider = LONG_POLICY.replace("[docs]", "[docs, api]")
    came = apply_policy(text=wider, workspace=workspace.id, actor=owner)
    assert isinstance(came, Held)
    return request_about(kind=KIND, subject=came.draft.id)


def of(change: Change, **asked: str):
    """The part, of a change that need not lie anywhere."""
    reviewed = Reviewed(row=None, me=None, asked=asked)  # type: ignore[arg-type]
    reviewed.__dict__["change"] = change
    return shown(reviewed)


def one(**more) -> Change:
    return Change(digest="d", operations=(Operation(number=0, verb="update", target="x", **more),))


def test_folds_open_by_links_alone(about_policy, owner):
    browser, place = at(owner), f"/admin/review/{about_policy.pk}/"
    first = browser.get(f"{place}?lines=split").content.decode()
    [link] = re.findall(r'href="([^"]+)" data-fold', first)
    second = browser.get(place + link.replace("&amp;", "&")).content.decode()
    assert 'data-opened="6"' in second
    assert 'class="diff split"' in second
    [link] = re.findall(r'href="([^"]+)" data-fold', second)
    third = browser.get(place + link.replace("&amp;", "&")).content.decode()
    assert "data-fold" not in third
    assert third.count("rule 59") == 2


def test_the_browser_remembers_the_view_and_the_address_overrules_it(about_policy, owner):
    browser, place = at(owner), f"/admin/review/{about_policy.pk}/"
    browser.cookies["diff_view"] = "split"
    assert 'class="diff split"' in browser.get(place).content.decode()
    assert 'class="diff unified"' in browser.get(f"{place}?lines=unified").content.decode()
    browser.cookies["diff_view"] = "<script>"
    assert 'class="diff unified"' in browser.get(place).content.decode()


def test_one_operation_can_be_read_whole_as_text(
    loaves, workspace, owner, baker, one_policy, reviewer
):
    request = ask(workspace, baker)
    rename(request.subject_id, ["docs/a\u200bb.md", "docs/<b>.md"])
    place = f"/admin/review/{request.pk}/whole"
    answer = at(owner).get(f"{place}/0/")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.decode() == "+docs/a⟨U+200B ZERO WIDTH SPACE⟩b.md "
    assert at(owner).get(f"{place}/2/").status_code == 404


def test_fields_are_compared_by_what_they_are():
    links = Field(name="verified by", before=("TEST-4", "TEST-5"), after=("TEST-5", "TEST-6"))
    text = Field(name="text", before="It answers in two seconds.", after="It answers at once.")
    [told] = of(one(fields=(links, text)))["operations"]
    assert told["fields"][0]["links"] == [("gone", "TEST-4"), ("new", "TEST-6"), ("same", "TEST-5")]
    assert "<del>in two seconds</del>" in told["fields"][1]["drawn"]
    assert "<ins>at once</ins>" in told["fields"][1]["drawn"]


def test_hidden_characters_of_whole_texts_are_spelled_out():
    [told] = of(one(before="a\n", after="a\u202eb\n"))["operations"]
    assert "⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩" in told["drawn"]


def test_operations_share_the_room_there_is():
    many = "".join(f"line {number}\n" for number in range(20_000))
    change = Change(
        digest="d",
        operations=tuple(
            Operation(number=number, verb="create", target=f"{number}.md", after=many)
            for number in range(2)
        ),
    )
    first, second = of(change)["operations"]
    assert first["diff"].left == 8_000
    assert (second["diff"].left, second["drawn"]) == (20_000, "")
    [alone] = of(change, operation="1")["operations"]
    assert alone["diff"].left == 8_000


def test_no_address_hides_operations_of_what_is_decided_on(request_, reviewer):
    """Else a link would lead to the buttons of the whole beside a part of it."""
    browser, place = at(reviewer), f"/admin/review/{request_.pk}/"
    page = browser.get(f"{place}?operation=1").content.decode()
    assert 'data-part="0"' in page
    assert 'data-part="1"' in page
    alone = browser.get(f"{place}tab/change/?operation=1").content.decode()
    assert 'data-part="0"' not in alone
    assert "decision" not in alone
