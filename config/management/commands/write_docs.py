"""`manage.py write_docs`: write the pages of docs/ that are made from the code."""

from typing import Any

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Outcome, Report
from config import generated_docs
from config.env import ROOT


class Command(LatticeCommand):
    help = f"Write {', '.join(str(path.relative_to(ROOT)) for path in generated_docs.PAGES)}."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--check", action="store_true", help="Only say what is stale.")

    def run(self, *, check: bool, **_: Any) -> Report:
        stale = generated_docs.stale()
        names = [str(path.relative_to(ROOT)) for path in stale]
        if check:
            outcome = Outcome.FAILED if stale else Outcome.OK
            return Report("\n".join(f"stale: {name}" for name in names), {"stale": names}, outcome)
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(generated_docs.PAGES[path](), encoding="utf-8")
        return Report("\n".join(f"wrote {name}" for name in names), {"written": names})
