"""The life of a workspace: who may do what to it, and what its end takes."""

import hashlib
import io
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.choices import Role, Scope, WorkspaceKind
from apps.accounts.errors import (
    ExportOutdated,
    ExportRequired,
    InvalidApiKey,
    InvalidRole,
    KeysErased,
    PersonalWorkspace,
    WorkspaceArchived,
)
from apps.accounts.keyring import decrypt, encrypt
from apps.accounts.models import DataKey, Invitation, Membership, Workspace
from apps.accounts.selectors.standing import standing_of
from apps.accounts.services.authentication import read_key
from apps.accounts.services.exports import export_workspace
from apps.accounts.services.invitations import create_invitation
from apps.accounts.services.keys import issue_key
from apps.accounts.services.people import register_person
from apps.accounts.services.workspaces import (
    archive_workspace,
    create_workspace,
    delete_workspace,
    rename_workspace,
    transfer_ownership,
    unarchive_workspace,
)
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from tests.factories import PASSWORD, PersonFactory, WorkspaceFactory, agent_of, issue, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return WorkspaceFactory.create(name="Before")


def recorded(workspace):
    events = Event.objects.filter(workspace_id=workspace.id).order_by("seq")
    return [name.removeprefix("accounts.") for name in events.values_list("type", flat=True)]


def exported(workspace, owner, tmp_path, name="export.zip"):
    return export_workspace(workspace_id=workspace.id, target=tmp_path / name, actor=owner)


class TestCreating:
    def test_whoever_creates_it_owns_it(self):
        person = PersonFactory.create()
        workspace = create_workspace(name=" Shop ", owner=person, actor=person)
        assert (workspace.name, workspace.kind) == ("Shop", WorkspaceKind.ORGANIZATION)
        assert Membership.objects.get().role == Role.OWNER
        person.refresh_from_db()
        assert person.default_workspace == workspace
        assert person.is_staff
        assert recorded(workspace) == ["workspace.created"]

    def test_neither_agents_nor_keys_create_any(self, workspace, owner):
        agent = agent_of(owner, workspace)
        confined, _ = read_key(issue(owner, workspace, *Scope))
        for actor in (agent, confined):
            with pytest.raises(NotAllowed):
                create_workspace(name="Mine", owner=actor, actor=actor)
        assert Workspace.objects.count() == 1
        assert not Event.objects.exists()


class TestNaming:
    def test_an_admin_renames_it(self, workspace):
        admin = member(workspace, Role.ADMIN)
        rename_workspace(workspace_id=workspace.id, name="After", actor=admin)
        workspace.refresh_from_db()
        assert workspace.name == "After"
        assert recorded(workspace) == ["workspace.renamed"]

    def test_the_same_name_is_no_change(self, workspace, owner):
        rename_workspace(workspace_id=workspace.id, name="Before", actor=owner)
        assert recorded(workspace) == []

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.REVIEWER])
    def test_others_may_not(self, workspace, role):
        with pytest.raises(NotAllowed):
            rename_workspace(workspace_id=workspace.id, name="After", actor=member(workspace, role))
        workspace.refresh_from_db()
        assert workspace.name == "Before"
        assert recorded(workspace) == []

    def test_strangers_are_told_there_is_nothing(self, workspace):
        with pytest.raises(NotFound):
            rename_workspace(workspace_id=workspace.id, name="After", actor=PersonFactory.create())
        assert recorded(workspace) == []


class TestArchiving:
    def test_an_archive_is_read_only_until_it_is_brought_back(self, workspace, owner):
        for _ in range(2):
            archive_workspace(workspace_id=workspace.id, actor=owner)
        with pytest.raises(WorkspaceArchived):
            rename_workspace(workspace_id=workspace.id, name="After", actor=owner)
        assert standing_of(actor=owner, workspace_id=workspace.id)
        for _ in range(2):
            unarchive_workspace(workspace_id=workspace.id, actor=owner)
        rename_workspace(workspace_id=workspace.id, name="After", actor=owner)
        assert recorded(workspace) == [
            "workspace.archived",
            "workspace.unarchived",
            "workspace.renamed",
        ]

    @pytest.mark.parametrize("act", [archive_workspace, unarchive_workspace])
    def test_only_owners_may(self, workspace, act):
        with pytest.raises(NotAllowed):
            act(workspace_id=workspace.id, actor=member(workspace, Role.ADMIN))
        assert recorded(workspace) == []


