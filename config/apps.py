"""The house itself as an app: it wires Celery into every process and checks the subscriptions.

What only the web needs is not loaded here, because every command would wait for it.
"""

from collections.abc import Sequence
from importlib import import_module

from celery import current_app
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import autodiscover_modules

from apps.common.events import registry
from apps.common.ports import SETTINGS
from config.checks import check_mirror, check_production


class House(AppConfig):
    name = "config"
    label = "house"
    verbose_name = "Lattice"

    def ready(self) -> None:
        import_module("config.celery").app.set_default()
        register(check_subscriptions)
        register(check_production, SETTINGS)
        register(check_mirror, SETTINGS)


class Console(SimpleAdminConfig):
    """Django's admin, with our site in place of its own, which finds its pages when it is routed
    to."""

    default_site = "config.console_site.ConsoleSite"

    def ready(self) -> None:
        register(check_console, Tags.admin)


def check_console(
    app_configs: Sequence[AppConfig] | None = None, **_: object
) -> list[CheckMessage]:
    import_module(settings.ROOT_URLCONF)
    return [*check_dependencies(), *check_admin_app(app_configs)]


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
