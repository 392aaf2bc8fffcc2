"""What the agent thinks of when its script is through."""

import pytest

from demo.northwind.agent import MUTATIONS
from demo.northwind.client import Client, Door
from demo.northwind.endless import thought_up

pytestmark = pytest.mark.long


def test_it_has_ever_new_ideas_that_fit_what_the_specs_say(shop):
    client = Client(lambda: Door(shop.url, shop.key), print)
    ideas = [idea for number in range(30) if (idea := thought_up(client, number))]
    assert len(ideas) == len({idea.name for idea in ideas}) == 30
    assert len({str(idea.operations) for idea in ideas}) > 25
    states = set()
    for number, idea in enumerate(ideas):
        tried = client.post(MUTATIONS, idea.sent | {"dry_run": True}, key=f"try-{number}")
        states.add(tried["state"])
    assert states == {"in_review", "queued"}
