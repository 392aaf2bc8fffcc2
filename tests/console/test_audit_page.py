"""/admin/audit/: who reads which chain, what is found, and that tampering is said aloud."""

import asyncio

import orjson
import pytest
from django.db import connection

from apps.accounts.choices import Role
from apps.accounts.services.agents import create_agent
from apps.activity.pages import proofs
from apps.ledger.models import Event
from apps.ledger.services import SYSTEM_WORKSPACE, write_checkpoint
from tests.factories import WorkspaceFactory, at_the_console, member
from tests.ledger.forgery import lift_the_guards

pytestmark = pytest.mark.django_db

QUERIES = 12


@pytest.fixture(autouse=True)
def _checkpoints_of_this_test_alone(settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"


@pytest.fixture
def owner(workspace):
    return at_the_console(member(workspace, Role.OWNER))


@pytest.fixture
def history(workspace, owner):
    for number in range(3):
        create_agent(workspace_id=workspace.id, name=f"Agent {number}", owner=owner, actor=owner)
    write_checkpoint()


def tamper(workspace):
    lift_the_guards()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_event SET via = 'session' WHERE workspace_id = %s AND seq = 1",
            [workspace.id],
        )


def shown(page) -> list[int]:
    return [entry.row.seq for entry in page.context["entries"]]


def test_reviewer_reads_the_chain_in_sentences_and_sees_it_signed(client, reviewer, history):
    client.force_login(reviewer)
    page = client.get("/admin/audit/")
    length = page.context["length"]
    assert shown(page) == list(range(length, 0, -1))
    assert "added the agent Agent 2 to Orchard" in page.content.decode()
    assert page.context["recent"].facts.last_checkpoint.number == 1
    assert page.context["recent"].covered == length
    assert page.context["wrong"] == []
    first = page.context["entries"][-1]
    assert (first.previous, first.fits) == ("00" * 32, True)


def test_owner_verifies_the_whole_chain_and_the_next_reader_is_told(
    client, owner, reviewer, workspace, history
):
    client.force_login(owner)
    page = client.post(f"/admin/audit/{workspace.id}/verify/")
    whole = page.context["whole"]
    assert (whole.whole, whole.by, whole.facts.ok) == (True, owner.name, True)
    assert whole.facts.events == page.context["length"]
    client.force_login(reviewer)
    assert client.get("/admin/audit/").context["whole"] == whole


def test_reviewer_verifies_what_came_after_the_checkpoint(client, reviewer, workspace, history):
    client.force_login(reviewer)
    page = client.post(f"/admin/audit/{workspace.id}/verify/")
    assert page.context["whole"] is None
    assert page.context["recent"].by == reviewer.name


def test_altered_event_is_named_with_what_to_do(client, owner, workspace, history):
    tamper(workspace)
    client.force_login(owner)
    page = client.post(f"/admin/audit/{workspace.id}/verify/")
    [fault] = page.context["wrong"]
    assert (fault["kind"], fault["seq"]) == ("altered", 1)
    assert "manage.py verify_audit" in page.content.decode()
    assert [entry.row.seq for entry in page.context["entries"] if not entry.fits] == [1]


def test_moment_outside_every_calendar_does_not_hide_the_page(client, owner, workspace, history):
    lift_the_guards()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_event SET at = 'infinity' WHERE workspace_id = %s AND seq = 1",
            [workspace.id],
        )
    client.force_login(owner)
    page = client.post(f"/admin/audit/{workspace.id}/verify/")
    assert page.context["entries"][-1].row.at is None
    assert not page.context["entries"][-1].fits
    assert [fault["seq"] for fault in page.context["wrong"]] == [1]


def test_too_long_a_chain_is_left_to_the_command(client, owner, workspace, history, monkeypatch):
    monkeypatch.setattr("apps.activity.pages.audit.MOST", 1)
    client.force_login(owner)
    page = client.post(f"/admin/audit/{workspace.id}/verify/")
    assert page.context["whole"] is None
    assert f"verify_audit --workspace {workspace.id}" in page.content.decode()


