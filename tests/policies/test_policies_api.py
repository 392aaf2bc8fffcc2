"""The doors of policies over HTTP: shapes, codes, preconditions, keys, and who may."""

from urllib.parse import quote

import pytest

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft, PolicyVersion
from apps.policies.rego.embedded import end_evaluators
from apps.policies.services.drafts import draft_policy
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, member
from tests.policies.releasing import POLICY

pytestmark = pytest.mark.django_db

SMALL = 'version: "1"\nallowed_dirs: [docs]\n'
OTHER = SMALL + "max_diff_lines: 10\n"
V1 = "/api/v1/policies"
EDIT = {"kind": "spec.change", "operations": [{"verb": "edit", "paths": ["docs/a.md"]}]}


def code_of(response):
    return response.json()["error"]["code"]


@pytest.fixture
def client(api, owner):
    return api(owner)


# --- what holds


@pytest.mark.parametrize("place", ["/policy/current", f"{V1}/current"])
def test_current_shows_what_holds_with_its_tag(place, client, workspace, owner):
    built_in = client.get(place)
    assert (built_in.json()["source"], built_in.json()["number"]) == ("default", 0)
    assert built_in.json()["document"]["allowed_dirs"] == ["api", "plans"]
    apply_policy(text=POLICY, workspace=workspace.id, actor=owner)
    body = client.get(place).json()
    assert (body["source"], body["rule_count"], body["text"]) == ("workspace v1", 2, POLICY)
    assert body["version"]["released_by"] == str(owner.id)
    tag = client.get(place)["ETag"]
    assert tag != built_in["ETag"]
    assert client.get(place, HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_versions_and_their_diff(client, workspace, owner, released):
    apply_policy(text=SMALL, workspace=workspace.id, actor=owner, reason="Smaller")
    listed = client.get(f"{V1}/versions").json()["results"]
    assert [(one["number"], one["reason"]) for one in listed] == [(2, "Smaller"), (1, "")]
    assert "text" not in listed[0]
    assert client.get(f"{V1}/versions/1").json()["text"] == POLICY
    assert client.get(f"{V1}/versions/3").status_code == 404
    diff = client.get(f"{V1}/diff?from=1&to=2").json()["diff"]
    assert "-  - name: nobody deletes\n" in diff
    assert client.get(f"{V1}/diff?from=0&to=0").json()["diff"] == ""
    assert client.get(f"{V1}/diff?from=1").status_code == 422
    assert client.get(f"{V1}/diff?from=1&to=9").status_code == 404


def test_schema_is_for_editors(client):
    body = client.get(f"{V1}/schema").json()
    assert {"version", "allowed_dirs", "rules"} <= set(body["properties"])


# --- dry-run, apply, reload


@pytest.mark.parametrize("place", ["/policy/dry-run", f"{V1}/dry-run"])
def test_dry_run_tells_everything_and_changes_nothing(place, client, released):
    before = Event.objects.count()
    body = client.post(place, {"content": SMALL}).json()
    assert (body["status"], body["rule_count"], body["passes"]) == ("valid", 0, True)
    assert "-  - name: nobody deletes\n" in body["diff"]
    invalid = client.post(place, {"content": 'version: "1"\nRosebud: 2'})
    assert (invalid.status_code, code_of(invalid)) == (422, "policy_invalid")
    detail = invalid.json()["error"]["details"][-1]
    assert {"field", "line", "column", "message"} <= set(detail)
    assert "Rosebud" not in invalid.content.decode()
    assert Event.objects.count() == before


@pytest.mark.parametrize("place", ["/policy/apply", f"{V1}/apply"])
def test_apply_holds_at_once_unless_somebody_was_faster(place, client, api, workspace, admin):
    seen = client.get("/policy/current")["ETag"]
    dry = client.post(place, {"content": SMALL, "dry_run": True})
    assert (dry.status_code, dry.json()["status"]) == (200, "dry_run")
    assert not PolicyVersion.objects.exists()
    done = client.post(place, {"content": SMALL}, HTTP_IF_MATCH=seen)
    assert (done.json()["status"], done.json()["number"]) == ("applied", 1)
    assert done["ETag"] == client.get("/policy/current")["ETag"]
    late = client.post(place, {"content": OTHER}, HTTP_IF_MATCH=seen)
    assert (late.status_code, code_of(late)) == (412, "precondition_failed")
    again = client.post(place, {"content": SMALL})
    assert (again.status_code, code_of(again)) == (409, "policy_unchanged")
    denied = api(admin).post(place, {"content": OTHER})
    assert (denied.status_code, code_of(denied)) == (403, "not_allowed")
    assert PolicyVersion.objects.count() == 1


def test_apply_under_a_key_happens_once(client):
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = client.post("/policy/apply", {"content": SMALL}, **key)
    again = client.post("/policy/apply", {"content": SMALL}, **key)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("place", ["/policy/reload", f"{V1}/reload"])
def test_reload_answers_as_promised(place, client, api, agent, workspace, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    folder = tmp_path / str(workspace.id) / "policies"
    folder.mkdir(parents=True)
    (folder / "valid.yaml").write_text(POLICY)
    (folder / "invalid.yaml").write_text('version: "1"\nroot:x:0:0\n')
    done = client.post(place, {"path": "policies/valid.yaml"})
    assert done.status_code == 200
    assert set(done.json()) == {"status", "loaded_at", "rule_count"}
    assert (done.json()["status"], done.json()["rule_count"]) == ("reloaded", 2)
    wrong = client.post(place, {"path": "policies/invalid.yaml"})
    assert (wrong.status_code, code_of(wrong)) == (422, "policy_invalid")
    assert "x:0" not in wrong.content.decode()
    for path in ("policies/missing.yaml", "/etc/passwd", "../../policies/valid.yaml"):
        missing = client.post(place, {"path": path})
        assert (missing.status_code, code_of(missing)) == (404, "policy_file_missing")
    bare = client.generic("POST", place, '"policies/valid.yaml"', content_type="application/json")
    assert bare.status_code == 422
    assert api(agent).post(place, {"path": "policies/valid.yaml"}).status_code == 403
    assert PolicyVersion.objects.count() == 1


# --- drafts


def test_draft_is_begun_changed_released(client, api, contributor):
    theirs = api(contributor)
    made = theirs.post(f"{V1}/drafts", {"content": SMALL, "reason": "Docs"})
    assert made.status_code == 201
    place = made["Location"]
    body = made.json()
    assert (body["state"], body["base"], body["text"]) == ("open", None, SMALL)
    assert theirs.get(place).json() == body
    assert code_of(theirs.patch(place, {"content": OTHER})) == "precondition_required"
    changed = theirs.patch(place, {"content": OTHER}, HTTP_IF_MATCH=made["ETag"])
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    stale = theirs.patch(place, {"content": SMALL}, HTTP_IF_MATCH=made["ETag"])
    assert stale.status_code == 412

    assert theirs.post(f"{place}/release", HTTP_IF_MATCH=changed["ETag"]).status_code == 403
    assert client.post(f"{place}/release").status_code == 428
    assert client.post(f"{place}/release", HTTP_IF_MATCH=made["ETag"]).status_code == 412
    done = client.post(f"{place}/release", HTTP_IF_MATCH=changed["ETag"])
    assert (done.status_code, done.json()["number"]) == (200, 1)
    body = client.get(place).json()
    assert (body["state"], body["released_as"]) == ("released", 1)
    assert client.delete(place).status_code == 409
    assert client.get(f"{V1}/drafts?state=open").json()["results"] == []
    assert len(client.get(f"{V1}/drafts?state=released").json()["results"]) == 1


def test_release_of_a_draft_whose_base_moved_is_a_conflict(client, workspace, owner):
    made = client.post(f"{V1}/drafts", {"content": SMALL})
    apply_policy(text=OTHER, workspace=workspace.id, actor=owner)
    late = client.post(f"{made['Location']}/release", HTTP_IF_MATCH=made["ETag"])
    assert (late.status_code, code_of(late)) == (409, "policy_moved")


def test_release_of_a_policy_that_fails_its_tests_tells_each_outcome(client):
    failing = SMALL + "tests: [{name: t, act: {kind: plan}, expect: {effect: deny}}]\n"
    made = client.post(f"{V1}/drafts", {"content": failing})
    refused = client.post(f"{made['Location']}/release", HTTP_IF_MATCH=made["ETag"])
    assert (refused.status_code, code_of(refused)) == (422, "policy_tests_failed")
    (detail,) = refused.json()["error"]["details"]
    assert (detail["field"], detail["name"], detail["passed"]) == ("tests[0]", "t", False)
    assert not PolicyVersion.objects.exists()


def test_draft_is_discarded(client):
    made = client.post(f"{V1}/drafts", {"content": SMALL})
    assert client.delete(made["Location"]).status_code == 204
    assert PolicyDraft.objects.get().state == "discarded"


# --- acts


def test_evaluate_says_what_policy_would(client, api, agent, released):
    verdict = api(agent).post(f"{V1}/evaluate", EDIT).json()
    assert (verdict["effect"], verdict["reasons"]) == ("require", [])
    assert verdict["stages"][0]["roles"] == ["reviewer"]
    assert {step["name"] for step in verdict["trace"]} >= {"agents are reviewed", "nobody deletes"}
    assert verdict["record"] is None
    denied = {**EDIT, "operations": [{"verb": "delete", "paths": ["docs/../x"]}]}
    assert client.post(f"{V1}/evaluate", denied).json()["reasons"] == [
        "path_forbidden",
        "policy_denied",
    ]
    wrong = client.post(f"{V1}/evaluate", {"kind": "nonsense"})
    assert (wrong.status_code, code_of(wrong)) == (422, "invalid")
    assert client.post(f"{V1}/evaluate", [1]).status_code == 422
    assert ActRecord.objects.exclude(kind="policy.change").count() == 0


def test_evaluate_tells_no_more_faults_than_anybody_reads(api, agent):
    client = api(agent)
    many = client.post(f"{V1}/evaluate", {f"k{n}": 1 for n in range(20_000)}, format="json")
    assert (many.status_code, len(many.json()["error"]["details"])) == (422, 100)
    flood = client.post(f"{V1}/evaluate", {f"k{n}": 1 for n in range(40_000)}, format="json")
    assert (flood.status_code, len(flood.json()["error"]["details"])) == (422, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"operations": [{"verb": "edit", "paths": ["docs/a"] * 100}] * 101},
        {"diff": "--- a/x\n" * 10_001},
        {"texts": {"diff": "--- a/x\n" * 10_001}},
    ],
)
def test_evaluate_takes_so_many_paths_and_no_more(body, api, agent):
    refused = api(agent).post(f"{V1}/evaluate", {"kind": "plan", **body}, format="json")
    assert (refused.status_code, code_of(refused)) == (422, "invalid")


