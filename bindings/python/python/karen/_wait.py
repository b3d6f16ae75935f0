"""Waiting for an operation on an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from ._native import Pending


async def arrive(pending: Pending) -> Any:
    """The result of an operation. Cancelling the wait cancels the operation."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def tell() -> None:
        try:
            loop.call_soon_threadsafe(_set, ready)
        except RuntimeError:
            # The loop was closed in the meantime: nobody waits any more.
            pass

    pending.when_ready(tell)
    try:
        await ready
    except asyncio.CancelledError:
        pending.cancel()
        raise
    return pending.take()


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
