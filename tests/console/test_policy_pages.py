"""The console's pages about policies: who sees them, what their buttons do, why some do nothing."""

import json

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils.html import strip_tags

from apps.accounts.choices import Role
from apps.ledger.models import Event, KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.acts import digest_of_act
from apps.policies.choices import ActKind, DraftState, Verb
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft, PolicyVersion
from apps.policies.ports import Act, Operation
from apps.policies.services.drafts import change_draft, draft_policy
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, at_the_console, member
from tests.policies.releasing import at_once

POLICY = """\
version: "1"
allowed_dirs: [docs, plans]
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:
  then: {allow: true}
tests:
  - name: an agent asks
    act: {kind: plan, operations: [{verb: edit, paths: [docs/a.md]}]}
    expect: {effect: require}
"""
LOOSER = POLICY.replace("allowed_dirs: [docs, plans]", "allowed_dirs: [docs, plans, api]")
FAILING = POLICY.replace("expect: {effect: require}", "expect: {effect: allow}")
FREE = POLICY.replace("then: {require: [{name: review, roles: [reviewer]}]}", "then: {allow: true}")
BROKEN = POLICY.replace("when: {actor", "whenn: {actor")


@pytest.fixture
def owner(workspace):
    return at_the_console(member(workspace, Role.OWNER))


@pytest.fixture
def released(workspace, owner):
    return at_once(apply_policy(text=POLICY, workspace=workspace.id, actor=owner)).version


@pytest.fixture
def draft(workspace, owner, released):
    return draft_policy(text=LOOSER, workspace=workspace.id, actor=owner, reason="More room")


@pytest.fixture
def judged(workspace, owner, released):
    """An agent's plan, which asks for a review."""
    agent = agent_of(owner, workspace)
    edit = Operation(verb=Verb.EDIT, paths=("docs/guide.md",))
    plan = Act(kind=ActKind.PLAN, operations=(edit,), texts={"summary": "Reword the guide"})
    judge_act(act=plan, actor=agent, workspace=workspace.id)
    return ActRecord.objects.get(digest=digest_of_act(plan))


def at(page, workspace, *args):
    return reverse(f"admin:policies_{page}", args=[workspace.id, *args])


def check(browser, workspace, text):
    address = at("check", workspace)
    return browser.post(address, json.dumps({"text": text}), content_type="application/json")


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def every_page(workspace, draft, act):
    yield reverse("admin:policies_actrecord_change", args=[act.id])
    yield reverse("admin:policies_actrecord_allow_always", args=[act.id])
    yield reverse("admin:policies_actrecord_erase", args=[act.id])
    for page in ("home", "versions", "begin", "new", "try", "replay"):
        yield at(page, workspace)
    for page in ("draft", "release", "discard"):
        yield at(page, workspace, draft.id)
    yield at("version", workspace, 0)
    yield at("version", workspace, 1)
    yield at("replay_step", workspace) + f"?draft={draft.id}&days=7"


def test_every_page_opens_for_an_owner(browser, owner, workspace, draft, judged):
    browser.force_login(owner)
    wrong = {
        path: answer.status_code
        for path in every_page(workspace, draft, judged)
        if (answer := browser.get(path)).status_code != 200
    }
    assert wrong == {}


@pytest.mark.parametrize("who", ["operator", "stranger"])
def test_nothing_of_it_exists_for_who_does_not_belong(
    request, browser, workspace, draft, judged, operator, who
):
    """Running the instance is not enough."""
    if who == "stranger":
        person = member(WorkspaceFactory.create(), Role.OWNER)
        at_the_console(person)
    else:
        person = operator
    browser.force_login(person)
    found = {path: browser.get(path).status_code for path in every_page(workspace, draft, judged)}
    assert {path: status for path, status in found.items() if status not in (302, 404)} == {}
    assert check(browser, workspace, POLICY).status_code == 404
    listed = browser.get(reverse("admin:policies_actrecord_changelist"))
    assert list(listed.context["cl"].queryset) == []
    assert "<title> Judged acts | Lattice</title>" in listed.content.decode()