def test_evaluate_by_a_draft(client, api, agent, released):
    draft = client.post(f"{V1}/drafts", {"content": SMALL + "default: {then: {allow: true}}\n"})
    place = f"{V1}/evaluate?draft={draft.json()['id']}"
    verdict = api(agent).post(place, EDIT).json()
    assert (verdict["effect"], verdict["policy_source"]) == ("allow", "draft")
    assert api(agent).post(f"{V1}/evaluate?draft=x", EDIT).status_code == 422


def test_acts_are_listed_explained_erased(client, api, agent, released):
    theirs = api(agent)
    act = theirs.post("/act", {"agent_id": "bot", "action": "read", "payload": {"q": "Rosebud"}})
    place = f"{V1}/acts/{act.json()['act']}"
    (row,) = client.get(f"{V1}/acts?agent_id=bot&effect=require").json()["results"]
    assert (row["label"], row["kind"], row["door"]) == ("bot", "tool.call", "act")
    assert client.get(f"{V1}/acts?kind=plan").json()["results"] == []
    assert "Rosebud" not in client.get(place).content.decode()
    told = client.get(f"{place}/explain").json()
    assert told["said"] == {"action": "read", "payload": {"q": "Rosebud"}}
    assert told["asked"]["texts"]["payload.q"] == "Rosebud"
    assert any(step["text"] == "  - name: agents are reviewed" for step in told["steps"])
    assert theirs.delete(place).status_code == 403
    assert client.delete(f"{place}?reason={'x' * 501}").status_code == 422
    assert client.delete(place).status_code == 204
    gone = client.get(f"{place}/explain")
    assert (gone.status_code, code_of(gone)) == (410, "act_erased")


