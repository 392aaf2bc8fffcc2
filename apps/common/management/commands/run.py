"""`manage.py run worker`: become one of the processes, where something else supervises them."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.common.runtime.programs import MIRROR, SERVERS, programs


class Command(BaseCommand):
    help = "Run one process of Lattice against services that run elsewhere."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        known = [*programs(server=next(iter(SERVERS)), host="", port=0), MIRROR]
        names = [p.name for p in known]
        parser.add_argument("program", choices=names)

    def handle(self, *_: Any, **options: Any) -> None:
        known = programs(server=settings.ASGI_SERVER, host=settings.HOST, port=settings.PORT)
        command = next(p.command for p in [*known, MIRROR] if p.name == options["program"])
        os.execv(command[0], command)  # noqa: S606