def test_list_leads_to_the_only_policy(browser, owner, workspace):
    browser.force_login(owner)
    answer = browser.get(reverse("admin:policies_policy_changelist"))
    assert answer.url == at("home", workspace)


def test_page_tells_what_holds(browser, reviewer, workspace, owner, draft):
    browser.force_login(reviewer)
    page = browser.get(at("home", workspace)).content.decode()
    for part in ("Version 1", owner.name, "1 of 1 pass", "agents are reviewed", "More room"):
        assert part in page


def test_text_is_checked_as_it_is_written(browser, owner, workspace, released):
    browser.force_login(owner)
    before = Event.objects.count()
    fault = check(browser, workspace, BROKEN).json()
    assert (fault["state"], fault["page"]) == ("faulty", None)
    assert (fault["faults"][0]["line"], fault["faults"][0]["column"]) == (5, 5)
    assert check(browser, workspace, FAILING).json()["state"] == "failing"
    valid = check(browser, workspace, LOOSER).json()
    assert (valid["state"], valid["faults"]) == ("valid", [])
    assert "docs, plans, api" in strip_tags(valid["page"])
    assert Event.objects.count() == before


@pytest.mark.parametrize("body", ["", "[]", '{"text": 1}', '{"other": ""}', "null"])
def test_check_of_something_else_is_refused(browser, owner, workspace, body):
    browser.force_login(owner)
    answer = browser.post(at("check", workspace), body, content_type="application/json")
    assert answer.status_code == 400


def test_schema_knows_acts_of_tests(browser, owner):
    browser.force_login(owner)
    schema = browser.get(reverse("admin:policies_schema")).json()
    assert "diff_lines" in schema["$defs"]["ActIn"]["properties"]


def test_draft_is_kept_changed_and_released(browser, owner, workspace, released):
    browser.force_login(owner)
    answer = browser.post(at("new", workspace), {"text": LOOSER, "reason": "More room"})
    draft = PolicyDraft.objects.get()
    assert answer.url == at("draft", workspace, draft.id)
    text = LOOSER.replace("\n", "\r\n") + "# as browsers send it\r\n"
    given = {"text": text, "reason": "More room", "revision": 1, "release": "1"}
    answer = browser.post(at("draft", workspace, draft.id), given)
    assert answer.url == at("release", workspace, draft.id)
    answer = browser.post(answer.url, {"reason": "Agents may write the API", "revision": 2})
    assert answer.url == at("home", workspace)
    version = PolicyVersion.objects.get(number=2)
    assert version.text == LOOSER + "# as browsers send it\n"
    assert version.reason == "Agents may write the API"


def test_text_that_is_no_policy_is_not_kept_and_not_lost(browser, owner, workspace, released):
    browser.force_login(owner)
    answer = browser.post(at("new", workspace), {"text": BROKEN, "reason": "Oops"})
    assert answer.status_code == 422
    assert "whenn" in answer.content.decode()
    assert not PolicyDraft.objects.exists()


def test_who_saves_over_another_is_shown_what_they_wrote(browser, owner, workspace, draft):
    browser.force_login(owner)
    address = at("draft", workspace, draft.id)
    browser.post(address, {"text": LOOSER + "# theirs\n", "revision": 1})
    answer = browser.post(address, {"text": LOOSER + "# mine\n", "revision": 1})
    page = answer.content.decode()
    assert answer.status_code == 412
    assert "# theirs" in strip_tags(page)
    assert "# mine" in page
    assert 'name="revision" value="2"' in page
    draft.refresh_from_db()
    assert draft.text == LOOSER + "# theirs\n"


def test_only_an_owner_releases_and_the_button_says_so(browser, reviewer, workspace, draft):
    browser.force_login(reviewer)
    address = at("release", workspace, draft.id)
    page = browser.get(address).content.decode()
    assert "only an owner of the workspace releases its policy" in page
    answer = browser.post(address, {"reason": "More room", "revision": 1})
    assert "which does not permit this" in answer.content.decode()
    assert PolicyVersion.objects.count() == 1


