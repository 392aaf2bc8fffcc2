"""Whether something demands already what a proposal would demand is found after the answer."""

import pytest

from apps.inference.errors import ModelAway
from apps.ledger.models import Delivery, Event
from apps.specs.approvals import checks_of
from apps.specs.models.proposals import Proposal
from apps.specs.services import advising
from tests.deliveries import deliver, deliver_again
from tests.specs.graphs import node, plant
from tests.specs.proposing import edit, request_of, submit
from tests.specs.search.indexing import index

TILL = "The till SHALL accept credit cards."
SAME = "Credit cards SHALL be accepted by the till."
ADVISED = "specs.proposal.advised"


@pytest.fixture
def shop(policy, workspace, reviewer):
    planted = plant(
        workspace,
        [
            node("REQ-1", title="Cards", body=TILL),
            node("REQ-2", title="Hours", body="The shop SHALL open at nine."),
            node("TEST-1", title="Cards", body=SAME),
        ],
    )
    index(workspace)
    return planted


def create(body, **said):
    return {"op": "create", "kind": "requirement", "title": "Payment", "body": body, **said}


def advice_of(proposal) -> list[str]:
    deliver()
    return [one["message"] for one in Proposal.objects.get(id=proposal.id).advice]


def test_it_names_what_says_the_same(shop, workspace, agent):
    proposal = submit(workspace, agent, create(SAME)).proposal
    state = Proposal.objects.get(id=proposal.id).state
    assert Proposal.objects.get(id=proposal.id).advice == []
    assert advice_of(proposal) == [f"REQ-1 says the same already: “{TILL}”"]
    now = Proposal.objects.get(id=proposal.id)
    assert (now.state, now.content_digest) == (state, proposal.content_digest)
    told = Event.objects.get(type=ADVISED).payload
    assert (told["findings"], told["request"]) == (1, str(request_of(proposal).id))


@pytest.mark.parametrize(
    "body",
    [
        "The till SHALL NOT accept credit cards.",
        "The clerk SHALL accept credit cards.",
        "The till SHALL accept 3 credit cards.",
        "The moon SHALL be round.",
    ],
)
def test_what_only_looks_alike_is_left_alone(shop, workspace, agent, body):
    assert advice_of(submit(workspace, agent, create(body)).proposal) == []
    assert not Event.objects.filter(type=ADVISED).exists()


def test_a_reworded_requirement_is_looked_at_too(shop, workspace, agent):
    changed = edit("REQ-2", "The shop SHALL open at nine.", SAME)
    assert len(advice_of(submit(workspace, agent, changed).proposal)) == 1


def test_what_is_changed_itself_is_no_other(shop, workspace, agent):
    assert advice_of(submit(workspace, agent, edit("REQ-1", TILL, SAME)).proposal) == []


def test_a_test_may_say_what_a_requirement_says(shop, workspace, agent):
    proposal = submit(workspace, agent, create(SAME, kind="test")).proposal
    assert advice_of(proposal) == []


def test_it_stands_among_the_checks_as_advice(shop, workspace, agent):
    proposal = submit(workspace, agent, create(SAME)).proposal
    deliver()
    shown = checks_of(Proposal.objects.get(id=proposal.id))
    [check] = [one for one in shown if one["name"] == "Nothing says the same already"]
    assert (check["severity"], check["passed"]) == ("advice", True)


def test_looking_twice_says_it_once(shop, workspace, agent):
    submit(workspace, agent, create(SAME))
    deliver()
    Delivery.objects.filter(subscription="specs.find_likeness").update(done_at=None)
    deliver_again("specs.find_likeness")
    assert Event.objects.filter(type=ADVISED).count() == 1


def test_with_its_model_away_it_comes_later(shop, workspace, agent, monkeypatch):
    def away(*args, **kwargs):
        raise ModelAway

    proposal = submit(workspace, agent, create(SAME)).proposal
    with monkeypatch.context() as patched:
        patched.setattr(advising, "embed", away)
        with pytest.raises(ModelAway):
            deliver()
    deliver_again("specs.find_likeness")
    assert len(advice_of(proposal)) == 1


def test_with_no_backend_nothing_is_asked(shop, workspace, agent, settings):
    settings.EMBEDDINGS_BACKEND = "none"
    assert advice_of(submit(workspace, agent, create(SAME)).proposal) == []


def test_what_has_ended_meanwhile_is_let_be(shop, workspace, agent):
    proposal = submit(workspace, agent, create(SAME)).proposal
    Proposal.objects.filter(id=proposal.id).update(state="withdrawn")
    assert advice_of(proposal) == []
