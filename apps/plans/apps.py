from importlib import import_module

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "apps.plans"
    verbose_name = "Plans"

    def ready(self) -> None:
        import_module("apps.plans.events")
        accounts = import_module("apps.accounts.ports")
        accounts.exporters["plans.Plan"] = import_module("apps.plans.selectors.plans").exported
        subjects = import_module("apps.approvals.ports").subjects
        subjects["plan"] = import_module("apps.plans.approvals").PlanSubject()
