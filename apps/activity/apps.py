from importlib import import_module

from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "apps.activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        import_module("apps.ledger.ports").pokes.append(import_module("apps.activity.pokes").poke)
        ports = import_module("apps.activity.ports")
        topics = import_module("apps.activity.topics")
        ports.topics.update(
            system=topics.system_topic, user=topics.user_topic, workspace=topics.workspace_topic
        )
