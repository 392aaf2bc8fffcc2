"""`manage.py seed_demo_specs WORKSPACE`: specs for the demo workspace, with a history."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Report
from apps.common.errors import NotAllowed
from apps.specs.demo import furnish


class Command(LatticeCommand):
    help = "Give the demo workspace specs to look at, unless it has some."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)

    def run(self, *, workspace: UUID, **_: Any) -> Report:
        if not settings.DEVELOPMENT:
            raise NotAllowed("The demo is for development alone.")
        revision = furnish(workspace)
        return Report(f"The demo's specs are at revision {revision}.", {"revision": revision})
