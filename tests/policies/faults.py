"""Policies in short, and what is wrong with them."""

import pytest

from apps.policies.documents import read_policy
from apps.policies.errors import PolicyInvalid

HEAD = 'version: "1"\nallowed_dirs: [api]\n'

RULE = "rules:\n  - name: one\n"

SOMEBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


def faults(text: str | bytes) -> list[dict[str, object]]:
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(text)
    assert refused.value.details
    return refused.value.details


def fault(text: str | bytes) -> tuple[object, ...]:
    """(field, line, column, message) of the only one."""
    (only,) = faults(text)
    return only["field"], only["line"], only["column"], only["message"]
