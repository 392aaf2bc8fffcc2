"""A workspace as files, and files into a workspace: as proposals, which the policy judges."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Node, Revision
from apps.specs.models.proposals import Proposal
from apps.specs.paper.files import files_of
from apps.specs.paper.whole import json_of
from apps.specs.selectors.exporting import library_of
from apps.specs.services.kinds import define_kind
from tests.factories import WorkspaceFactory, agent_of, member
from tests.policies.releasing import at_once
from tests.specs.graphs import node, plant

OPEN = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:
  then: {allow: true}
"""


def opened(workspace, owner):
    """Its people may change what they like."""
    return at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))


@pytest.fixture
def shop(workspace, owner, reviewer):
    opened(workspace, owner)

    define_kind(name="risk", prefix="RISK", schema={}, actor=owner, workspace=workspace.id)
    return plant(
        workspace,
        [
            node("SPEC-1", kind="spec", title="Shop", body="What it is for."),
            node("SPEC-1.pay", kind="section", title="Paying", parent="SPEC-1", rank="b"),
            node("REQ-1", title="Cards", parent="SPEC-1.pay", labels=["pci"], body="It SHALL.\n"),
            node("SPEC-1.x", kind="section", title="Before", parent="SPEC-1", rank="a"),
            node("GOAL-1", title="Sell", attributes={"weight": 2}),
            node("RISK-1", kind="risk", title="Fraud", status="draft", body="# Really\n\n```"),
        ],
        ["REQ-1 refines GOAL-1", "RISK-1 relates_to REQ-1"],
    )


@pytest.fixture
def other(owner):
    """Another workspace, and who owns it."""
    return WorkspaceFactory.create(name="Elsewhere")


@pytest.fixture
def stranger(other):
    found = member(other, Role.OWNER)
    member(other, Role.REVIEWER)
    opened(other, found)
    return found


