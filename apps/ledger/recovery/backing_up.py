"""One file with everything it takes to come back."""

from pathlib import Path

from django.conf import settings

from apps.common.runtime.backups import Advance, Manifest, write_backup
from apps.ledger.recovery.instance import database_in_use, secrets_file


def back_up(
    target: Path,
    *,
    secret: str,
    with_secrets: bool = True,
    dry_run: bool = False,
    advance: Advance = lambda: None,
) -> Manifest:
    return write_backup(
        target,
        database=database_in_use(),
        secret=secret,
        secrets_file=secrets_file() if with_secrets else None,
        checkpoint_dir=settings.CHECKPOINT_DIR,
        dry_run=dry_run,
        advance=advance,
    )
