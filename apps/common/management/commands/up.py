"""`manage.py up`: the whole of Lattice on one machine, until Ctrl-C."""

import json
from typing import Any

from django.conf import settings
from django.core.checks import run_checks

from apps.common.commands import LatticeCommand, Report, UsageError
from apps.common.ports import SETTINGS
from apps.common.runtime.programs import MIRROR, MIRROR_OF_NOBODY, demo_agent, programs
from apps.common.runtime.screen import keep_facts, show_screen
from apps.common.runtime.startup import embedded_services, prepare_database
from apps.common.runtime.supervisor import Supervisor


class Command(LatticeCommand):
    help = "Run Lattice: embedded services, web, worker, beat and relay, under one supervisor."
    requires_system_checks = []

    def run(self, **options: Any) -> Report:
        for found in run_checks(tags=[SETTINGS]):
            if found.id == MIRROR_OF_NOBODY:
                raise UsageError(f"{found.msg} {found.hint}")
        facts: dict[str, Any] = {"url": settings.PUBLIC_URL}

        def announce() -> None:
            keep_facts(settings.DATA_DIR / "demo.json", facts)
            if options["json"]:
                self.stdout.write(json.dumps(facts))
            else:
                show_screen(facts, settings.DATA_DIR)

        known = programs(server=settings.ASGI_SERVER, host=settings.HOST, port=settings.PORT)
        known += [demo_agent(settings.DATA_DIR)] if settings.DEMO_AGENT else []
        known += [MIRROR] if settings.SPEC_SYNC_ENABLED else []
        supervisor = Supervisor(
            services=embedded_services(),
            programs=known,
            root=settings.BASE_DIR,
            tell=lambda text: self.stderr.write(text, self.style.NOTICE),
        )
        supervisor.run(
            host=settings.HOST,
            port=settings.PORT,
            url=settings.PUBLIC_URL,
            prepare=lambda: facts.update(prepare_database()),
            announce=announce,
        )
        return Report("Stopped.", {"stopped": True})
