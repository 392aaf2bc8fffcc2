"""Attributes fit the schema of their kind."""

from collections.abc import Iterator

from apps.specs.attributes import AttributeFault, faults_of
from apps.specs.changes.values import NodeState
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import Severity


@check("schema", title="Attributes fit the schema of their kind")
def attributes_fit(checked: Checked) -> Iterator[Finding]:
    for was, node in checked.changed:
        schema = checked.schemas.get(node.kind)
        if not schema or (was and (was.kind, was.attributes) == (node.kind, node.attributes)):
            continue
        stood = _faults(was, checked)
        for fault in _faults(node, checked):
            yield Finding(
                check="schema",
                severity=Severity.ADVICE if fault in stood else Severity.ERROR,
                message=fault.message,
                operation=checked.operation_at(node.id, fault.field),
                key=node.key,
                field=fault.field,
                fix=fault.fix,
            )


def _faults(node: NodeState | None, checked: Checked) -> list[AttributeFault]:
    return faults_of(node.attributes, checked.schemas.get(node.kind, {})) if node else []
