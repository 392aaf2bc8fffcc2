"""Who would change what somebody else holds asks for it first, and reads it when it is theirs.

Without its lock a service would read, and wait only as it writes: over what was written meanwhile.
So each waits at a SELECT. Those who look for work pass over what somebody holds instead. Locks that
a race shows are with the races; guards.toml of each app says which are here.
"""

from typing import Any

import pytest

from tests.guards.scenes import decisions, deliveries, people
from tests.guards.scenes.house import comes_along

HOUSES = {
    "accounts": people.People,
    **dict.fromkeys(("activity", "inference", "ledger"), deliveries.Deliveries),
    **dict.fromkeys(("approvals", "mirror", "plans", "policies", "specs"), decisions.Decisions),
}
WAITS: dict[str, Any] = {**people.WAITS, **deliveries.WAITS, **decisions.WAITS}
PASSES_OVER: dict[str, Any] = {
    **people.PASSES_OVER,
    **deliveries.PASSES_OVER,
    **decisions.PASSES_OVER,
}


@pytest.fixture
def house(name, committed_database, settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    return HOUSES[name.partition(".")[0]](tmp_path)


@pytest.mark.parametrize("name", WAITS)
def test_it_waits_before_it_reads(house, name):
    what, work = WAITS[name](house)
    came: list[Any] = []
    statement = comes_along(work, what, came)
    assert statement.split(" ")[0] == "SELECT", f"it waited at {statement!r}, and came to {came!r}"


@pytest.mark.parametrize("name", PASSES_OVER)
def test_it_passes_over_what_somebody_holds(house, name):
    what, work = PASSES_OVER[name](house)
    came: list[Any] = []
    assert comes_along(work, what, came) == ""
    assert came in ([[]], [0], [False], [None])
    assert work()
