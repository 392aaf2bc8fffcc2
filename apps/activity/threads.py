"""The threads on which a loop that must not wait asks the database.

Who hands out events, who looks whether readers may stay, and who answers commands have their own,
so that none of them keeps another waiting.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async

from apps.activity.ports import Viewer
from apps.activity.selectors import viewers

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

_hub_thread = ThreadPoolExecutor(1, thread_name_prefix="hub")
_guard_thread = ThreadPoolExecutor(1, thread_name_prefix="guard")
_door_threads = ThreadPoolExecutor(3, thread_name_prefix="door")


async def in_database(
    function: Callable[Args, Answer], *args: Args.args, **kwargs: Args.kwargs
) -> Answer:
    """For the doors of sockets: on a thread, which holds a connection only meanwhile."""
    work = database_sync_to_async(function, thread_sensitive=False, executor=_door_threads)
    answer: Answer = await work(*args, **kwargs)
    return answer


async def read(function: Callable[Args, Answer], *args: Args.args, **kwargs: Args.kwargs) -> Answer:
    """For the hub, which has a thread of its own: no command can keep it waiting."""
    work = database_sync_to_async(function, thread_sensitive=False, executor=_hub_thread)
    answer: Answer = await work(*args, **kwargs)
    return answer


async def reach_of(readers: Collection[Viewer]) -> Mapping[Viewer, frozenset[UUID]]:
    """On a thread of its own, too: whoever is to go may not keep doors busy to stay."""
    work = database_sync_to_async(viewers.reach_of, thread_sensitive=False, executor=_guard_thread)
    answer: Mapping[Viewer, frozenset[UUID]] = await work(readers)
    return answer
