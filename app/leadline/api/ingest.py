"""POST /api/v1/events: a batch of encoded events, answered when Kafka has it."""

import asyncio
import time
from concurrent.futures import Future

import anyio.to_thread
import msgspec
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.responses import Response

from .body import length_of, read, unpack
from .budget import Budget
from .check import Checker, Ready, Refused, decode
from .errors import busy
from .outlet import Outlet

BODIES_BYTES = 64 * 1024 * 1024
CHECKED_AT_ONCE = 2
"""Checking is work for the processor: more threads would only share it, and hold more unpacked bodies."""
PATIENCE_SECONDS = 4.0
"""A request that has to wait longer for its turn is told to come again."""

_events = Counter("leadline_api_events", "Events sent to the API, by what became of them.", ["outcome"])
_seconds = Histogram("leadline_api_batch_seconds", "From the head of a request until Kafka has acknowledged its batch.")


class Answer(msgspec.Struct, frozen=True):
    """What became of every entry of a batch."""

    accepted: int
    refused: list[Refused]


class Ingest:
    """Belongs to one event loop; checking and producing happen in threads, so that the loop is free for other connections."""

    def __init__(self, checker: Checker, outlet: Outlet) -> None:
        self._checker = checker
        self._outlet = outlet
        self._budget = Budget(BODIES_BYTES, PATIENCE_SECONDS)
        self._turns = asyncio.Semaphore(CHECKED_AT_ONCE)

    async def events(self, request: Request) -> Response:
        """Raises ApiError, Unavailable."""
        began = time.monotonic()
        async with self._budget.taken(length_of(request.headers)):
            data = await read(request)
            number, refused, done = await self._in_turn(data, request.headers.get("content-encoding", ""))
        refused = sorted([*refused, *await asyncio.wrap_future(done)], key=lambda one: one.index)
        _seconds.observe(time.monotonic() - began)
        _events.labels("accepted").inc(number - len(refused))
        for one in refused:
            _events.labels(one.reason).inc()
        return Response(msgspec.json.encode(Answer(number - len(refused), refused)), media_type="application/json")

    async def _in_turn(self, data: bytes, encoding: str) -> "tuple[int, list[Refused], Future[list[Refused]]]":
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise busy("more is being sent than can be checked; send it again in a moment") from None
        try:
            return await anyio.to_thread.run_sync(self._publish, data, encoding)
        finally:
            self._turns.release()

    def _publish(self, data: bytes, encoding: str) -> "tuple[int, list[Refused], Future[list[Refused]]]":
        """Everything is checked before anything is sent."""
        entries = decode(unpack(data, encoding))
        checked = list(self._checker.check(entries))
        done = self._outlet.publish([one for one in checked if isinstance(one, Ready)])
        return len(entries), [one for one in checked if isinstance(one, Refused)], done
