"""Requirements and constraints are single, testable, and say who does what by when."""

from collections.abc import Iterator
from itertools import islice

from apps.specs.changes.values import NodeState
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import NodeKind, Severity, Status
from apps.specs.language.prose import place_of
from apps.specs.language.style import StyleFault, style_faults

MOST = 50
"""Findings of one text."""

MOST_CHARACTERS = 2_000_000
"""Of all that is proposed at once."""

_JUDGED = frozenset({NodeKind.REQUIREMENT, NodeKind.CONSTRAINT})


@check("style", title="Requirements are single, clear and testable")
def requirements_are_clear(checked: Checked) -> Iterator[Finding]:
    left = MOST_CHARACTERS
    for was, node in checked.changed:
        if node.kind not in _JUDGED or node.status == Status.RETIRED:
            continue
        if was and (was.kind, was.title, was.body) == (node.kind, node.title, node.body):
            continue
        left -= len(node.body)
        if left < 0:
            message = f"Only the first {MOST_CHARACTERS:,} characters of this proposal were read."
            yield Finding(check="style", severity=Severity.ADVICE, message=message, rule="length")
            return
        stood = {(fault.rule, fault.sentence) for _, fault in _faults(was)} if was else set()
        for field, fault in _faults(node):
            line, column = place_of(getattr(node, field), fault.at)
            old = (fault.rule, fault.sentence) in stood
            yield Finding(
                check="style",
                severity=Severity.ADVICE if old else fault.severity,
                rule=fault.rule,
                message=fault.message,
                operation=checked.operation_at(node.id, field),
                key=node.key,
                field=field,
                line=line,
                column=column,
                fix=fault.fix,
            )


def _faults(node: NodeState) -> Iterator[tuple[str, StyleFault]]:
    """A title is a name, unless there is nothing else."""
    field = "body" if node.body.strip() else "title"
    for fault in islice(style_faults(getattr(node, field)), MOST):
        # A constraint may say what is, as in "Cost: 5 EUR a month at most".
        if fault.rule != "no_demand" or node.kind != NodeKind.CONSTRAINT:
            yield field, fault
