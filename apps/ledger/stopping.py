"""What stops at Celery's door while the kill switch is on, also what records nothing."""

from typing import Any

from apps.common.tracing import TracedTask
from apps.ledger.errors import KillSwitchOn
from apps.ledger.switch import require_running


class StoppableTask(TracedTask):
    """What was due comes again: a task that is stopped has lost nothing."""

    throws = (KillSwitchOn,)  # told in a line, without a traceback

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not getattr(self.run, "stays_open", False):
            require_running()
        return super().__call__(*args, **kwargs)
