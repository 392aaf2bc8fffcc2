"""An OpenSpec folder: specs become documents, changes proposals."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.policies.services.versions import apply_policy
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import other, stranger

__all__ = ["other", "stranger"]
SPEC = """\
# Payments Specification

## Purpose
How money comes in.

## Requirements
### Requirement: Card payment
The shop SHALL take cards.

#### Scenario: A card that works
- **WHEN** a card is given
- **THEN** it is charged

### Requirement: Invoice
The shop SHALL write invoices.
"""
WHY = "# Change: Ask twice\n\n## Why\nFraud.\n"
DELTA = """\
## ADDED Requirements
### Requirement: Second factor
The shop SHALL ask for a code.

#### Scenario: Wrong code
- **THEN** it is refused

## MODIFIED Requirements
### Requirement: Card payments
The shop SHALL take cards of three brands.

## REMOVED Requirements
### Requirement: Invoice
**Reason**: nobody wants it.

## RENAMED Requirements
- FROM: `### Requirement: Card payment`
- TO: `### Requirement: Card payments`
"""
CAREFUL = """\
version: "1"
allowed_dirs: [docs]
rules:
  - {name: no deletes, when: {operation: [delete]}, then: {deny: Nothing is deleted here.}}
default: {then: {allow: true}}
"""


class Folder:
    def __init__(self, root):
        self.root = root

    def __call__(self, path, text):
        file = self.root / "openspec" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def folder(tmp_path):
    write = Folder(tmp_path)
    write("specs/payments/spec.md", SPEC)
    write("project.md", "# Conventions\n")
    write("changes/archive/2025-old/specs/payments/spec.md", DELTA)
    return write


def bring(workspace, folder, who, *given):
    out = StringIO()
    code = 0
    try:
        call_command(
            *("import_openspec", str(workspace.id), str(folder.root), "--as", str(who.id)),
            *(*given, "--json"),
            stdout=out,
        )
    except CommandError as error:
        code = error.returncode
    return code, json.loads(out.getvalue())


def titles(workspace):
    found = Node.objects.live().filter(workspace=workspace).order_by("rank")
    return {node.title: (node.kind, node.body) for node in found}


def ask(folder, delta=DELTA):
    folder("changes/ask-twice/proposal.md", WHY)
    folder("changes/ask-twice/tasks.md", "- [ ] 1.1 Build it\n")
    folder("changes/ask-twice/specs/payments/spec.md", delta)


def test_requirements_keep_their_scenarios(other, stranger, folder):
    assert bring(other, folder, stranger)[0] == 0
    found = titles(other)
    assert {title: kind for title, (kind, _) in found.items()} == {
        "Payments Specification": "spec",
        "Purpose": "section",
        "Requirements": "section",
        "Card payment": "requirement",
        "Invoice": "requirement",
    }
    body = found["Card payment"][1]
    assert body.startswith("The shop SHALL take cards.\n\n#### Scenario: A card that works\n")
    code, again = bring(other, folder, stranger)
    assert (code, again["proposals"]) == (0, [])


def test_a_change_is_a_proposal_of_its_own(other, stranger, folder):
    bring(other, folder, stranger)
    ask(folder)
    code, told = bring(other, folder, stranger)
    [change] = told["changes"]
    assert (code, change["name"], told["proposals"]) == (0, "ask-twice", [])
    proposal = Proposal.objects.get(id=change["proposal"])
    assert proposal.title == "Ask twice"
    assert proposal.rationale.startswith("# Change: Ask twice\n\n## Why\nFraud.\n\n- [ ] 1.1")
    assert sorted(each["op"] for each in proposal.operations) == [
        *("create", "delete", "edit", "update"),
    ]


def test_what_a_change_did_is_not_undone_while_it_is_not_archived(other, stranger, folder):
    bring(other, folder, stranger)
    ask(folder)
    assert bring(other, folder, stranger)[1]["changes"][0]["state"] == "applied"
    found = titles(other)
    assert found["Card payments"][1] == "The shop SHALL take cards of three brands."
    assert "Invoice" not in found
    assert found["Second factor"][0] == "requirement"
    code, again = bring(other, folder, stranger)
    assert (code, again["changes"][0]["proposal"]) == (0, None)


def test_a_dry_run_changes_nothing(other, stranger, folder):
    bring(other, folder, stranger)
    ask(folder)
    before = titles(other)
    told = bring(other, folder, stranger, "--dry-run")[1]
    assert told["changes"][0]["state"] == "queued"
    assert (titles(other), Proposal.objects.filter(title="Ask twice").count()) == (before, 0)


def test_what_the_policy_denied_is_not_asked_for_again(other, stranger, folder):
    bring(other, folder, stranger)
    at_once(apply_policy(text=CAREFUL, workspace=other.id, actor=stranger))
    ask(folder)
    code, told = bring(other, folder, stranger)
    assert (code, told["changes"][0]["state"]) == (3, "policy_denied")
    assert bring(other, folder, stranger)[1]["changes"][0] == told["changes"][0]
    assert Proposal.objects.filter(title="Ask twice").count() == 1


def test_a_change_of_a_new_capability_brings_its_document(other, stranger, folder):
    folder(
        "changes/gifts/specs/gifts/spec.md",
        "## ADDED Requirements\n### Requirement: Gift cards\nIt SHALL sell them.\n",
    )
    assert bring(other, folder, stranger)[1]["changes"][0]["state"] == "applied"
    assert titles(other)["Gift cards"] == ("requirement", "It SHALL sell them.")


def test_a_requirement_that_is_nowhere_is_told(other, stranger, folder):
    bring(other, folder, stranger)
    ask(folder, "## MODIFIED Requirements\n### Requirement: Nothing\nIt SHALL.\n")
    [change] = bring(other, folder, stranger)[1]["changes"]
    assert change["proposal"] is None
    assert "Nothing" in change["notes"][0]["message"]


def test_a_requirement_may_be_taken_away_and_come_anew(other, stranger, folder):
    bring(other, folder, stranger)
    removed = "## REMOVED Requirements\n### Requirement: Invoice\n\n"
    ask(folder, f"{removed}## ADDED Requirements\n### Requirement: Invoice\nIt SHALL mail one.\n")
    assert bring(other, folder, stranger)[1]["changes"][0]["state"] == "applied"
    assert titles(other)["Invoice"][1] == "It SHALL mail one."


def test_what_is_left_out_of_a_change_is_told(other, stranger, folder):
    bring(other, folder, stranger)
    added = "### Requirement: Gift\nIt SHALL.\n\n"
    ask(folder, f"## ADDED Requirements\n\nBefore.\n\n{added}{added}### Note\nIt SHALL too.\n")
    code, told = bring(other, folder, stranger)
    [change] = told["changes"]
    assert (code, change["state"]) == (3, "applied")
    assert [note["message"].split("”")[0].split("“")[1] for note in change["notes"]] == [
        *("ADDED Requirements", "Gift", "Note"),
    ]


def test_a_change_that_cannot_be_proposed_holds_up_no_other(other, stranger, folder):
    bring(other, folder, stranger)
    many = "".join(f"### Requirement: Number {n}\nIt SHALL.\n\n" for n in range(501))
    ask(folder, f"## ADDED Requirements\n{many}")
    folder(
        "changes/zz/specs/payments/spec.md", "## REMOVED Requirements\n### Requirement: Invoice\n"
    )
    code, told = bring(other, folder, stranger)
    first, second = told["changes"]
    assert (code, first["proposal"], second["state"]) == (3, None, "applied")
    assert "500" in first["notes"][0]["message"]
