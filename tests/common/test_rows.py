"""Rows written together are what Django would have written one by one."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.common.ids import uuid7
from apps.common.rows import insert, update
from apps.specs.choices import ProposalState, Status
from apps.specs.models.graph import Key, Node
from apps.specs.models.proposals import Proposal
from apps.specs.models.search import Passage

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
ODD = "quotes ' \" and \\ and %s and {table} and tab\t, new\nlines, 漢字, 😀"


def a_node(workspace, key, **said):
    return Node(
        id=uuid7(), workspace=workspace, key=key, kind="goal", revision=1, changed_at=AT, **said
    )


def fields(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.fixture
def nodes(workspace):
    return [
        a_node(
            workspace,
            "GOAL-1",
            title=ODD,
            body=ODD * 3,
            labels=[ODD[:50], "a,b", "{c}", ""],
            attributes={ODD: [1, 0.1, True, None, {"deep": ODD}], "large": 2**62},
            owner_id=uuid4(),
            status=Status.DRAFT,
            is_live=False,
        ),
        a_node(workspace, "GOAL-2", title=""),
    ]


def test_what_is_read_is_what_was_written(nodes):
    insert(nodes)
    for node in nodes:
        assert fields(Node.objects.get(id=node.id)) == fields(node)
        assert not node._state.adding


def test_many_take_one_statement(workspace, nodes):
    with CaptureQueriesContext(connection) as asked:
        insert(a_node(workspace, f"GOAL-{number + 3}", title="") for number in range(100))
        update(nodes, ["title"])
        insert([])
        update([], ["title"])
    assert len(asked) == 2


def test_they_get_their_numbers_in_their_order(workspace, nodes):
    insert(nodes)
    insert(Key(workspace=workspace, key=f"OLD-{number}", node=nodes[0]) for number in range(20))
    keys = Key.objects.filter(workspace=workspace).order_by("id").values_list("key", flat=True)
    assert list(keys) == [f"OLD-{number}" for number in range(20)]


def test_what_the_database_gives_them_is_read_from_them(workspace, nodes):
    insert(nodes)
    keys = [Key(workspace=workspace, key=f"OLD-{number}", node=nodes[0]) for number in range(20)]
    insert(keys)
    there = dict(Key.objects.filter(node=nodes[0]).values_list("key", "id"))
    assert {key.key: key.id for key in keys} == there
    proposal = Proposal(
        workspace=workspace,
        title=ODD,
        state=ProposalState.INVALID,
        operations=[{"op": "delete"}],
        content_digest="0" * 64,
        proposer_id=uuid4(),
        proposer_kind="person",
    )
    insert([proposal])
    assert fields(Proposal.objects.get(id=proposal.id)) == fields(proposal)


def test_they_leave_the_same_to_the_database(workspace, nodes):
    """What one of them says were lost otherwise."""
    insert(nodes)
    keys = [Key(workspace=workspace, key=f"OLD-{n}", node=nodes[0]) for n in range(2)]
    keys[1].id = 7
    with pytest.raises(TypeError, match="go together"):
        insert(keys)


def test_bytes(workspace):
    digest = bytes(range(32))
    insert([Passage(workspace=workspace, digest=digest, text="said")])
    assert bytes(Passage.objects.get(workspace=workspace).digest) == digest


def test_what_is_there_is_written_over_in_what_is_named_alone(nodes):
    insert(nodes)
    later = AT + timedelta(hours=1)
    for node in nodes:
        node.title, node.body, node.changed_at = "new", "not written", later
    insert(nodes, replacing=["title", "changed_at"])
    for node in nodes:
        now = Node.objects.get(id=node.id)
        assert (now.title, now.changed_at) == ("new", later)
        assert now.body != "not written"


def test_what_clashes_is_refused_or_passed_over(workspace, nodes):
    insert(nodes)
    insert([Key(workspace=workspace, key="OLD-1", node=nodes[0])])
    again = [Key(workspace=workspace, key=key, node=nodes[1]) for key in ("old-1", "OLD-2")]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(again)
    insert(again, ignore_conflicts=True)
    led = dict(Key.objects.filter(workspace=workspace).values_list("key", "node"))
    assert led == {"OLD-1": nodes[0].id, "OLD-2": nodes[1].id}


def test_only_these_rows_are_updated_and_only_these_columns(nodes):
    insert(nodes)
    first, second = nodes
    first.title, first.attributes, first.owner_id = "other", {"a": None}, None
    first.body = "not written"
    update([first], ["title", "attributes", "owner_id"])
    now = Node.objects.get(id=first.id)
    assert (now.title, now.attributes, now.owner_id) == ("other", {"a": None}, None)
    assert now.body == ODD * 3
    assert fields(Node.objects.get(id=second.id)) == fields(second)
