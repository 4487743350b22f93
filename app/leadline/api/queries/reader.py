"""The store, asked by requests: in threads, a bounded number at once."""

import asyncio
import functools
from collections.abc import Awaitable, Callable

import anyio.to_thread
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.core.settings import Settings
from leadline.history.connection import reading

from ..errors import ApiError, busy

AT_ONCE = 8
"""Enough to keep the store busy; events that come in use the same threads and still find some."""
PATIENCE_SECONDS = 10.0

Question = Callable[[Client, Request], Response]
"""Raises ApiError, UsageError for what makes no sense, any other LeadlineError for what is not known."""


class Reader:
    """Belongs to one event loop."""

    def __init__(self, settings: Settings, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._settings = settings
        self._patience = patience_seconds
        self._turns = asyncio.Semaphore(at_once)

    def endpoint(self, question: Question) -> Callable[[Request], Awaitable[Response]]:
        """What Starlette's routes take."""
        return functools.partial(self._answer, question)

    async def _answer(self, question: Question, request: Request) -> Response:
        """Raises ApiError, Unavailable."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise busy("more is being asked than can be answered; ask again in a moment") from None
        try:
            return await anyio.to_thread.run_sync(self._ask, question, request)
        finally:
            self._turns.release()

    def _ask(self, question: Question, request: Request) -> Response:
        if not self._settings.clickhouse:
            raise Unavailable("this API has no store to ask: set CLICKHOUSE where it runs")
        try:
            with reading(self._settings) as client:
                return _asked(question, client, request)
        except (Unavailable, UsageError):
            raise
        except LeadlineError as error:
            raise ApiError(500, "store_refused", str(error)) from error


def _asked(question: Question, client: Client, request: Request) -> Response:
    try:
        return question(client, request)
    except UsageError as error:
        raise ApiError(400, "bad_request", str(error)) from error
    except Unavailable:
        raise
    except LeadlineError as error:
        raise ApiError(404, "not_found", str(error)) from error
