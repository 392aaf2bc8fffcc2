"""Handing a workspace everything it owns: one zip of JSON Lines, a file for each kind of row.

The manifest names each file with its rows and SHA-256. Deletion asks for the zip's own SHA-256.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.db.models import Max, Model
from django.utils import timezone

from apps.accounts import events
from apps.accounts.models import (
    ApiKey,
    DataKey,
    Invitation,
    Membership,
    SocketTicket,
    User,
    Workspace,
    WorkspaceExport,
)
from apps.accounts.ports import Exporter, exporters
from apps.accounts.selectors.standing import require_owner
from apps.common.actors import Actor
from apps.ledger.models import Event
from apps.ledger.services import record, unit

FORMAT = 1


@dataclass(frozen=True)
class ExportedFile:
    name: str
    rows: int
    sha256: str


def export_workspace(*, workspace_id: UUID, target: Path, actor: Actor) -> WorkspaceExport:
    """Writes the zip to `target`. What happens meanwhile makes the export outdated, not wrong."""
    with unit(actor=actor, workspace=workspace_id):
        require_owner(actor=actor, workspace_id=workspace_id)
        workspace = Workspace.objects.select_for_update().get(id=workspace_id)
        seq = Event.objects.filter(workspace_id=workspace_id).aggregate(seq=Max("seq"))["seq"] or 0
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            files = [
                _write(archive, f"{label}.jsonl", rows) for label, rows in _contents(workspace)
            ]
            archive.writestr("manifest.json", _manifest(workspace, seq, files))
        digest = _digest_of(target)
        export = WorkspaceExport.objects.create(
            workspace=workspace,
            made_by_id=None if actor.actor_kind == "system" else actor.actor_id,
            digest=digest,
            seq=seq,
        )
        rows = sum(file.rows for file in files)
        record(events.WorkspaceExported(workspace=workspace_id, digest=digest, rows=rows))
    return export


def count_rows(*, workspace_id: UUID, actor: Actor) -> int:
    """How many an export would write. Each is read as for one, so that what cannot be, fails."""
    require_owner(actor=actor, workspace_id=workspace_id)
    workspace = Workspace.objects.get(id=workspace_id)
    return sum(1 for _, rows in _contents(workspace) for _ in rows)


def plain(row: Model, *leave_out: str) -> dict[str, Any]:
    """Every column of a row, but those."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in leave_out
    }


exporters.update(
    {
        ApiKey._meta.label: lambda row: plain(row, "secret_hash"),
        Invitation._meta.label: lambda row: plain(row, "token_hash"),
        DataKey._meta.label: None,
        SocketTicket._meta.label: None,
        WorkspaceExport._meta.label: None,
    }
)


def _contents(workspace: Workspace) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    yield Workspace._meta.label, [plain(workspace)]
    yield User._meta.label, _people(workspace)
    for model in apps.get_models():
        names = {field.attname for field in model._meta.concrete_fields}
        export: Exporter | None = exporters.get(model._meta.label, plain)
        if "workspace_id" in names and export:
            rows = model._default_manager.filter(workspace_id=workspace.id).order_by("pk")
            yield model._meta.label, (export(row) for row in rows.iterator(chunk_size=500))


def _people(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Who the ids are: as much as members see of each other."""
    members = Membership.objects.filter(workspace=workspace).values("user_id")
    people = User.objects.get_queryset().filter(id__in=members).order_by("id")
    for person in people.iterator(chunk_size=500):
        yield {name: getattr(person, name) for name in ("id", "name", "email", "kind", "owner_id")}


def _write(archive: zipfile.ZipFile, name: str, rows: Iterable[dict[str, Any]]) -> ExportedFile:
    written, sha256 = 0, hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            line = orjson.dumps(row, default=_encoded, option=orjson.OPT_APPEND_NEWLINE)
            file.write(line)
            sha256.update(line)
            written += 1
    return ExportedFile(name, written, sha256.hexdigest())


def _manifest(workspace: Workspace, seq: int, files: list[ExportedFile]) -> str:
    described = {
        "format": FORMAT,
        "workspace": str(workspace.id),
        "name": workspace.name,
        "exported_at": timezone.now().isoformat(),
        "last_event": seq,
        "files": [{"name": file.name, "rows": file.rows, "sha256": file.sha256} for file in files],
    }
    return json.dumps(described, indent=2)


def _encoded(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return str(value)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
