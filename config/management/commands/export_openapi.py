"""`manage.py export_openapi`: the API's description, for code generators and for docs/."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Outcome, Report
from config.env import ROOT
from config.generated_docs import openapi_page

USUAL = ROOT / "docs" / "openapi.yaml"


class Command(LatticeCommand):
    help = "Write the OpenAPI description. Its server is PUBLIC_SERVER_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, default=USUAL, help="Default: docs/openapi.yaml")
        parser.add_argument("--check", action="store_true", help="Only say whether it is current.")

    def run(self, *, output: Path, check: bool, **_: Any) -> Report:
        page = openapi_page()
        current = output.exists() and output.read_text(encoding="utf-8") == page
        facts = {"path": str(output), "current": current or not check}
        if check:
            outcome = Outcome.OK if current else Outcome.FAILED
            return Report("" if current else f"{output} is stale.", facts, outcome)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
        return Report(f"wrote {output}", facts)