def test_moved_base_is_told_and_the_text_can_be_taken_over(browser, owner, workspace, draft):
    apply_policy(text=POLICY + "# meanwhile\n", workspace=workspace.id, actor=owner)
    browser.force_login(owner)
    page = browser.get(at("draft", workspace, draft.id)).content.decode()
    assert "Version 2 was released since this draft was begun" in page
    given = {"reason": "More room", "revision": 1}
    answer = browser.post(at("release", workspace, draft.id), given)
    assert "Another version was released" in answer.content.decode()
    assert PolicyVersion.objects.count() == 2
    new = browser.get(at("new", workspace) + f"?from=draft:{draft.id}").content.decode()
    assert "docs, plans, api" in new


def test_release_of_another_text_than_was_seen_is_refused_once(browser, owner, workspace, draft):
    browser.force_login(owner)
    address, given = at("release", workspace, draft.id), {"reason": "Seen", "revision": 1}
    change_draft(draft=draft, revision=1, text=LOOSER + "# unseen\n", actor=owner)
    page = browser.post(address, given).content.decode()
    assert "It has changed since you read it" in page
    assert "# unseen" in page
    assert 'name="revision" value="2"' in page
    assert PolicyVersion.objects.count() == 1
    assert browser.post(address, given | {"revision": 2}).url == at("home", workspace)
    assert PolicyVersion.objects.get(number=2).text == LOOSER + "# unseen\n"


def test_failing_tests_keep_a_draft_from_release(browser, owner, workspace, released):
    draft = draft_policy(text=FAILING, workspace=workspace.id, actor=owner)
    browser.force_login(owner)
    assert "it cannot be released" in browser.get(
        at("release", workspace, draft.id)
    ).content.decode().replace("\n", " ")
    browser.post(at("release", workspace, draft.id), {"reason": "So be it", "revision": 1})
    assert PolicyVersion.objects.count() == 1


def test_draft_is_discarded_by_a_button(browser, owner, workspace, draft):
    browser.force_login(owner)
    browser.post(at("discard", workspace, draft.id))
    draft.refresh_from_db()
    assert draft.state == DraftState.DISCARDED
    page = browser.get(at("draft", workspace, draft.id)).content.decode()
    assert "This draft was discarded and stays as it is." in page


def test_template_begins_a_draft_that_is_not_kept_yet(browser, owner, workspace):
    browser.force_login(owner)
    page = browser.get(at("new", workspace) + "?from=template:team").content.decode()
    assert "routine work" in page
    assert not PolicyDraft.objects.exists()
    assert browser.get(at("new", workspace) + "?from=template:nope").status_code == 404


def test_wizard_drafts_and_says_why(browser, owner, workspace):
    browser.force_login(owner)
    answers = {"people": "many", "agents": "ask", "allowed_dirs": "docs, src", "zone": "UTC"}
    answer = browser.post(at("begin", workspace), answers)
    draft = PolicyDraft.objects.get()
    assert answer.url == at("draft", workspace, draft.id)
    assert draft.origin == "wizard"
    assert any("two to agree" in sentence for sentence in said(answer))
    answer = browser.post(at("begin", workspace), answers | {"zone": "Nowhere/Land"})
    assert "This is no time zone" in answer.content.decode()
    assert PolicyDraft.objects.count() == 1


def test_act_is_tried_by_form_and_by_json(browser, owner, workspace, draft):
    browser.force_login(owner)
    form = {"kind": "plan", "verb": "edit", "paths": "api/orders.md"}
    page = browser.post(at("try", workspace), form).content.decode()
    assert "outside of its allowed_dirs" in page
    page = browser.post(at("try", workspace), form | {"policy": str(draft.id)}).content.decode()
    assert "Allowed" in page
    act = json.dumps({"kind": "plan", "operations": [{"verb": "edit", "paths": ["docs/a"]}]})
    page = browser.post(at("try", workspace) + "?json", {"act_json": act}).content.decode()
    assert "Allowed" in page
    for wrong, told in (("{", "This is not JSON."), ('{"kind": "x"}', "This is not an act.")):
        page = browser.post(at("try", workspace) + "?json", {"act_json": wrong}).content.decode()
        assert told in page
    assert not ActRecord.objects.exclude(kind=ActKind.POLICY_CHANGE).exists()


