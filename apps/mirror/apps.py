from importlib import import_module

from django.apps import AppConfig


class MirrorConfig(AppConfig):
    name = "apps.mirror"
    verbose_name = "Files"

    def ready(self) -> None:
        activity = import_module("apps.activity.ports")
        activity.presenters["mirror"] = import_module("apps.activity.wording").told
        import_module("apps.mirror.events")
