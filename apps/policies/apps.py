from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "apps.policies"
    verbose_name = "Policies"

    def import_models(self) -> None:
        """One noun per file, and `__init__` speaks for none of them: so find them here."""
        super().import_models()
        for module in iter_modules(import_module("apps.policies.models").__path__):
            import_module(f"apps.policies.models.{module.name}")

    def ready(self) -> None:
        told = import_module("apps.activity.wording").told
        presenters = import_module("apps.activity.ports").presenters
        presenters.update(policies=told, policy=told, obs=told)
        import_module("apps.policies.events")
        for page in ("acts", "policies", "switch"):
            import_module(f"apps.policies.admin.{page}")
        common = import_module("apps.common.ports")
        vitals = import_module("apps.policies.vitals")
        common.examinations.append(vitals.examine_switches)
        common.levels.append(vitals.switch_levels)
        exporters = import_module("apps.accounts.ports").exporters
        exporters["policies.ActRecord"] = import_module("apps.policies.selectors.acts").exported
