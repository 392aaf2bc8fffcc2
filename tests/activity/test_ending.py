"""Whoever follows Redis ends when asked to, at any moment: a server that stops waits for it."""

import asyncio

import pytest

from apps.activity import pokes, presence


async def _follow(heard):
    async for _ in heard():
        pass


@pytest.mark.parametrize("heard", [pokes.heard, presence.heard])
async def test_a_follower_ends_at_once_even_while_it_connects(heard):
    for number in range(150):
        task = asyncio.create_task(_follow(heard))
        await asyncio.sleep(number * 0.00003)
        task.cancel()
        async with asyncio.timeout(20):
            await asyncio.wait([task])
        assert task.cancelled()