def test_without_a_checkpoint_nobody_vouches(client, reviewer, workspace):
    client.force_login(reviewer)
    assert "no signature vouches for it" in client.get("/admin/audit/").content.decode()


def test_filters_and_pages_follow_the_chain(client, owner, reviewer, workspace, history, settings):
    client.force_login(reviewer)

    def found(**asked):
        return shown(client.get("/admin/audit/", asked))

    everything = found()
    assert found(actor=str(owner.id)) == everything
    assert found(actor=str(reviewer.id)) == []
    assert found(area="webhooks") == []
    assert found(area="no such area") == everything
    assert found(before=str(everything[0])) == everything[1:]
    assert found(until="2001-01-01T00:00") == []
    assert found(since="2001-01-01T00:00") == everything
    made = Event.objects.filter(workspace_id=workspace.id, type="accounts.agent.created")[0]
    assert made.seq in found(about=made.payload["agent"])


def test_pages_go_on_where_the_last_one_ended(client, reviewer, history, monkeypatch):
    monkeypatch.setattr("apps.activity.pages.audit.SHOWN", 2)
    client.force_login(reviewer)
    page = client.get("/admin/audit/")
    seen = shown(page)
    while older := page.context["older"]:
        page = client.get("/admin/audit/" + older)
        seen += shown(page)
    assert seen == list(range(page.context["length"], 0, -1))


def test_stranger_finds_no_other_chain(client, reviewer, history):
    foreign = WorkspaceFactory.create()
    client.force_login(reviewer)
    for workspace_id in (foreign.id, SYSTEM_WORKSPACE):
        assert client.get(f"/admin/audit/?workspace={workspace_id}").status_code == 404
        assert client.post(f"/admin/audit/{workspace_id}/verify/").status_code == 404
        assert client.get(f"/admin/audit/{workspace_id}/export/").status_code == 404
    assert client.get("/admin/audit/?workspace=nonsense").status_code == 404


def test_operator_reads_every_chain_and_that_of_the_instance(client, operator, workspace, history):
    client.force_login(operator)
    assert shown(client.get(f"/admin/audit/?workspace={workspace.id}"))
    assert client.get(f"/admin/audit/?workspace={SYSTEM_WORKSPACE}").status_code == 200


def test_export_proves_itself_and_is_for_who_manages(client, owner, reviewer, workspace, history):
    client.force_login(reviewer)
    assert client.get(f"/admin/audit/{workspace.id}/export/").status_code == 403
    client.force_login(owner)
    answer = client.get(f"/admin/audit/{workspace.id}/export/")

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    content = asyncio.run(read())
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert int(answer["Content-Length"]) == len(content)
    first, *events, last = [orjson.loads(line) for line in content.splitlines()]
    assert first["workspace"] == str(workspace.id)
    assert last["events"] == len(events) > 0
    assert last["proofs"].keys() == {str(workspace.id)}


def test_the_page_takes_as_many_queries_for_many_events(
    client, owner, reviewer, workspace, history, django_assert_num_queries
):
    client.force_login(reviewer)
    client.get("/admin/audit/")
    with django_assert_num_queries(QUERIES):
        client.get("/admin/audit/")
    create_agent(workspace_id=workspace.id, name="More", owner=owner, actor=owner)
    with django_assert_num_queries(QUERIES):
        client.get("/admin/audit/")


def test_what_was_found_is_found_again_after_a_minute(client, reviewer, workspace, history):
    fresh = proofs.recent_proof(workspace.id)
    assert proofs.recent_proof(workspace.id) == fresh
    old = fresh.__class__(**{**fresh.__dict__, "at": fresh.at - proofs.FRESH})
    proofs.keep(workspace.id, old)
    assert proofs.recent_proof(workspace.id).at > fresh.at
