"""`manage.py stop`: end the Lattice that runs on this data folder, or what is left of one."""

from typing import Any

from django.conf import settings

from apps.common.commands import LatticeCommand, Report
from apps.common.runtime.seat import end_supervisor
from apps.common.runtime.startup import embedded_services
from apps.common.runtime.supervisor import GRACE, end_leftovers


class Command(LatticeCommand):
    help = "Stop the Lattice that runs on this data folder."
    requires_system_checks = []

    def run(self, **_: Any) -> Report:
        services = embedded_services()
        ended = end_supervisor(services.run_dir, patience=3 * GRACE)
        end_leftovers(settings.DATA_DIR)
        services.stop_unused()
        if ended is None:
            return Report("Nothing was running.", {"stopped": None})
        return Report(f"Stopped Lattice (pid {ended.pid}, {ended.url}).", {"stopped": ended.pid})
