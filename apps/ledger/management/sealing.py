"""What the commands that open or close a sealed file have in common: where its key comes from."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, UsageError

SHORTEST_KEY = 16


class SealingCommand(LatticeCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--key-file",
            type=Path,
            metavar="FILE",
            help="Holds the key or passphrase. Without it: LATTICE_BACKUP_KEY.",
        )

    def key(self, key_file: Path | None) -> str:
        if key_file is None:
            found: str = settings.BACKUP_KEY
        elif key_file.is_file():
            found = key_file.read_text().strip()
        else:
            raise UsageError(f"There is no key file {key_file}.")
        if not found:
            raise UsageError(
                "No key: set LATTICE_BACKUP_KEY or give --key-file. `openssl rand -base64 32` "
                "makes one. Keep it where this machine's loss does not reach it."
            )
        if len(found) < SHORTEST_KEY:
            raise UsageError(f"The key is too short: {SHORTEST_KEY} characters at least.")
        return found