@pytest.mark.parametrize("where", ["query", "body", "nowhere"])
def test_an_erasure_says_why_wherever_the_reason_stands(client, api, agent, released, where):
    act = api(agent).post("/act", {"agent_id": "bot", "action": "read"}).json()["act"]
    place, why = f"{V1}/acts/{act}", "A name stood in it"
    answer = {
        "query": lambda: client.delete(f"{place}?reason={quote(why)}"),
        "body": lambda: client.delete(place, {"reason": why}),
        "nowhere": lambda: client.delete(place),
    }[where]()
    assert answer.status_code == 204
    told = Event.objects.get(type="policies.act.erased").payload
    assert told["reason"] == ("" if where == "nowhere" else why)


def test_always_allow_answers_with_the_draft(client, api, agent, released):
    act = api(agent).post("/act", {"agent_id": "bot", "action": "read"}).json()["act"]
    made = client.post(f"{V1}/acts/{act}/always-allow")
    assert (made.status_code, made.json()["origin"]) == (201, "always_allow")
    assert made.json()["act_id"] == act
    client.post(f"{made['Location']}/release", HTTP_IF_MATCH=made["ETag"])
    again = api(agent).post("/act", {"agent_id": "bot", "action": "read"}).json()
    assert again["verdict"]["effect"] == "allow"


