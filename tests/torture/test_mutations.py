"""Row 1 of docs/reliability.md, whole: SIZE proposals, while processes are killed."""

import os

import pytest

from tests.seeds import chosen_seed
from tests.serving import serving
from tests.specs.storm.weather import APPLIED_WITHIN, Storm

USUAL = 2_000
"""Proposals, where SIZE does not say how many."""
PACE = 6.0
"""So many a second: more than two cores bear only wait."""
pytestmark = [pytest.mark.torture, pytest.mark.row(1), pytest.mark.timeout(3000)]


def test_nothing_is_lost_and_nothing_happens_twice(machine, tmp_path, figures):
    environment = {name: machine.environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with serving("uvicorn", tmp_path / "web.log", RATE_LIMIT_SCALE="100000", **environment) as web:
        storm = Storm(
            web=web,
            worker=machine.worker,
            relay=machine.relay,
            seed=chosen_seed(),
            deciders=16,
            proposers=8,
            pace=PACE,
        )
        storm.settle()
        took = storm.rage(int(os.environ.get("LATTICE_TORTURE_SIZE") or USUAL))
        storm.require_whole()
        figures(
            f"{storm.figures()}, {PACE:g} a second: lost 0, applied twice 0, two winners 0, "
            "decisions without an event 0, the chain verifies; "
            f"all applied {took:.1f} s after the end"
        )
        assert took <= APPLIED_WITHIN
