"""What thousands lead to costs no more than it has to: links and bodies are read of what is
changed, and of what is around it only what tells it apart.
"""

import pytest

from apps.specs.errors import OperationsInvalid
from apps.specs.models.graph import Link, Suspect
from apps.specs.selectors import excerpts
from apps.specs.selectors.excerpts import excerpt_of, fields_of
from apps.specs.services.applying import apply_mutation
from tests.specs.graphs import node, plant
from tests.specs.proposing import edit, link, spec, submit, unlink

pytestmark = pytest.mark.django_db
MANY = 300


@pytest.fixture
def hub(workspace, policy, owner):
    """GOAL-1, which MANY refine and which relates to as many."""
    into = [f"REQ-{number}" for number in range(MANY)]
    out = [f"REQ-{number}" for number in range(MANY, 2 * MANY)]
    said = "The answer shall be at least 5 kB.\n"
    return plant(
        workspace,
        [
            node("GOAL-1", body="The shop is fair.\n", attributes={"risk": 1}),
            node("REQ-NEW1"),
            *(node(key, body=said, attributes={"risk": 2}, owner_id=owner.id) for key in into),
            *(node(key, body=said) for key in out),
        ],
        [
            *(f"{key} refines GOAL-1" for key in into),
            *(f"GOAL-1 relates_to {key}" for key in out),
        ],
    )


def applied(workspace, actor, *operations):
    proposal = submit(workspace, actor, *operations).proposal
    apply_mutation(proposal_id=proposal.id, workspace=workspace.id)
    proposal.refresh_from_db()
    assert proposal.state == "applied"
    return proposal


def test_a_link_to_it_reads_both_ends_and_no_more(hub, workspace):
    found = excerpt_of(workspace.id, names={"req-new1", "goal-1", "req-1"})
    assert {each.key for each in found.nodes.values()} == {"REQ-NEW1", "GOAL-1", "REQ-1"}
    assert len(found.links) == 1
    assert all(each.is_brief and each.body == "" for each in found.nodes.values())


def test_of_what_is_around_a_change_nothing_is_read_of_what_it_says(hub, workspace):
    found = excerpt_of(workspace.id, names={"goal-1"}, changed={"goal-1"})
    goal = found.nodes[hub["GOAL-1"].id]
    assert (goal.is_brief, goal.body, goal.attributes) == (
        False,
        "The shop is fair.\n",
        {"risk": 1},
    )
    around = [each for each in found.nodes.values() if each.is_brief]
    assert len(around) == len(found.links) == 2 * MANY
    assert {(each.body, len(each.attributes)) for each in around} == {("", 0)}
    with pytest.raises(ValueError, match="not known"):
        fields_of(around[0])


def test_a_change_of_it_makes_every_link_to_it_doubtful_once(hub, workspace, contributor, owner):
    for old, new in (("fair", "kind"), ("kind", "kind and fair")):
        applied(workspace, contributor, edit("GOAL-1", old, new))
    doubtful = Suspect.objects.filter(cause=spec("GOAL-1"), cleared_at=None)
    assert doubtful.count() == MANY
    assert set(doubtful.values_list("link__kind", "revision")) == {("refines", 2)}
    assert spec("REQ-1").body.startswith("The answer")


def test_links_of_it_come_and_go_by_themselves(hub, workspace, contributor):
    applied(workspace, contributor, link("REQ-NEW1", "refines", "GOAL-1"))
    gone = [unlink(f"REQ-{number}", "refines", "GOAL-1") for number in range(100)]
    applied(workspace, contributor, *gone)
    assert Link.objects.filter(target=spec("GOAL-1"), until=None).count() == MANY + 1 - 100


def test_what_it_says_is_compared_with_what_others_say(hub, workspace, contributor):
    body = "The answer shall be at most 1 kB.\n"
    came = submit(workspace, contributor, edit("GOAL-1", "The shop is fair.\n", body))
    rules = {found.rule for found in came.findings if found.check == "contradictions"}
    assert "bounds" in rules


@pytest.mark.parametrize(
    ("bound", "said"), [("MOST_LINKS_AROUND", "more than 500 links"), ("MOST_TOUCHED", "bodies")]
)
def test_what_would_be_too_much_is_refused(hub, workspace, contributor, monkeypatch, bound, said):
    monkeypatch.setattr(excerpts, bound, 500)
    operations = [edit("GOAL-1", "fair", "kind")]
    if bound == "MOST_TOUCHED":
        operations = [
            {"op": "set", "target": f"REQ-{number}", "attribute": "risk", "value": 3}
            for number in range(20)
        ]
    with pytest.raises(OperationsInvalid) as refused:
        submit(workspace, contributor, *operations)
    (detail,) = refused.value.details
    assert detail["code"] == "too_much"
    assert said in detail["message"]
    submit(workspace, contributor, link("REQ-NEW1", "refines", "GOAL-1"))