def run(command, *given):
    out = StringIO()
    call_command(command, *map(str, given), "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*given):
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_specs", *map(str, given), "--json", stdout=out)
    return error.value.returncode, json.loads(out.getvalue())


def said(workspace, actor):
    return library_of(workspace=workspace.id, actor=actor)


def without_ids(texts):
    return {
        path: "".join(line for line in text.splitlines(True) if not line.startswith("id: "))
        for path, text in texts.items()
    }


@pytest.mark.parametrize("name", ["specs", "specs.json"])
def test_what_is_exported_is_imported_elsewhere_whole(
    workspace, owner, other, stranger, shop, tmp_path, name
):
    run("export_specs", workspace.id, tmp_path / name)
    told = run("import_specs", other.id, tmp_path / name, "--as", stranger.email)
    assert [each["state"] for each in told["proposals"]] == ["applied"]
    assert (told["kinds"], told["left"]) == (["risk"], 0)
    here, there = said(workspace, owner), said(other, stranger)
    assert without_ids(files_of(there)) == without_ids(files_of(here))
    for one, same in zip(
        json.loads(json_of(here))["nodes"], json.loads(json_of(there))["nodes"], strict=True
    ):
        assert one | {"id": 0} == same | {"id": 0}
    [event] = Event.objects.filter(type="specs.graph.imported")
    assert (event.payload["nodes"], event.payload["links"]) == (6, 2)
    assert "What it is for" not in json.dumps(event.payload)


@pytest.mark.parametrize("name", ["specs", "specs.json"])
def test_a_trial_of_an_export_writes_nothing(workspace, shop, tmp_path, name):
    words = ("export_specs", workspace.id, tmp_path / name)
    told = run(*words, "--dry-run")
    assert list(tmp_path.iterdir()) == []
    assert run(*words) == told
    with pytest.raises(CommandError, match="cannot be written"):
        run(*words, "--dry-run")


@pytest.mark.parametrize("name", ["specs", "specs.json"])
def test_what_is_there_already_is_left_alone(workspace, owner, shop, tmp_path, name):
    run("export_specs", workspace.id, tmp_path / name)
    told = run("import_specs", workspace.id, tmp_path / name, "--as", owner.id, "--delete")
    assert told["proposals"] == []
    assert not Event.objects.filter(type="specs.graph.imported").exists()


def test_what_differs_is_proposed_and_nothing_else(workspace, owner, shop, tmp_path):
    run("export_specs", workspace.id, tmp_path / "specs")
    file = tmp_path / "specs" / "spec" / "SPEC-1.md"
    file.write_text(file.read_text().replace("It SHALL.", "It MAY."))
    (tmp_path / "specs" / "risk" / "RISK-1.md").unlink()
    run("import_specs", workspace.id, tmp_path / "specs", "--as", owner.id)
    proposal = Proposal.objects.get(title="Import of specs")
    assert [(each["op"], each["key"]) for each in proposal.operations] == [("edit", "REQ-1")]
    assert Node.objects.get(key="REQ-1").body == "It MAY.\n"
    run("import_specs", workspace.id, tmp_path / "specs", "--as", owner.id, "--delete")
    assert not Node.objects.get(key="RISK-1").is_live


def test_a_dry_run_tells_and_changes_nothing(workspace, owner, shop, other, stranger, tmp_path):
    run("export_specs", workspace.id, tmp_path / "specs")
    before = Event.objects.count()
    told = run("import_specs", other.id, tmp_path / "specs", "--as", stranger.id, "--dry-run")
    assert (told["kinds"], told["left"] > 6) == (["risk"], True)
    assert not Node.objects.filter(workspace=other).exists()
    assert not Proposal.objects.filter(workspace=other).exists()
    assert Event.objects.count() == before


def test_an_export_tells_what_was_then(workspace, shop, tmp_path):
    plant(workspace, [node("GOAL-1", title="Sell more"), node("GOAL-2")])
    run("export_specs", workspace.id, tmp_path / "specs", "--as-of", "rev:1")
    assert "# GOAL-1: Sell\n" in (tmp_path / "specs" / "goal" / "GOAL-1.md").read_text()
    assert not (tmp_path / "specs" / "goal" / "GOAL-2.md").exists()


def test_what_the_policy_wants_reviewed_waits_and_is_not_asked_twice(
    workspace, owner, shop, tmp_path
):
    run("export_specs", workspace.id, tmp_path / "specs")
    (tmp_path / "specs" / "new.md").write_text("# New\n")
    agent = agent_of(owner, workspace)
    code, told = refused(workspace.id, tmp_path / "specs", "--as", agent.id)
    assert (code, [each["state"] for each in told["proposals"]]) == (3, ["in_review"])
    code, again = refused(workspace.id, tmp_path / "specs", "--as", agent.id)
    assert (code, again["proposals"]) == (3, [])
    assert again["waits"] == told["proposals"][0]["id"]


def test_who_may_not_write_imports_nothing(workspace, shop, other, stranger, tmp_path):
    run("export_specs", workspace.id, tmp_path / "specs")
    (tmp_path / "specs" / "new.md").write_text("# New\n")
    code, told = refused(workspace.id, tmp_path / "specs", "--as", stranger.id)
    assert (code, told["error"]["code"]) == (1, "not_found")
    assert not Node.objects.filter(workspace=workspace, title="New").exists()


def test_files_that_do_not_add_up_change_nothing(workspace, owner, shop, tmp_path):
    (tmp_path / "a.md").write_text("# New\n")
    (tmp_path / "b.md").write_text("---\nkey: A-1\nlinks: {refines: [B-1]}\n---\n# B\n")
    (tmp_path / "kinds.json").write_text('{"more": {"prefix": "MORE"}}')
    code, told = refused(workspace.id, tmp_path, "--as", owner.id)
    assert (code, [fault["place"] for fault in told["faults"]]) == (1, ["b.md:5"])
    assert not Proposal.objects.filter(state=ProposalState.QUEUED).exists()
    assert Revision.objects.filter(workspace=workspace).count() == 1
    assert not Event.objects.filter(payload__kind="more").exists()


def test_more_than_a_proposal_holds_comes_as_several(other, stranger, tmp_path):
    text = "# Many\n\n" + "".join(f"## GOAL-{n}: Goal {n}\n\n" for n in range(510))
    (tmp_path / "many.md").write_text(text)
    told = run("import_specs", other.id, tmp_path, "--as", stranger.id)
    assert [each["state"] for each in told["proposals"]] == ["applied", "applied"]
    assert Node.objects.filter(workspace=other).count() == 511
    assert run("import_specs", other.id, tmp_path, "--as", stranger.id)["proposals"] == []


def test_an_owner_who_is_no_member_is_left_out_and_told(
    workspace, owner, other, stranger, tmp_path
):
    plant(workspace, [node("GOAL-1", owner_id=owner.id)])
    run("export_specs", workspace.id, tmp_path / "x.json")
    told = run("import_specs", other.id, tmp_path / "x.json", "--as", stranger.id)
    assert told["strangers"] == ["GOAL-1"]
    assert Node.objects.get(workspace=other).owner_id is None


def test_a_folder_of_another_tool_is_imported_again_without_a_change(other, stranger, tmp_path):
    eip = "eip: {n}\ntitle: ERC-{n}: Token\nstatus: Final\n{more}"
    for number, more in ((20, ""), (1155, "requires: 20, 165\n")):
        text = f"---\n{eip.format(n=number, more=more)}---\n\n## Abstract\n\nIt SHALL.\n"
        (tmp_path / f"eip-{number}.md").write_text(text)
    (tmp_path / "index.md").write_text("+++\ntags = ['all']\n+++\nSee [it](eip-20.md#abstract).\n")
    told = run("import_specs", other.id, tmp_path, "--as", stranger.id)
    assert [each["state"] for each in told["proposals"]] == ["applied"]
    assert [note["place"] for note in told["notes"]] == [
        *["eip-1155.md:1", "eip-20.md:1"],  # read line by line
        "eip-1155.md:8",  # leads to 165
    ]
    found = {leaf.key: leaf for leaf in said(other, stranger).leaves}
    assert found["SPEC.eip-1155"].links == (("depends_on", "SPEC.eip-20"),)
    assert found["SPEC.index"].links == (("relates_to", "SPEC.eip-20.abstract"),)
    assert found["SPEC.eip-20"].attributes["eip"] == "20"
    assert run("import_specs", other.id, tmp_path, "--as", stranger.id)["proposals"] == []
    run("export_specs", other.id, tmp_path / "out")
    assert run("import_specs", other.id, tmp_path / "out", "--as", stranger.id)["proposals"] == []


def test_a_foreign_id_takes_nothing_over(other, stranger, tmp_path):
    ours, theirs, third = tmp_path / "ours", tmp_path / "theirs", tmp_path / "third"
    for folder in (ours, theirs, third):
        folder.mkdir()
    (ours / "a.md").write_text("# Shop\n\n## REQ-1: Cards\n\nIt SHALL take cards.\n")
    run("import_specs", other.id, ours, "--as", stranger.id)
    Node.objects.filter(workspace=other).update(owner_id=stranger.id)
    (theirs / "intro.md").write_text("---\nid: req-1\nstatus: obsolete\n---\n# Welcome\n\nHi.\n")
    (theirs / "adr.md").write_text("---\nid: ADR-0001\ntitle: Use it\n---\nWe use it.\n")
    told = run("import_specs", other.id, theirs, "--as", stranger.id)
    assert "req-1 is another spec here" in told["notes"][0]["message"]
    cards = Node.objects.get(workspace=other, key="REQ-1")
    assert (cards.title, cards.status, cards.owner_id) == ("Cards", "active", stranger.id)
    assert Node.objects.get(workspace=other, key="SPEC.intro").body == "Hi."
    (third / "adr.md").write_text(
        "---\nid: ADR-0001\ntitle: Never\n---\nNothing of the sort, no.\n"
    )
    run("import_specs", other.id, third, "--as", stranger.id)
    assert Node.objects.get(workspace=other, key="ADR-0001").title == "Use it"
    Node.objects.filter(workspace=other, key="ADR-0001").update(owner_id=stranger.id)
    (theirs / "adr.md").write_text("---\nid: ADR-0001\ntitle: Use it\n---\nWe use it now.\n")
    run("import_specs", other.id, theirs, "--as", stranger.id)
    adr = Node.objects.get(workspace=other, key="ADR-0001")
    assert (adr.body, adr.owner_id) == ("We use it now.", stranger.id)
