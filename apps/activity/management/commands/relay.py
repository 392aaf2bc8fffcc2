"""`manage.py relay`: starts what events owe to their subscribers."""

import signal
from typing import Any

from apps.activity.relay import Relay
from apps.common.commands import LatticeCommand, Report


class Command(LatticeCommand):
    help = "Start what is due, until SIGTERM. Run one or several; `manage.py up` runs one."

    def run(self, **_: Any) -> Report:
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.ended.set())
        relay.run()
        return Report()
