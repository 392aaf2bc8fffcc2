"""Every check there is. One is a file in this folder that registers itself."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from apps.specs.checks.findings import Checked, Finding
from apps.specs.choices import Severity

log = logging.getLogger(__name__)

MOST = 200
"""Findings of one check that are told. Nobody reads more of them."""

Run = Callable[[Checked], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    run: Run


_registered: dict[str, Check] = {}


def check(name: str, *, title: str) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        _registered[name] = Check(name, title, run)
        return run

    return register


@cache
def checks() -> Mapping[str, Check]:
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    return dict(sorted(_registered.items()))


def run_checks(checked: Checked) -> tuple[Finding, ...]:
    """All that they find, what forbids it first. It never raises."""
    found = [finding for one in checks().values() for finding in _found_by(one, checked)]
    order = [*Severity]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order.index(one.severity),
                -1 if one.operation is None else one.operation,
                one.field,
                one.line or 0,
                one.column or 0,
            ),
        )
    )


def _found_by(one: Check, checked: Checked) -> list[Finding]:
    found: list[Finding] = []
    forbidding = 0
    try:
        for finding in one.run(checked):
            forbidding += finding.severity == Severity.ERROR
            # However much else was found, what forbids is never left out.
            if len(found) < MOST or finding.severity == Severity.ERROR:
                found.append(finding)
            if forbidding == MOST:
                break
    except Exception:
        log.exception("The check %s failed", one.name)
        message = "This check failed, so nothing is known of what it looks for."
        fix = "Tell whoever runs this server: its log has the reason."
        found.append(
            Finding(
                check=one.name, severity=Severity.ERROR, message=message, rule="failed", fix=fix
            )
        )
    return found