class TestTransferring:
    def test_the_heir_owns_it_and_the_giver_is_an_admin(self, workspace, owner):
        heir = member(workspace, Role.VIEWER)
        transfer_ownership(workspace_id=workspace.id, to_person=heir.id, actor=owner)
        roles = dict(Membership.objects.values_list("user_id", "role"))
        assert roles == {heir.id: Role.OWNER, owner.id: Role.ADMIN}
        heir.refresh_from_db()
        assert heir.is_staff
        assert recorded(workspace) == ["workspace.transferred"]

    def test_an_agent_cannot_be_the_heir(self, workspace, owner):
        agent = agent_of(owner, workspace)
        with pytest.raises(InvalidRole):
            transfer_ownership(workspace_id=workspace.id, to_person=agent.id, actor=owner)
        assert recorded(workspace) == []

    def test_a_stranger_cannot_be_the_heir(self, workspace, owner):
        with pytest.raises(NotFound):
            transfer_ownership(
                workspace_id=workspace.id, to_person=PersonFactory.create().id, actor=owner
            )

    def test_a_personal_workspace_stays_with_its_person(self):
        person = register_person(email="a@example.org", password=PASSWORD, actor=SYSTEM)
        with pytest.raises(PersonalWorkspace):
            transfer_ownership(
                workspace_id=person.memberships.get().workspace_id,
                to_person=person.id,
                actor=person,
            )


class TestExporting:
    def test_it_holds_everything_and_says_so(self, workspace, owner, tmp_path):
        agent = agent_of(owner, workspace)
        issue_key(holder=agent, workspace_id=workspace.id, name="k", scopes=["read"], actor=owner)
        create_invitation(
            workspace_id=workspace.id, email="b@example.org", role=Role.VIEWER, actor=owner
        )
        encrypt(workspace.id, b"x", context="x")
        other = member(WorkspaceFactory.create(name="Elsewhere"), Role.OWNER)

        export = exported(workspace, owner, tmp_path)

        file = tmp_path / "export.zip"
        assert export.digest == hashlib.sha256(file.read_bytes()).hexdigest()
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            for described in manifest["files"]:
                body = archive.read(described["name"])
                assert hashlib.sha256(body).hexdigest() == described["sha256"]
                assert body.count(b"\n") == described["rows"]
            everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        rows = {described["name"]: described["rows"] for described in manifest["files"]}
        assert rows["ledger.Event.jsonl"] == 2
        assert rows["ledger.Chain.jsonl"] == 1
        assert rows["accounts.Membership.jsonl"] == 2
        assert rows["accounts.User.jsonl"] == 2
        assert rows["accounts.ApiKey.jsonl"] == 1
        assert rows["accounts.Invitation.jsonl"] == 1
        assert "accounts.DataKey.jsonl" not in rows
        for secret in ("secret_hash", "token_hash", "password", "wrapped", "bcrypt"):
            assert secret not in everything
        assert other.email not in everything
        assert "Elsewhere" not in everything
        assert recorded(workspace)[-1] == "workspace.exported"

    def test_only_owners_may(self, workspace, tmp_path):
        with pytest.raises(NotAllowed):
            exported(workspace, member(workspace, Role.ADMIN), tmp_path)
        assert recorded(workspace) == []

    def test_the_command_writes_the_same(self, workspace, owner, tmp_path):
        out, file = io.StringIO(), tmp_path / "e.zip"
        call_command("export_workspace", str(workspace.id), str(file), "--json", stdout=out)
        digest = json.loads(out.getvalue())["digest"]
        assert digest == hashlib.sha256(file.read_bytes()).hexdigest()

        with pytest.raises(CommandError, match="exists"):
            call_command("export_workspace", str(workspace.id), str(file), stdout=out)

    def test_a_trial_counts_what_would_be_written(self, workspace, tmp_path):
        out, file = io.StringIO(), tmp_path / "e.zip"
        words = ("export_workspace", str(workspace.id), str(file), "--json", "--dry-run")
        call_command(*words, stdout=out)
        told = json.loads(out.getvalue())
        assert not file.exists()
        assert recorded(workspace) == []
        call_command("export_workspace", str(workspace.id), str(file), stdout=out)
        with zipfile.ZipFile(file) as archive:
            files = json.loads(archive.read("manifest.json"))["files"]
        assert told["rows"] == sum(one["rows"] for one in files) > 0
        with pytest.raises(CommandError, match="exists"):
            call_command(*words, stdout=out)

    @pytest.mark.parametrize("option", [(), ("--dry-run",)])
    def test_a_command_that_fails_leaves_no_file(self, tmp_path, option):
        file = tmp_path / "e.zip"
        with pytest.raises(CommandError):
            call_command(
                "export_workspace", "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7", str(file), *option
            )
        assert not file.exists()


