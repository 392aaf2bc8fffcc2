"""`manage.py doctor`: is everything this installation needs there and well?"""

from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from django.conf import settings

from apps.common.commands import LatticeCommand, Outcome, Report
from apps.common.ports import Finding, Health
from apps.common.runtime.doctor import examine
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.startup import embedded_services


class Command(LatticeCommand):
    help = "Examine versions, services, disk, clock, settings, and the work that waits."
    requires_system_checks = []

    def run(self, **_: Any) -> Report:
        findings: list[Finding] = []
        with ExitStack() as services:
            try:
                services.enter_context(embedded_services().running())
            except ServiceError as error:
                fix = f"If that does not say it, see the files in {settings.DATA_DIR / 'logs'}."
                findings.append(Finding("services", Health.FAIL, str(error), fix))
            findings += examine()
        health = {finding.health for finding in findings}
        outcome = (
            Outcome.FAILED
            if Health.FAIL in health
            else Outcome.DEGRADED
            if Health.WARN in health
            else Outcome.OK
        )
        text = "\n".join(self._line(finding) for finding in findings)
        facts = {"outcome": outcome.name.lower(), "findings": [asdict(f) for f in findings]}
        return Report(text, facts, outcome)

    def _line(self, finding: Finding) -> str:
        colour = {
            Health.OK: self.style.SUCCESS,
            Health.WARN: self.style.WARNING,
            Health.FAIL: self.style.ERROR,
        }[finding.health]
        line = f"{colour(f'{finding.health:<5}')} {finding.subject:<11} {finding.text}"
        return f"{line}\n{'':18}{finding.fix}" if finding.fix else line
