"""How modules are found that nobody imports by name.

Import this module, not its class: Django takes the one app that it meets in an `apps.py`.
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from django.apps import AppConfig, apps


def import_all_of(package: str) -> None:
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def import_everywhere(name: str) -> None:
    """The module or the folder of that name, of each room that has one."""
    for room in apps.get_app_configs():
        if room.name.startswith("apps.") and (found := find_spec(f"{room.name}.{name}")):
            import_module(found.name)
            for module in iter_modules(found.submodule_search_locations or []):
                import_module(f"{found.name}.{module.name}")


class Room(AppConfig):
    """Its models are a folder of one noun per file, and `__init__` speaks for none of them."""

    def import_models(self) -> None:
        super().import_models()
        import_all_of(f"{self.name}.models")