class TestDeleting:
    def test_it_takes_everybody_out_and_the_keys_with_it(self, workspace, owner, tmp_path):
        agent = agent_of(owner, workspace)
        key = issue(agent, workspace)
        create_invitation(
            workspace_id=workspace.id, email="b@example.org", role=Role.VIEWER, actor=owner
        )
        sealed = encrypt(workspace.id, b"text", context="note")
        digest = exported(workspace, owner, tmp_path).digest

        delete_workspace(workspace_id=workspace.id, export_digest=digest, actor=owner)

        assert standing_of(actor=owner, workspace_id=workspace.id) is None
        with pytest.raises(InvalidApiKey):
            read_key(key)
        with pytest.raises(KeysErased):
            decrypt(workspace.id, sealed, context="note")
        assert not DataKey.objects.exists()
        assert not Invitation.objects.exists()
        workspace.refresh_from_db()
        assert (workspace.name, bool(workspace.deleted_at)) == ("", True)
        owner.refresh_from_db()
        assert owner.default_workspace is None
        assert not owner.is_staff
        assert recorded(workspace)[-1] == "workspace.deleted"

    @pytest.mark.parametrize(
        ("digest", "error"), [("", ExportRequired), ("0" * 64, ExportOutdated)]
    )
    def test_it_needs_the_digest_of_an_export(self, workspace, owner, tmp_path, digest, error):
        exported(workspace, owner, tmp_path)
        before = recorded(workspace)
        with pytest.raises(error):
            delete_workspace(workspace_id=workspace.id, export_digest=digest, actor=owner)
        workspace.refresh_from_db()
        assert workspace.deleted_at is None
        assert recorded(workspace) == before

    def test_it_needs_an_export_at_all(self, workspace, owner):
        with pytest.raises(ExportRequired):
            delete_workspace(workspace_id=workspace.id, export_digest="0" * 64, actor=owner)

    def test_what_happened_since_has_to_be_exported_too(self, workspace, owner, tmp_path):
        digest = exported(workspace, owner, tmp_path).digest
        rename_workspace(workspace_id=workspace.id, name="After", actor=owner)
        with pytest.raises(ExportOutdated):
            delete_workspace(workspace_id=workspace.id, export_digest=digest, actor=owner)
        again = exported(workspace, owner, tmp_path, "again.zip").digest
        delete_workspace(workspace_id=workspace.id, export_digest=again, actor=owner)

    def test_only_owners_may(self, workspace, owner, tmp_path):
        digest = exported(workspace, owner, tmp_path).digest
        with pytest.raises(NotAllowed):
            delete_workspace(
                workspace_id=workspace.id, export_digest=digest, actor=member(workspace, Role.ADMIN)
            )
