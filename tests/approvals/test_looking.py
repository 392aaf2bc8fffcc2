"""Many look at once, and one of what they look at cannot be read."""

import asyncio
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import OperationalError

from apps.approvals.looking import Look
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import subjects
from apps.approvals.together import read_together
from tests.approvals.live.houses import new_house
from tests.databases import off_loop

THERE, BURNT, GONE = (uuid4() for _ in range(3))


@pytest.fixture
def burnt(monkeypatch):
    """A kind of which nothing can be told."""

    def summaries(ids):
        raise RuntimeError("It is burnt.")

    monkeypatch.setitem(subjects, "ash", SimpleNamespace(label="Ash", summaries=summaries))
    return "ash"


async def test_what_cannot_be_read_keeps_nobody_from_seeing_the_rest(live_database, burnt, caplog):
    def bake():
        house = new_house(live_database)
        good, bad = house.ask(), house.ask()
        ApprovalRequest.objects.filter(id=bad.id).update(subject_kind=burnt)
        return good, bad

    good, bad = await off_loop(bake)
    look = Look()
    shown, burned = await asyncio.gather(look.at(good.id), look.at(bad.id))
    assert shown is not None
    assert (shown.request, burned) == (good, None)
    assert f"'request': '{bad.id}'" in caplog.text
    assert "burnt" not in caplog.text


async def test_each_who_asked_for_what_cannot_be_read_is_told_and_nobody_else():
    def read(ids):
        if BURNT in ids:
            raise RuntimeError
        return {one: "an ending" for one in ids if one != GONE}

    found = await read_together(read, [THERE, BURNT, GONE])
    assert found[THERE] == "an ending"
    assert isinstance(found[BURNT], RuntimeError)
    assert GONE not in found


async def test_a_database_that_is_away_is_asked_once():
    asked = []

    def read(ids):
        asked.append(ids)
        raise OperationalError

    with pytest.raises(OperationalError):
        await read_together(read, [THERE, GONE])
    assert asked == [[THERE, GONE]]
