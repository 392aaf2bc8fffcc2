"""How the app of a room finds the modules of its folders, which nobody imports by name.

Import this module, not its class: Django takes the one app that it meets in an `apps.py`.
"""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


def import_all_of(package: str) -> None:
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


class Room(AppConfig):
    """Its models are a folder of one noun per file, and `__init__` speaks for none of them."""

    def import_models(self) -> None:
        super().import_models()
        import_all_of(f"{self.name}.models")
