"""`manage.py verify_audit`: of this instance, or of an exported file without one."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Outcome, Report, UsageError
from apps.ledger.checkpoints import Keys, believed, public_key
from apps.ledger.exports import verify_file
from apps.ledger.models import Chain
from apps.ledger.verification import Verdict, verify


class Command(LatticeCommand):
    help = "Verify the audit: every event, every chain, every checkpoint."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--workspace", type=UUID, help="Only this workspace's chain.")
        parser.add_argument(
            "--since-checkpoint",
            action="store_true",
            help="Only what was added after the last checkpoint.",
        )
        parser.add_argument("--file", type=Path, help="A file of export_audit; needs no database.")
        parser.add_argument(
            "--public-key",
            action="append",
            default=[],
            help="With --file: the checkpoint key to believe, instead of this instance's. It may "
            "begin with a hyphen, so write --public-key=…",
        )

    def run(
        self,
        *,
        workspace: UUID | None,
        since_checkpoint: bool,
        file: Path | None,
        public_key: list[str],
        **_: Any,
    ) -> Report:
        if file:
            if workspace or since_checkpoint:
                raise UsageError("--file is verified as a whole.")
            return self._of_file(file, public_key)
        if public_key:
            raise UsageError("--public-key goes with --file.")
        with self.progress("Verifying", total=_events(workspace)) as advance:
            verdict = verify(
                workspace=workspace, since_checkpoint=since_checkpoint, advance=advance
            )
        return _report(verdict)

    def _of_file(self, file: Path, keys: list[str]) -> Report:
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        trusted = believed(_key(text) for text in keys) or Keys.of_this_instance().believed
        with self.progress("Verifying") as advance, file.open("rb") as lines:
            return _report(verify_file(lines, trusted, advance=advance))


def _key(text: str) -> Any:
    try:
        return public_key(text)
    except ValueError as error:
        raise UsageError(f"{text} is no Ed25519 public key (32 bytes, base64url).") from error


def _events(workspace: UUID | None) -> int:
    chains = Chain.objects.filter(workspace_id=workspace) if workspace else Chain.objects.all()
    return sum(chains.values_list("seq", flat=True))


def _report(verdict: Verdict) -> Report:
    last = verdict.last_checkpoint
    lines = [str(finding) for finding in verdict.findings]
    lines.append(
        f"{verdict.events} events in {verdict.chains} chains were read: "
        + ("all are as they were written." if verdict.is_sound else "they are NOT as written.")
    )
    if last:
        lines.append(
            f"The last checkpoint is number {last.number}, of {last.at:%Y-%m-%d %H:%M:%S} UTC."
        )
    else:
        lines.append("There is no checkpoint: nothing outside the database vouches for it.")
    if verdict.uncovered:
        lines.append(
            f"Residual window: {verdict.uncovered} events since {_moment(verdict.uncovered_since)} "
            "are not under a checkpoint yet."
        )
    else:
        lines.append("Residual window: none, every event read is under a checkpoint.")
    if verdict.given_up or verdict.lost_checkpoints:
        lines.append(
            f"Operators began new epochs and gave up {verdict.given_up} events "
            f"and {verdict.lost_checkpoints} checkpoints of earlier ones."
        )
    return Report(
        "\n".join(lines), verdict.facts(), Outcome.OK if verdict.is_sound else Outcome.FAILED
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "an unreadable moment"
