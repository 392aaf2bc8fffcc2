"""What models were used for."""

from decimal import Decimal

import pytest

from apps.inference.choices import Outcome
from apps.inference.models import Use


@pytest.fixture
def used(workspace, contributor):
    """A use of this workspace, or of another."""

    def make(cost="0", at=None, place=workspace, **fields):
        plain = {
            "actor_id": contributor.id,
            "actor_kind": "person",
            "model": "openai/big",
            "purpose": "specs.search",
            "texts": 2,
            "tokens": 50,
            "ms": 40,
            "outcome": Outcome.DONE,
        }
        row = Use.objects.create(workspace=place, cost=Decimal(cost), **(plain | fields))
        if at:
            Use.objects.filter(pk=row.pk).update(at=at)
        return row

    return make
