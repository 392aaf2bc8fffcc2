"""`manage.py sync_specs DIR --workspace W --as WHO`: a folder and a workspace made alike."""

import os
import signal
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.accounts.selectors.members import person_or_agent
from apps.accounts.selectors.standing import workspace_for
from apps.common.commands import LatticeCommand, Outcome, Report, UsageError, in_a_line
from apps.mirror.disk import patch_of
from apps.mirror.errors import KeptAlready
from apps.mirror.keeping import keeping
from apps.mirror.models import Mirror
from apps.mirror.selectors.mirrors import is_due, only_workspace_of, unsettled_files, who_proposes
from apps.mirror.services.accepting import accept_later, accepting
from apps.mirror.services.claiming import mirror_of
from apps.mirror.services.rounds import keep_alike
from apps.mirror.services.sheets import Manner, Told
from apps.mirror.watching import keep_watching
from apps.specs.paper.reading import Unreadable

MOST_TOLD = 50


class Command(LatticeCommand):
    help = "Make a folder of Markdown and a workspace's specs alike, in both directions."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", nargs="?", type=Path, default=settings.SPEC_SYNC_DIR)
        parser.add_argument("--workspace", type=UUID, default=settings.SPEC_SYNC_WORKSPACE)
        parser.add_argument(
            "--as",
            dest="who",
            default=who_proposes(),
            help="Who proposes what the files say: an e-mail address or an id.",
        )
        parser.add_argument("--watch", action="store_true", help="Go on until SIGTERM.")
        parser.add_argument(
            "--accept",
            nargs="*",
            metavar="PATH",
            help="Write what waits in .lattice/proposed/: of these files, or of all.",
        )
        parser.add_argument(
            "--delete-many",
            action="store_true",
            default=settings.SPEC_SYNC_DELETE_MANY,
            help="Believe it when more than half of the files are gone.",
        )
        parser.add_argument(
            "--move",
            action="store_true",
            help="The folder that is kept alike with the workspace stands here now, or was kept "
            "alike with another workspace until now.",
        )

    def run(
        self,
        *,
        folder: Path | None,
        workspace: UUID | None,
        who: str,
        watch: bool,
        accept: list[str] | None,
        delete_many: bool,
        move: bool,
        dry_run: bool,
        **_: Any,
    ) -> Report:
        if folder is None or not who:
            raise UsageError("Name a folder, and who proposes what its files say: --as.")
        if watch and dry_run:
            raise UsageError("A dry run looks once.")
        if watch and accept is not None:
            raise UsageError("Accept beside the process that watches: it writes the files.")
        actor = person_or_agent(who)
        if actor is None:
            raise UsageError(f"Nobody is called {who} here.")
        root = folder.resolve()
        if os.fsencode(root).decode(errors="replace") != str(root):
            raise UsageError("The name of this folder is not UTF-8.")
        wanted = workspace or only_workspace_of(folder=root, actor=actor)
        mirror = mirror_of(
            folder=root,
            workspace=workspace_for(user=actor, wanted=wanted).workspace_id,
            moves=move,
            dry_run=dry_run,
        )
        manner = Manner(
            inwards=settings.SPEC_SYNC_IN,
            outwards=settings.SPEC_SYNC_OUT,
            delete_many=delete_many,
            dry_run=dry_run,
            accepts=None if accept is None else _accepted(mirror, root, accept),
        )
        if watch:
            return self._watch(mirror, root, actor, manner, moves=move)
        try:
            with nullcontext() if dry_run else keeping(mirror, moves=move):
                told = self._once(mirror, root, actor, manner)
        except KeptAlready as error:
            if dry_run or move or manner.accepts is None:
                raise
            accept_later(mirror=mirror, paths=manner.accepts)
            return Report(f"{error} It writes what you accept.", {"accepts": [*manner.accepts]})
        except Unreadable as error:
            return Report(str(error), {"faults": {str(root): str(error)}}, Outcome.FAILED)
        return _report(mirror, told, dry_run=dry_run)

    def _once(self, mirror: Mirror, root: Path, actor: User, manner: Manner) -> Told:
        with self.progress("Comparing") as advance:
            return keep_alike(
                mirror=mirror, folder=root, actor=actor, manner=manner, progress=advance
            )

    def _watch(
        self, mirror: Mirror, root: Path, actor: User, manner: Manner, *, moves: bool
    ) -> Report:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        told = Told()
        with keeping(mirror, moves=moves) as keeper:

            def look() -> bool:
                nonlocal told
                before = _lines(told, dry_run=False) if told.is_left else []
                keeper.hold()
                mirror.refresh_from_db()
                with accepting(mirror) as accepts:
                    now = replace(manner, accepts=accepts)
                    told = keep_alike(mirror=mirror, folder=root, actor=actor, manner=now)
                for line in _lines(told, dry_run=False):
                    if line not in before:
                        self.stderr.write(line)
                return told.is_left

            def has_moved() -> bool:
                return is_due(mirror, since=told.revision)

            keep_watching(root, look=look, is_due=has_moved, ended=ended)
        return Report("Stopped.")


def _accepted(mirror: Mirror, root: Path, named: Sequence[str]) -> frozenset[str]:
    """By their paths below the folder."""
    found = {os.path.relpath(root / path, root): path for path in named}
    there = set(mirror.files.filter(path__in=found).values_list("path", flat=True))
    there |= {path for path in found.keys() - {"."} if (root / patch_of(path)).is_file()}
    if unknown := sorted(found[path] for path in found.keys() - there):
        raise UsageError(f"This folder has no file {unknown[0]}: name it by its path in there.")
    return frozenset(found)


def _report(mirror: Mirror, told: Told, *, dry_run: bool) -> Report:
    unsettled = unsettled_files(mirror)
    lines = _lines(told, dry_run=dry_run)
    lines += [
        in_a_line(f"{row.path}: {row.state}. {row.said}", most=300)
        for row in unsettled
        if row.path not in told.faults
    ][:MOST_TOLD]
    facts = {
        "written": told.written,
        "removed": told.removed,
        "patched": told.patched,
        "proposals": [
            {"id": id_, "state": state, "files": files} for id_, state, files in told.proposed
        ],
        "would": told.would,
        "faults": told.faults,
        "notes": told.notes,
        "said": told.said,
        "files": {row.path: {"state": row.state, "said": row.said} for row in unsettled},
    }
    is_well = not (unsettled or told.faults or told.said or (dry_run and not told.is_nothing))
    return Report(
        "\n".join(lines) or "Both say the same.",
        facts,
        Outcome.OK if is_well else Outcome.DEGRADED,
    )


def _lines(told: Told, *, dry_run: bool) -> list[str]:
    would = "would be " if dry_run else ""
    lines = [told.said] if told.said else []
    lines += [f"{path}: {fault}" for path, fault in told.faults.items()]
    lines += told.notes
    for done, paths in (
        ("written", told.written),
        ("removed", told.removed),
        ("proposed", told.patched),
    ):
        lines += [f"{path}: {would}{done}" for path in paths]
    lines += [f"{would}{state}  {id_}  {files}" for id_, state, files in told.proposed]
    lines += [f"  {operation}" for operation in told.would]
    left = len(lines) - MOST_TOLD
    more = [f"... and {left} more."] if left > 0 else []
    return [in_a_line(line, most=300) for line in lines[:MOST_TOLD]] + more
