"""What can go wrong on the machine itself. Every message says what to do."""

from typing import ClassVar


class ServiceError(Exception):
    """An embedded service would not start, stop or answer."""


class RecoveryError(ServiceError):
    """Backing up, restoring or moving was refused, or failed: nothing has changed."""

    code: ClassVar[str]
    message: ClassVar[str]

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class WrongKey(RecoveryError):
    code = "wrong_key"
    message = "This is not the key it was sealed with."


class Damaged(RecoveryError):
    code = "damaged"
    message = "The file is not as it was written."


class UnknownFormat(RecoveryError):
    code = "unknown_format"
    message = "This backup was made by a newer Lattice, in a format this one does not know."


class BackupIsNewer(RecoveryError):
    code = "backup_is_newer"
    message = "This backup was made by a newer Lattice."


class FileIsThere(RecoveryError):
    code = "file_exists"
    message = "The file exists: choose another name, or move it away."


class NothingToBackUp(RecoveryError):
    code = "nothing_to_back_up"
    message = "The database is empty: there is nothing to back up."


class DatabaseUnreachable(RecoveryError):
    code = "database_unreachable"
    message = "The database cannot be reached."


class DatabaseNotEmpty(RecoveryError):
    code = "database_not_empty"
    message = "The database is not empty."


class DatabaseInUse(RecoveryError):
    code = "database_in_use"
    message = "Lattice is running: stop it first (`make stop`)."


class TargetUnfit(RecoveryError):
    code = "target_unfit"
    message = "This database cannot take the data."


class SecretsDiffer(RecoveryError):
    code = "secrets_differ"
    message = (
        "The backup brings other secrets than the ones here. Say `--secrets restore` to take them "
        "(the present file is kept beside them), or `--secrets keep` to stay with the present "
        "ones: then texts encrypted with the others cannot be read."
    )


class DumpFailed(RecoveryError):
    """The text is pg_dump's or pg_restore's own."""

    code = "dump_failed"
    message = "PostgreSQL's own tools failed."


class CopyDiffers(RecoveryError):
    code = "copy_differs"
    message = "What arrived is not what was sent."
