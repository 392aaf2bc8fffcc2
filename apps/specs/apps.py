from importlib import import_module

from apps.common import rooms


class SpecsConfig(rooms.Room):
    name = "apps.specs"
    verbose_name = "Specs"

    def ready(self) -> None:
        phrases = import_module("apps.activity.ports").phrases
        phrases.update(import_module("apps.specs.choices").PHRASES)
        import_module("apps.specs.events")
        import_module("apps.specs.search.checks")
        vitals = import_module("apps.specs.vitals")
        import_module("apps.common.ports").examinations.append(vitals.examine_search)
        subjects = import_module("apps.approvals.ports").subjects
        subjects["mutation"] = import_module("apps.specs.approvals").MutationSubject()
