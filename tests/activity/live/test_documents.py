"""What docs/realtime.md tells people to copy works, and docs/asyncapi.yaml is well-formed."""

import asyncio
import os
import subprocess
import sys
import time

import httpx
import pytest

from apps.ledger.models import Event
from tests.activity.live.rings import ring, ring_later
from tests.activity.live.servers import DESCRIPTION, PATIENCE, connected
from tests.databases import off_loop
from tests.pages import the_only
from tests.waiting import eventually

KILLS = 20


@pytest.fixture
def environment(uvicorn, house):
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "",  # else a line is several writes, and a kill may fall between them
        "LATTICE_URL": uvicorn.url,
        "LATTICE_KEY": house.key,
        "LATTICE_WORKSPACE": str(house.workspace.id),
    }


async def test_python_client_that_is_killed_twenty_times_misses_nothing(
    house, environment, tmp_path
):
    (tmp_path / "client.py").write_text(the_only("python", "realtime.md"))
    told = tmp_path / "told.txt"
    last = KILLS * 10
    writing = None
    for kill in range(KILLS + 1):
        with told.open("ab") as output:
            client = await asyncio.create_subprocess_exec(
                sys.executable, "client.py", cwd=tmp_path, env=environment, stdout=output
            )
        if writing is None:
            await _line_in(told, "reload")
            writing = asyncio.create_task(off_loop(_ring_slowly, house.workspace, last))
        if kill < KILLS:
            await asyncio.sleep(0.1 + 0.02 * kill)
        else:
            await writing
            await _line_in(told, f"{last} ")
        client.kill()
        await client.wait()
    lines = told.read_text().splitlines()
    assert lines.count("reload") == 1
    numbers = [int(line.split()[0]) for line in lines[1:]]
    missed = set(range(1, last + 1)) - set(numbers)
    assert not missed, await off_loop(_events_at, house.workspace, missed)
    assert sorted(set(numbers)) == list(range(1, last + 1))
    assert len(numbers) - last <= KILLS  # at most the one it was dealing with when it was killed


def test_curl_reads_the_stream(house, environment, tmp_path):
    ring(house.workspace, 3)
    told = tmp_path / "told.txt"
    with told.open("wb") as output:
        curl = subprocess.Popen(
            ["sh", "-c", f"exec {the_only('sh', 'realtime.md').strip()}"],
            env=environment,
            stdout=output,
        )
    eventually(lambda: told.read_text().count("data: ") >= 3, what="three are told")
    curl.kill()
    curl.wait()


async def test_streams_and_feed_show_what_the_socket_shows(uvicorn, house):
    async with connected(uvicorn, house.key) as live:
        await live.watch(house.workspace.id)
        await ring_later(house.workspace)
        shown = (await live.next())["event"]
    async with httpx.AsyncClient(headers={"X-API-Key": house.key}) as http:
        feed = (await http.get(f"{uvicorn.url}/realtime/feed")).json()
    assert feed["events"][0].keys() == shown.keys()
    assert feed["events"][0]["id"] == shown["id"]


def test_description_names_only_what_it_describes():
    channels, schemas = DESCRIPTION["channels"], DESCRIPTION["components"]["schemas"]
    for channel in channels.values():
        for name, message in channel["messages"].items():
            assert message["payload"]["$ref"] == f"#/components/schemas/{name}"
            assert schemas[name]["properties"]["type"]["const"] == name
    for operation in DESCRIPTION["operations"].values():
        channel = operation["channel"]["$ref"].rpartition("/")[2]
        for message in operation["messages"]:
            _, _, named, _, name = message["$ref"].split("/")
            assert named == channel
            assert name in channels[channel]["messages"]


def _events_at(workspace, seqs):
    """What was not told, for whoever has to find out why."""
    found = Event.objects.filter(workspace_id=workspace.id, seq__in=seqs)
    return list(found.values_list("seq", "type", "at"))


def _ring_slowly(workspace, times):
    for number in range(1, times + 1):
        ring(workspace, first=number)
        time.sleep(0.03)


async def _line_in(path, start):
    async with asyncio.timeout(PATIENCE):
        while not any(  # noqa: ASYNC110 (another process writes it)
            line.startswith(start) for line in path.read_text().splitlines()
        ):
            await asyncio.sleep(0.05)
