"""Work that blocks, kept off an asyncio loop.

Each piece of work gets a fresh daemon thread. Not an executor: the threads of an executor are joined when the
interpreter ends, so one look that hangs would hold up quitting.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work in a fresh daemon thread and wait for it; raises what the work raises.

    A caller that stops waiting leaves the thread to end by itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - handed to the waiting coroutine, which raises it
            error = raised
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:  # the loop closed between the question and the call: nobody waits any more
                return

    threading.Thread(target=run, daemon=True, name="airops-look").start()
    return await future