def test_replay_goes_on_by_cursor(client, api, agent, contributor, released, monkeypatch):
    theirs = api(agent)
    for number in range(5):
        theirs.post("/act", {"agent_id": "bot", "action": f"a{number}"})
    asked = {"content": SMALL + "default: {then: {allow: true}}\n", "days": 1, "limit": 4}
    first = client.post(f"{V1}/replay", asked).json()
    assert (first["compared"], first["total"]) == (4, 6)
    assert first["next_cursor"]
    second = client.post(f"{V1}/replay", {**asked, "cursor": first["next_cursor"]}).json()
    assert (second["compared"], second["next_cursor"]) == (2, None)
    flips = [flip for page in (first, second) for flip in page["flips"]]
    acts = [flip for flip in flips if flip["act"]["kind"] == "tool.call"]
    assert len(acts) == 5
    assert {(one["before"]["effect"], one["after"]["effect"]) for one in acts} == {
        ("require", "allow")
    }
    assert client.post(f"{V1}/replay", {**asked, "cursor": "made-up"}).status_code == 422
    monkeypatch.setattr("apps.policies.api.views.acts.REPLAY_SECONDS", 0)
    hurried = client.post(f"{V1}/replay", {**asked, "limit": 500}).json()
    assert (hurried["compared"], bool(hurried["next_cursor"])) == (1, True)
    assert client.post(f"{V1}/replay", {"days": 1}).status_code == 422
    assert api(contributor).post(f"{V1}/replay", asked).status_code == 403


# --- templates


