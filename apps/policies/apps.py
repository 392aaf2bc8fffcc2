from importlib import import_module

from apps.common import rooms


class PoliciesConfig(rooms.Room):
    name = "apps.policies"
    verbose_name = "Policies"

    def ready(self) -> None:
        import_module("apps.policies.events")
        import_module("apps.policies.checks")
        common = import_module("apps.common.ports")
        vitals = import_module("apps.policies.vitals")
        common.examinations.append(vitals.examine_switches)
        common.levels.append(vitals.switch_levels)
        exporters = import_module("apps.accounts.ports").exporters
        exporters["policies.ActRecord"] = import_module("apps.policies.selectors.acts").exported
