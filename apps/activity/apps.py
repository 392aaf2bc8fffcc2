from importlib import import_module

from django.apps import AppConfig

from apps.common.ports import examinations, levels
from apps.ledger.ports import pokes


class ActivityConfig(AppConfig):
    name = "apps.activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        pokes.append(import_module("apps.activity.pokes").poke)
        pokes.append(import_module("apps.activity.relay").wake_relays)
        ports = import_module("apps.activity.ports")
        ports.counts["presence"] = import_module("apps.activity.presence").count
        sending = import_module("apps.activity.services.sending")
        ports.sources.append(ports.Source(sending.claim, sending.give_back, sending.TASK))
        vitals = import_module("apps.activity.vitals")
        examinations.append(vitals.examine_work)
        levels.append(vitals.work_levels)
