"""What the scripts of the console go on from: where each workspace's record stands, and who is
looking at what.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import redis

from apps.accounts.models import User
from apps.activity.presence import Presence, present_in
from apps.activity.selectors.events import heads
from apps.activity.selectors.pages import page_viewer
from apps.ledger.selectors import current_epoch

ABOUT = "approval:"
"""What they look at who have a request open, before its id."""


def live_facts(me: User) -> dict[str, Any]:
    """Read before what is shown: whoever goes on from here may meet an event again, and misses
    none."""
    workspaces = page_viewer(me).workspaces
    return {
        "me": str(me.id),
        "epoch": str(current_epoch()),
        "positions": {str(place): seq for place, seq in heads(workspaces).items()},
        "here": [
            {
                "client_id": one.client_id,
                "user": str(one.user),
                "name": one.name,
                "subject": one.subject,
            }
            for one in looking(workspaces)
        ],
    }


def looking(workspaces: Collection[UUID]) -> list[Presence]:
    """Who has a request open just now. It informs: without Redis, nobody is told of."""
    try:
        return [one for one in present_in(workspaces) if one.subject.startswith(ABOUT)]
    except redis.RedisError:
        return []
