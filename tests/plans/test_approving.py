"""Plans as approvals ask about them: shown whole, edited and narrowed under review."""

import pytest

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.approvals.choices import Because, State
from apps.approvals.errors import NotReshapable, OperationsUnknown
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.ports import subjects
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.ledger.services import unit
from apps.plans.choices import Action, PlanState
from apps.plans.models import Plan
from apps.plans.patches.files import FilePatch
from apps.plans.reviewing import in_words, needs_of
from apps.plans.selectors.plans import opened
from apps.policies.errors import PathForbidden, RiskPatternFound
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import vote
from tests.deliveries import deliver
from tests.factories import member
from tests.plans.deciding import GREETING, POLICY, decide, request_of

pytestmark = pytest.mark.django_db
PLANS = subjects["plan"]


@pytest.fixture
def propose(api, agent, policy):
    def proposed(sent) -> Plan:
        answer = api(agent).post("/plan", sent)
        assert answer.status_code == 201, answer.content
        return Plan.objects.get(id=answer.json()["id"])

    return proposed


@pytest.fixture
def plan(propose, body):
    return propose(body)


def paths(plan: Plan) -> list[str]:
    plan.refresh_from_db()
    return [operation["path"] for operation in opened(plan).artifact.document["operations"]]


# --- shown


def test_a_sentence_names_who_and_what(plan, agent, propose, django_assert_num_queries):
    note = propose({"intent": "Think about it", "target_paths": ["docs/x.md"]})
    with django_assert_num_queries(3):
        told = PLANS.summaries([plan.id, note.id, plan.workspace_id])
    assert set(told) == {plan.id, note.id}
    assert told[plan.id].sentence == (
        f"{agent.name} edits api/greeting.py, creates api/test_greeting.py and touches 1 more file"
    )
    assert told[note.id].sentence == f"{agent.name} creates {note.file[:-5]}.md"
    assert told[plan.id].url == f"/admin/plans/plan/{plan.id}/change/"


def test_a_proposer_without_a_name_is_not_called_by_their_address(plan, agent):
    User.objects.filter(pk=agent.pk).update(name="")
    told = PLANS.summaries([plan.id])[plan.id]
    assert told.sentence.startswith(f"Somebody ({agent.id.hex[-8:]}) edits ")


def test_what_would_change_is_what_would_be_applied(plan, body):
    change, artifact = PLANS.change(plan.id), opened(plan).artifact
    assert change.digest == PLANS.digest(plan.id) == artifact.digest == plan.digest
    assert [(one.number, one.verb, one.target) for one in change.operations] == [
        (0, "edit", "api/greeting.py"),
        (1, "create", "api/test_greeting.py"),
        (2, "delete", "docs/old.md"),
    ]
    assert "".join(one.diff for one in change.operations) == artifact.patch("v_bold")
    assert body["intent"] in change.rationale
    assert body["context"] in change.rationale


def test_hidden_characters_are_spelled_out(propose, owner, workspace):
    apply_policy(text=POLICY + "gate: {deny_in: [prompt]}\n", workspace=workspace.id, actor=owner)
    new = "if admin\u202e:\r\n"
    plan = propose(
        {"intent": "x", "changes": [{"path": "api/a.py", "action": "create", "new": new}]}
    )
    diff = PLANS.change(plan.id).operations[0].diff
    assert "+if admin⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩:⟨U+000D⟩\n" in diff
    assert "\u202e" not in diff


def test_what_is_gone_has_no_digest(plan):
    gone = plan.id
    plan.delete()
    assert (PLANS.digest(gone), PLANS.judge(gone), PLANS.summaries([gone])) == (None, None, {})


def test_sentences_count_what_they_do_not_name():
    files = [
        FilePatch(action=Action.RENAME, path="a", to="b"),
        *(FilePatch(action=Action.EDIT, path=f"c{number}") for number in range(4)),
    ]
    assert in_words(files[:1]) == "renames a to b"
    assert in_words(files[:2]) == "renames a to b and edits c0"
    assert in_words(files) == "renames a to b, edits c0 and touches 3 more files"


@pytest.mark.parametrize(
    ("files", "needs"),
    [
        ([("delete", "docs/a"), ("create", "docs/a/b")], [(), (0,)]),
        ([("create", "docs/a"), ("delete", "docs/a/b"), ("delete", "docs/a/c")], [(1, 2), (), ()]),
        ([("rename", "x", "y/z"), ("delete", "y")], [(1,), ()]),
        ([("rename", "a", "b"), ("create", "a/c")], [(), (0,)]),
        ([("rename", "a", "a/b"), ("edit", "c")], [(), ()]),
        ([("edit", "a"), ("create", "ab"), ("delete", "b")], [(), (), ()]),
    ],
)
def test_an_operation_needs_what_clears_its_place(files, needs):
    made = [
        FilePatch(action=Action(action), path=path, to=to[0] if to else "")
        for action, path, *to in files
    ]
    assert needs_of(made) == needs


