"""A stream's place moves on also past what it does not show."""

from contextlib import aclosing

import pytest

from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES
from apps.activity import feeds, streams
from apps.activity.ports import Viewer
from apps.activity.positions import read_position
from apps.activity.streams import PLAIN, Stream
from apps.ledger.selectors import current_epoch
from tests.activity.live.rings import ring
from tests.databases import off_loop
from tests.factories import MembershipFactory, WorkspaceFactory, member

pytestmark = pytest.mark.usefixtures("committed_database")
UVICORN = {"asgi": {"spec_version": "2.3"}}
RUNG, NEVER = "tests.tower.rung", "tests.tower.fell"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(streams, "SILENCE", 0.2)
    monkeypatch.setattr(feeds, "REPLAY_ROWS", 5)


def move_in():
    """Somebody in two workspaces: one where much happens, one where little does."""
    busy, quiet = WorkspaceFactory.create(), WorkspaceFactory.create()
    person = member(busy)
    MembershipFactory.create(workspace=quiet, user=person)
    return person, busy, quiet


def opened(person, workspaces, **options):
    viewer = Viewer(
        actor=person,
        credential=Credential(via="test", scopes=PERSON_SCOPES),
        workspaces=frozenset(one.id for one in workspaces),
        narrowed_to=workspaces[0].id if len(workspaces) == 1 else None,
    )
    return Stream(viewer, PLAIN, scope=UVICORN, **options)


async def fields(stream, until):
    """The lines of a stream up to the first that `until` is true of."""
    async with aclosing(stream.lines()) as chunks:
        found = []
        async for chunk in chunks:
            for line in filter(None, chunk.decode().split("\n")):
                found.append(line)
                if until(line):
                    return found
    raise AssertionError("the stream has ended")


def is_place(line):
    return line.startswith("id:")


def place_in(chunk, *workspaces):
    """What a position that comes alone says, or nothing."""
    _, found, text = chunk.partition("\n\nid: ")
    read = read_position(text.strip(), [one.id for one in workspaces])
    return read[1] if found and read else {}


def is_data(line):
    return line.startswith("data:")


async def test_what_is_not_shown_moves_the_place_on_and_nothing_else():
    person, busy, _ = await off_loop(move_in)
    await off_loop(ring, busy, 3)
    stream = opened(person, [busy], kinds=[NEVER])

    place = 0
    async with aclosing(stream.lines()) as chunks:
        await anext(chunks)
        await off_loop(ring, busy, 20, first=4)
        while place < 23:
            chunk = (await anext(chunks)).decode()
            assert chunk.startswith(": heartbeat")
            assert "data:" not in chunk
            place = place_in(chunk, busy).get(busy.id, place)


async def test_whoever_sees_little_resumes_without_a_reset_however_much_has_passed():
    person, busy, quiet = await off_loop(move_in)
    await off_loop(ring, quiet, 1)
    stream = opened(person, [busy, quiet], kinds=[NEVER])

    async with aclosing(stream.lines()) as chunks:
        await anext(chunks)
        await off_loop(ring, busy, 20)
        while place_in(chunk := (await anext(chunks)).decode(), busy, quiet) != {
            busy.id: 20,
            quiet.id: 1,
        }:
            pass
    text = chunk.split("id: ")[1].strip()

    await off_loop(ring, busy, 1, first=21)
    again = opened(person, [busy, quiet], kinds=[RUNG], last_event_id=text)
    lines = await fields(again, is_data)
    assert '"reset"' not in lines[-1]
    assert '"seq":21' in lines[-1]


async def test_a_place_that_stayed_behind_would_have_been_reset():
    person, busy, _ = await off_loop(move_in)
    await off_loop(ring, busy, 20)
    behind = f"{await off_loop(current_epoch)}.1"
    lines = await fields(opened(person, [busy], last_event_id=behind), is_data)
    assert '"reset"' in lines[-1]


async def test_where_all_is_shown_no_place_comes_alone():
    person, busy, _ = await off_loop(move_in)
    await off_loop(ring, busy, 3)
    lines = await fields(opened(person, [busy]), lambda line: line == ": heartbeat")
    assert sum(map(is_place, lines)) == sum(map(is_data, lines)) == 3
