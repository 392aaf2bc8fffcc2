from importlib import import_module

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "apps.inference"
    verbose_name = "Models"

    def ready(self) -> None:
        import_module("apps.inference.events")
        import_module("apps.inference.checks")
        for model in ("local", "remote"):
            import_module(f"apps.inference.embedders.{model}")
        examinations = import_module("apps.common.ports").examinations
        examinations.append(import_module("apps.inference.vitals").examine_embeddings)