def test_trying_stays_open_while_everything_is_stopped(browser, owner, workspace, released):
    KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=EVERYWHERE)
    browser.force_login(owner)
    assert check(browser, workspace, POLICY).status_code == 200
    form = {"kind": "plan", "verb": "edit", "paths": "docs/a.md"}
    assert browser.post(at("try", workspace), form).status_code == 200
    assert browser.post(at("new", workspace), {"text": LOOSER}).status_code == 503


def test_act_is_explained_with_the_line_of_each_rule(browser, reviewer, workspace, judged):
    browser.force_login(reviewer)
    page = browser.get(reverse("admin:policies_actrecord_change", args=[judged.id]))
    text = page.content.decode()
    assert "edit docs/guide.md" in text
    assert f"{at('version', workspace, 1)}#L4" in text
    assert "- name: agents are reviewed" in text
    assert "this needs an admin or an owner" in text


def test_always_allow_drafts_a_change(browser, owner, workspace, judged):
    browser.force_login(owner)
    address = reverse("admin:policies_actrecord_allow_always", args=[judged.id])
    assert not PolicyDraft.objects.exists()
    answer = browser.post(address)
    draft = PolicyDraft.objects.get()
    assert answer.url == at("draft", workspace, draft.id)
    assert "always allow" in draft.text


def test_act_is_erased_with_a_reason(browser, owner, workspace, judged):
    browser.force_login(owner)
    address = reverse("admin:policies_actrecord_erase", args=[judged.id])
    browser.post(address, {"reason": ""})
    judged.refresh_from_db()
    assert judged.erased_at is None
    browser.post(address, {"reason": "A name stood in it"})
    judged.refresh_from_db()
    assert judged.sealed is None
    erased = Event.objects.get(type="policies.act.erased")
    assert erased.payload["reason"] == "A name stood in it"
    page = browser.get(reverse("admin:policies_actrecord_change", args=[judged.id]))
    assert "was erased" in page.content.decode()


def test_replay_goes_on_step_by_step(browser, owner, workspace, judged, monkeypatch):
    draft = draft_policy(
        text=FREE.replace("effect: require", "effect: allow"), workspace=workspace.id, actor=owner
    )
    monkeypatch.setattr("apps.policies.pages.trying.STEP", 1)
    browser.force_login(owner)
    address = at("replay_step", workspace) + f"?draft={draft.id}&days=7"
    found = browser.get(address).json()
    flips, steps = found["flips"], 1
    while found["next"]:
        found = browser.get(f"{address}&cursor={found['next']}").json()
        flips, steps = flips + found["flips"], steps + 1
    assert steps == ActRecord.objects.count()
    flip = next(flip for flip in flips if flip["act"]["what"] == "edit docs/guide.md")
    assert (flip["before"]["said"], flip["after"]["said"]) == ("Needs approval", "Allowed")
    assert browser.get(f"{address}&cursor=forged").status_code == 422


def test_acts_are_filtered_by_workspaces_of_ones_own(browser, owner, workspace, judged):
    browser.force_login(owner)
    address = reverse("admin:policies_actrecord_changelist")
    mine = browser.get(address, {"workspace": str(workspace.id), "kind__exact": "plan"})
    assert list(mine.context["cl"].queryset) == [judged]
    other = WorkspaceFactory.create(name="Elsewhere")
    page = browser.get(address, {"workspace": str(other.id)})
    assert "Elsewhere" not in page.content.decode()


def test_palette_finds_policies_and_acts(browser, owner, workspace, judged):
    browser.force_login(owner)

    def found(words):
        answer = browser.get("/admin/search/", {"s": words, "extended": "1"})
        return [result.link for result in answer.context["results"] if hasattr(result, "link")]

    assert at("home", workspace) in found("orchard")
    assert reverse("admin:policies_actrecord_change", args=[judged.id]) in found(str(judged.id))
