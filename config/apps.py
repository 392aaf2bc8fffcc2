"""The house itself as an app: it wires Celery into every process and checks the subscriptions."""

from importlib import import_module

from celery import current_app
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import autodiscover_modules

from apps.common.events import registry
from config.checks import check_production


class House(AppConfig):
    name = "config"
    label = "house"
    verbose_name = "Lattice"

    def ready(self) -> None:
        import_module("config.celery").app.set_default()
        register(check_subscriptions)
        register(check_production)


class Console(AdminConfig):
    """Django's admin, with our site in place of its own."""

    default_site = "config.console_site.ConsoleSite"


def check_subscriptions(**_: object) -> list[CheckMessage]:
    """lattice.E001: an unknown event type. lattice.E002: an unknown task. lattice.E003: an unknown
    kind of subject."""
    autodiscover_modules("tasks")
    subjects = import_module("apps.approvals.ports").subjects
    found: list[CheckMessage] = []
    for event_type, tasks in settings.SUBSCRIPTIONS.items():
        if event_type not in registry:
            found.append(
                Error(
                    f"config/subscriptions.py names the event {event_type}, which nobody records.",
                    hint=f"Known: {', '.join(sorted(registry))}.",
                    id="lattice.E001",
                )
            )
        found += [
            Error(
                f"config/subscriptions.py names the task {task}, which does not exist.",
                hint="Tasks are named <app>.<function>: @shared_task(name=...) in <app>/tasks.py.",
                id="lattice.E002",
            )
            for task in tasks
            if task not in current_app.tasks
        ]
    found += [
        Error(
            f"config/subscriptions.py names subjects of kind {kind}, which no room has.",
            hint=f"Known: {', '.join(sorted(subjects))}.",
            id="lattice.E003",
        )
        for task, kind in settings.SUBSCRIBED_TO_KIND.items()
        if kind not in subjects
    ]
    return found
