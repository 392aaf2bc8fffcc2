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
        topics = import_module("apps.activity.topics")
        ports.topics.update(
            system=topics.system_topic, user=topics.user_topic, workspace=topics.workspace_topic
        )
        ports.counts["presence"] = import_module("apps.activity.presence").count
        ports.commands["presence"] = import_module("apps.activity.commands").presence_command
        sending = import_module("apps.activity.services.sending")
        ports.sources.append(ports.Source(sending.claim, sending.give_back, sending.TASK))
        for page in ("record", "webhooks"):
            import_module(f"apps.activity.admin.{page}")
        vitals = import_module("apps.activity.vitals")
        examinations.append(vitals.examine_work)
        levels.append(vitals.work_levels)
