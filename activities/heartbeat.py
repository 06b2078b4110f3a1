"""Keep telling the engine that long work is alive, while it runs in a thread."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from temporalio import activity

_BEAT_SECONDS = 3.0
Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run blocking work in a thread and heartbeat until it ends."""
    beating = asyncio.create_task(_beat())
    try:
        return await asyncio.to_thread(work)
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_BEAT_SECONDS)
