"""What can go wrong with the record itself. All but the kill switch is for operators."""

from apps.common.errors import Conflict, Malformed, Unavailable


class KillSwitchOn(Unavailable):
    code = "kill_switch"
    message = "Service disabled"


class CheckpointsUnsound(Unavailable):
    code = "checkpoints_unsound"
    message = (
        "The checkpoints of the audit are not as they were written: run `manage.py verify_audit`."
    )


class CheckpointsLost(Conflict):
    code = "checkpoints_lost"
    message = (
        "The database knows of checkpoints that are not in the folder. Bring the files back, or "
        "accept the loss with `manage.py begin_epoch`."
    )


class EpochUnannounced(Conflict):
    code = "epoch_unannounced"
    message = (
        "The database's epoch is not the one the last checkpoint was written in. If you restored "
        "it, say so with `manage.py begin_epoch`; if not, somebody changed it."
    )


class HistoryUnsound(Conflict):
    code = "history_unsound"
    message = "An event is not as it was written: run `manage.py verify_audit`."


class ExportUnreadable(Malformed):
    code = "export_unreadable"
    message = "This is no export of the audit, or it is cut short."
