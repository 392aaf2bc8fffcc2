from importlib import import_module

from django.apps import AppConfig


class MirrorConfig(AppConfig):
    name = "apps.mirror"
    verbose_name = "Files"

    def ready(self) -> None:
        import_module("apps.mirror.events")
        vitals = import_module("apps.mirror.vitals")
        import_module("apps.common.ports").examinations.append(vitals.examine_mirror)