# --- narrowed


def test_a_part_is_released_and_the_rest_waits_by_itself(api, agent, plan, reviewer, body):
    cast = decide(plan, reviewer, operations=[0, 2])
    assert (plan.state, paths(plan)) == (PlanState.RELEASED, ["api/greeting.py", "docs/old.md"])
    rest = Plan.objects.exclude(id=plan.id).get()
    assert (rest.state, paths(rest)) == (PlanState.WAITING, ["api/test_greeting.py"])
    assert (rest.proposer_id, rest.proposer_kind) == (agent.id, "agent")
    asked = request_of(rest)
    assert (cast.rest.id, asked.state) == (asked.id, State.PENDING)
    assert asked.part_of_id == request_of(plan).id
    assert asked.content_digest == rest.digest == PLANS.digest(rest.id)
    # Whoever waits sends the same again, and gets what was accepted.
    pull = api(agent).post("/plan/pr", {**body, "variant_id": "v_bold"}).json()
    assert pull["plan"] == str(plan.id)
    assert "test_greeting" not in pull["patch"]
    decide(rest, reviewer)
    assert rest.state == PlanState.RELEASED


def test_a_patch_is_narrowed_likewise(propose, reviewer):
    patch = "".join(
        f"diff --git a/docs/{name} b/docs/{name}\nnew file mode 100644\n"
        f"--- /dev/null\n+++ b/docs/{name}\n@@ -0,0 +1 @@\n+{name}\n"
        for name in ("a", "b")
    )
    plan = propose({"intent": "x", "patch": patch, "target_paths": ["docs/a", "docs/b"]})
    decide(plan, reviewer, operations=[1])
    assert (plan.state, paths(plan)) == (PlanState.RELEASED, ["docs/b"])
    assert opened(plan).sent.target_paths == ["docs/b"]
    rest = Plan.objects.exclude(id=plan.id).get()
    assert paths(rest) == ["docs/a"]
    assert opened(rest).artifact.patch("v_bold") == patch[: len(patch) // 2]


def test_what_would_dangle_is_refused_naming_what_lacks(propose, reviewer):
    changes = [
        {"path": "docs/a", "action": "delete", "old": "a\n"},
        {"path": "docs/a/b.md", "action": "create", "new": "b\n"},
    ]
    plan = propose({"intent": "x", "changes": changes})
    assert PLANS.change(plan.id).operations[1].needs == (0,)
    for chosen, detail in (([1], "missing"), ([7], "message"), ([0, -1], "message")):
        with pytest.raises(OperationsUnknown) as refusal:
            decide(plan, reviewer, operations=chosen)
        assert refusal.value.details[0][detail]
    assert not Vote.objects.exists()
    assert Plan.objects.count() == 1
    assert plan.state == PlanState.WAITING


def test_all_of_it_is_no_part(plan, reviewer):
    decide(plan, reviewer, operations=[0, 1, 2])
    assert (plan.state, Plan.objects.count()) == (PlanState.RELEASED, 1)


# --- edited

BETTER = {"changes": [{"path": "api/greeting.py", "action": "edit", "old": GREETING, "new": "x\n"}]}


def test_an_edit_is_what_is_then_decided_on(plan, reviewer, workspace, api, agent):
    member(workspace, Role.REVIEWER)
    before, seen = plan.digest, request_of(plan).view_digest
    decide(plan, reviewer, edits=BETTER)
    request = request_of(plan)
    assert (plan.state, request.state) == (PlanState.WAITING, State.PENDING)
    assert request.co_authors == [reviewer.id]
    assert request.view_digest != seen
    assert request.content_digest == plan.digest == PLANS.digest(plan.id) != before
    assert paths(plan) == ["api/greeting.py"]
    assert (plan.operations, plan.lines_added) == (1, 1)
    told = Event.objects.get(type="plans.plan.reshaped").payload
    assert (told["before"], told["digest"], told["rest"]) == (before, plan.digest, None)


@pytest.mark.parametrize("less", [{"edits": BETTER}, {"operations": [0]}])
def test_where_rego_has_to_be_asked_nobody_reshapes_it(plan, reviewer, settings, less):
    settings.OPA_ENABLE = True
    with pytest.raises(NotReshapable, match="Rego"):
        decide(plan, reviewer, **less)
    assert request_of(plan).co_authors == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"path": "web/x", "action": "create", "new": "x\n"}, PathForbidden),
        ({"path": "api/x", "action": "create", "new": "import os; os.system('x')\n"},
         RiskPatternFound),
    ],
)  # fmt: skip
def test_an_edit_is_judged_like_any_plan(plan, reviewer, change, refusal):
    before = plan.digest
    with pytest.raises(refusal):
        decide(plan, reviewer, edits={"changes": [change]})
    plan.refresh_from_db()
    assert (plan.digest, PLANS.digest(plan.id)) == (before, before)
    assert request_of(plan).state == State.PENDING
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    "edits", [{"intent": "y"}, {"changes": []}, {"changes": [{"path": "api/x"}]}, {"changes": 1}]
)
def test_what_is_no_edit_of_a_plan_is_refused(plan, reviewer, edits):
    with pytest.raises(NotReshapable):
        decide(plan, reviewer, edits=edits)
    assert not Event.objects.filter(type="plans.plan.reshaped").exists()