def test_templates_are_filled_in_and_applied(client):
    names = [one["name"] for one in client.get("/policy/templates").json()["templates"]]
    assert names == ["regulated", "sandbox", "solo_dev", "team"]
    whole = client.get("/policy/templates/team").json()
    assert whole["parameters"]
    assert client.get("/policy/templates/none").status_code == 404
    asked = {"name": "team", "values": {"allowed_dirs": ["shop"]}}
    rendered = client.post("/policy/render-from-template", asked).json()["content"]
    assert "shop" in rendered
    wrong = client.post("/policy/render-from-template", {"name": "team", "values": {"x": 1}})
    assert wrong.status_code == 422
    assert not PolicyVersion.objects.exists()
    dry = client.post("/policy/apply-from-template", {**asked, "dry_run": True}).json()
    assert dry["status"] == "dry_run"
    done = client.post("/policy/apply-from-template", asked).json()
    assert (done["status"], done["number"]) == ("applied", 1)
    assert PolicyVersion.objects.get().text == rendered
    assert PolicyVersion.objects.get().origin == "template"


def test_wizard_makes_a_policy_and_a_draft_if_asked(client):
    made = client.post("/policy/wizard", {"answers": {"people": "one"}}).json()
    assert made["because"]
    assert made["draft"] is None
    assert not PolicyDraft.objects.exists()
    made = client.post("/policy/wizard", {"answers": {"regulated": True}, "draft": True}).json()
    assert (made["template"], PolicyDraft.objects.get().origin) == ("regulated", "wizard")
    assert str(PolicyDraft.objects.get().id) == made["draft"]
    assert client.post("/policy/wizard", {"answers": {"people": 7}}).status_code == 422


# --- lists, and who may


def test_policies_are_those_of_ones_workspaces(client, api, workspace, released):
    other = WorkspaceFactory.create()
    stranger = member(other, Role.OWNER)
    apply_policy(text=SMALL, workspace=other.id, actor=stranger)
    (mine,) = client.get(V1).json()["results"]
    assert mine["workspace_id"] == str(workspace.id)
    assert (mine["current"]["number"], mine["current"]["rule_count"]) == (1, 2)


@pytest.mark.parametrize(
    ("place", "queries"),
    [("", 3), ("/versions", 4), ("/drafts", 4), ("/acts", 4)],
)
def test_lists_take_as_many_queries_as_recorded(
    place, queries, client, api, agent, workspace, owner, released, django_assert_num_queries
):
    def more():
        draft_policy(text=SMALL, workspace=workspace.id, actor=owner)
        api(agent).post("/act", {"agent_id": "bot", "action": "read"})

    more()
    client.get(f"{V1}{place}")
    for _ in range(2):
        with django_assert_num_queries(queries):
            assert client.get(f"{V1}{place}").status_code == 200
        more()
        apply_policy(
            text=f"{SMALL}description: v{PolicyVersion.objects.count()}\n",
            workspace=workspace.id,
            actor=owner,
        )


def test_release_that_rego_forbids_is_denied_under_a_key_too(client, settings, tmp_path):
    (tmp_path / "agent.rego").write_text('package agent\nallow if input.act.kind == "plan"\n')
    settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, "", tmp_path
    settings.OPA_TIMEOUT = 10
    try:
        made = client.post(f"{V1}/drafts", {"content": SMALL})
        key = {"HTTP_IDEMPOTENCY_KEY": "once"}
        for place, body, headers in (
            ("/policy/apply", {"content": SMALL}, key),
            ("/policy/apply-from-template", {"name": "team"}, {}),
            (f"{made['Location']}/release", None, {"HTTP_IF_MATCH": made["ETag"]}),
        ):
            denied = client.post(place, body, **headers)
            assert (denied.status_code, code_of(denied)) == (403, "opa_deny")
        (tmp_path / "agent.rego").write_text("package agent\nallow := true\n")
        assert client.post("/policy/apply", {"content": SMALL}, **key).status_code == 200
    finally:
        end_evaluators()
    assert PolicyVersion.objects.count() == 1
    assert Event.objects.filter(type="policies.act.denied").count() == 3
