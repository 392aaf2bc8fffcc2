"""`manage.py seed_demo_specs WORKSPACE`: specs for the demo workspace, with a history."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Report
from apps.common.errors import NotAllowed
from apps.specs.demo import furnish, is_furnished


class Command(LatticeCommand):
    help = "Give the demo workspace specs to look at, unless it has some."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)

    def run(self, *, workspace: UUID, dry_run: bool, **_: Any) -> Report:
        if not settings.DEVELOPMENT:
            raise NotAllowed("The demo is for development alone.")
        if dry_run:
            there = is_furnished(workspace)
            text = "Nothing would change: it has some." if there else "It would be given specs."
            return Report(text, {"would_furnish": not there})
        revision = furnish(workspace)
        return Report(f"The demo's specs are at revision {revision}.", {"revision": revision})