# --- acted on


def test_what_was_changed_behind_everybodys_back_is_not_released(plan, propose, body, reviewer):
    request = request_of(plan)
    vote(request, reviewer)
    plan.digest = propose({**body, "intent": "Something else"}).digest
    ApprovalRequest.objects.filter(id=request.id).update(content_digest=plan.digest)
    deliver()
    plan.refresh_from_db()
    request.refresh_from_db()
    assert (request.state, request.because) == (State.INVALIDATED, Because.CONTENT)
    assert plan.state == PlanState.REFUSED


def test_a_tightened_policy_denies_what_waits(plan, reviewer, owner, workspace):
    text = POLICY.replace("[api, docs, plans]", "[docs, plans]")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    with pytest.raises(Exception, match="decided already"):
        decide(plan, reviewer)


def test_it_is_consumed_in_the_unit_that_releases(plan, reviewer):
    decide(plan, reviewer)
    with unit(actor=SYSTEM, workspace=plan.workspace_id):
        assert consume_request(request_id=request_of(plan).id).already
    consumed, released = (
        Event.objects.get(type=type_)
        for type_ in ("approvals.request.consumed", "plans.plan.released")
    )
    assert released.seq == consumed.seq + 1
    assert released.payload["request"] == consumed.payload["request"]


UNEVEN = (
    POLICY.split("rules:")[0]
    + """\
rules:
  - name: agents ask about api
    when: {actor: [agent], path: ["api/**"]}
    then: {require: [{name: review, roles: [reviewer]}]}
  - name: people ask about docs
    when: {actor: [person], path: ["docs/**"]}
    then: {require: [{name: review, roles: [reviewer]}]}
default: {then: {allow: true}}
"""
)


def test_an_edit_is_no_way_to_what_its_editor_would_have_to_ask_for(
    propose, reviewer, owner, workspace
):
    apply_policy(text=UNEVEN, workspace=workspace.id, actor=owner)
    api_file, docs_file = (
        {"path": path, "action": "create", "new": "x\n"} for path in ("api/a.py", "docs/a.md")
    )
    plan, other = propose({"intent": "x", "changes": [api_file]}), member(workspace, Role.REVIEWER)
    with pytest.raises(NotReshapable, match="somebody else"):
        decide(plan, reviewer, edits={"changes": [docs_file]})
    decide(plan, reviewer, edits={"changes": [api_file, docs_file]})
    for part in ([0], [1]):
        with pytest.raises(NotReshapable, match="somebody else"):
            decide(plan, reviewer, operations=part)
    assert (plan.state, Plan.objects.count()) == (PlanState.WAITING, 1)
    decide(plan, other)
    assert plan.state == PlanState.RELEASED


def test_what_is_cut_off_an_edit_is_not_for_its_editor_alone(plan, reviewer, workspace):
    added = {"path": "api/more.py", "action": "create", "new": "x\n"}
    other = member(workspace, Role.REVIEWER)
    decide(plan, reviewer, edits={"changes": [*BETTER["changes"], added]})
    decide(plan, reviewer, operations=[0])
    rest = Plan.objects.exclude(id=plan.id).get()
    decide(rest, reviewer)
    assert request_of(rest).co_authors == [reviewer.id]
    assert (plan.state, rest.state) == (PlanState.WAITING, PlanState.WAITING)
    decide(rest, other)
    assert rest.state == PlanState.RELEASED
