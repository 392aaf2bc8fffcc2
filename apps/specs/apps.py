from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class SpecsConfig(AppConfig):
    name = "apps.specs"
    verbose_name = "Specs"

    def import_models(self) -> None:
        """One noun per file, and `__init__` speaks for none of them: so find them here."""
        super().import_models()
        for module in iter_modules(import_module("apps.specs.models").__path__):
            import_module(f"apps.specs.models.{module.name}")

    def ready(self) -> None:
        activity = import_module("apps.activity.ports")
        activity.presenters["specs"] = import_module("apps.activity.wording").told
        activity.phrases.update(import_module("apps.specs.choices").PHRASES)
        import_module("apps.specs.events")
        vitals = import_module("apps.specs.vitals")
        import_module("apps.common.ports").examinations.append(vitals.examine_search)
        subjects = import_module("apps.approvals.ports").subjects
        subjects["mutation"] = import_module("apps.specs.approvals").MutationSubject()
