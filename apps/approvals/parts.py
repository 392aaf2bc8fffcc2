"""Accepting a part of what is asked about: whether that part stands by itself, and whether anything
else may be made of the whole. The same for everything that consists of operations.
"""

from collections.abc import Sequence

from django.conf import settings

from apps.approvals.errors import NotReshapable, OperationsUnknown


def require_no_rego() -> None:
    """For what Rego was asked about as a whole, before it was kept."""
    if settings.OPA_ENABLE:
        raise NotReshapable(
            "Rego was asked about all of it as it was proposed, and would not see this: ask for "
            "changes instead."
        )


def require_stands(taken: Sequence[int], needs: Sequence[Sequence[int]]) -> None:
    """`needs`: of each operation, the numbers of those without which it would dangle."""
    unknown = [number for number in taken if not 0 <= number < len(needs)]
    if unknown or not taken:
        raise OperationsUnknown(
            details=[
                {"field": "operations", "message": f"There is no operation {number}."}
                for number in unknown
            ]
            or [{"field": "operations", "message": "Name at least one, or reject it."}]
        )
    dangling = {
        number: missing
        for number in taken
        if (missing := [other for other in needs[number] if other not in taken])
    }
    if dangling:
        raise OperationsUnknown(
            "Some of these operations need others that are not among them.",
            details=[
                {
                    "field": "operations",
                    "operation": number,
                    "missing": missing,
                    "message": f"Operation {number} needs {', '.join(map(str, missing))}.",
                }
                for number, missing in dangling.items()
            ],
        )
