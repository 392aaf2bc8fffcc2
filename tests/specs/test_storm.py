"""Row 1 of docs/reliability.md, short: nothing lost, nothing twice while processes are killed."""

import pytest

from tests.seeds import chosen_seed
from tests.serving import serving
from tests.specs.storm.weather import APPLIED_WITHIN, Storm


@pytest.mark.long
@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_happens_twice(machine, tmp_path):
    environment = {name: machine.environment[name] for name in ("DATABASE_URL", "REDIS_URL")} | {
        "RATE_LIMIT_SCALE": "100000"
    }
    with serving("uvicorn", tmp_path / "web.log", **environment) as web:
        storm = Storm(
            web=web,
            worker=machine.worker,
            relay=machine.relay,
            seed=chosen_seed(),
            deciders=4,
            proposers=3,
            pace=20,
        )
        storm.settle()
        took = storm.rage(40)
        print(f"{storm.figures()}; all applied {took:.1f} s after the last answer")  # noqa: T201
        storm.require_whole()
        assert took <= APPLIED_WITHIN
