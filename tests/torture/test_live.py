"""Rows 3, 4, 15 and 16 of docs/reliability.md, whole. Figures are printed, and seeds."""

import random
import time

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from tests.activity.live.conftest import house, live_database, off_loop, running
from tests.activity.live.drills import restart_under, stall_beside
from tests.activity.live.servers import connected
from tests.activity.test_hub import interleave
from tests.factories import issue, member
from tests.serving import serving

__all__ = ["house", "live_database", "running"]

pytestmark = [pytest.mark.torture, pytest.mark.timeout(3600)]
BOTH = pytest.mark.parametrize("name", ["uvicorn", "daphne"])


@BOTH
async def test_sockets_miss_nothing(name, house, tmp_path):
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        keys = [await off_loop(lambda: issue(member(house.workspace), house.workspace))]
        house.key = keys[0]
        found = await restart_under(server, house, sockets=100, restarts=50, events=20_000)
    print(f"\nrow 3, {name}: 100 sockets, 50 restarts, 20,000 events: {found}")
    found.pop("connections")
    assert found == {"missed": 0, "out of order": 0, "repeated": 0, "reloads": 0}


async def test_resume_never_passes_an_uncommitted_event(committed_database):
    seed = random.randrange(2**32)
    started = time.monotonic()
    written = await interleave(resumes=10_000, writers=2, watchers=20, seed=seed)
    print(
        f"\nrow 4: 10,000 resumes among {written} events in {time.monotonic() - started:.0f} s, "
        f"skipped 0, repeated 0, seed {seed}"
    )


@BOTH
async def test_slow_readers_hurt_themselves_alone(name, house, tmp_path):
    keys = [
        await off_loop(lambda: issue(member(house.workspace), house.workspace)) for _ in range(2)
    ]
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        found = await stall_beside(server, house, keys, sockets=100, seconds=600)
    print(f"\nrow 15, {name}: 100 sockets that never read, 10 minutes: {found}")
    assert found["grown"] < 50
    assert found["p99"] < 500


@BOTH
async def test_revoked_key_closes_its_sockets(name, house, running):
    server, waited = running(name), []
    for _ in range(20):
        key = await off_loop(issue, house.owner, house.workspace)
        async with connected(server, key) as live:
            await live.watch(house.workspace.id)
            await off_loop(_revoke_newest, house)
            started = time.monotonic()
            assert await live.closed() == 4403
            waited.append(time.monotonic() - started)
    print(f"\nrow 16, {name}: 20 keys revoked, sockets closed within {max(waited):.1f} s at most")
    assert max(waited) < 5


def _revoke_newest(house):
    newest = ApiKey.objects.filter(user=house.owner).latest("created_at")
    ApiKey.objects.filter(id=newest.id).update(revoked_at=timezone.now())
