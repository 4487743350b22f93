"""The way of every body: room in memory, its time, a turn to be checked, Kafka's acknowledgements."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import anyio.to_thread
from prometheus_client import Histogram
from starlette.requests import Request

from .body import read, unpack
from .budget import Budget
from .errors import busy
from .outlet import TooLarge

T = TypeVar("T")

BODIES_BYTES = 64 * 1024 * 1024
CHECKED_AT_ONCE = 2
"""Checking is work for the processor: more threads would only share it, and hold more unpacked bodies."""
PATIENCE_SECONDS = 4.0
"""A request that has to wait longer for its turn is told to come again."""

_seconds = Histogram("leadline_api_batch_seconds", "From the head of a request until Kafka has acknowledged its batch.")


class Intake:
    """Belongs to one event loop; checking and producing happen in threads, so that the loop is free for other connections."""

    def __init__(self) -> None:
        self._budget = Budget(BODIES_BYTES, PATIENCE_SECONDS)
        self._turns = asyncio.Semaphore(CHECKED_AT_ONCE)

    async def take(
        self, request: Request, publish: "Callable[[bytes], tuple[T, Future[TooLarge]]]", *, at_once: int = 0
    ) -> tuple[T, TooLarge]:
        """`publish` checks the unpacked body and gives it to the outlet, in a thread; its first result is returned.

        Plain bodies of up to `at_once` bytes are checked without one: nothing else is held up, and they are through sooner.
        Raises ApiError, Unavailable.
        """
        began = time.monotonic()
        async with self._budget.room() as room:
            data = await read(request, room)
            encoding = request.headers.get("content-encoding", "")
            if not encoding and len(data) <= at_once:
                checked, done = publish(data)
            else:
                checked, done = await self._in_turn(lambda: publish(unpack(data, encoding)))
        too_large = await asyncio.wrap_future(done)
        _seconds.observe(time.monotonic() - began)
        return checked, too_large

    async def _in_turn(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise busy("more is being sent than can be checked; send it again in a moment") from None
        try:
            return await anyio.to_thread.run_sync(work)
        finally:
            self._turns.release()
