"""Connections to the store for a few threads, so that independent questions are under way at once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from clickhouse_connect.driver.client import Client

from leadline.core.errors import Unavailable
from leadline.core.settings import Settings
from leadline.history.connection import answering, connect_reader

Answer = TypeVar("Answer")
Question = Callable[[Client], Answer]

AT_ONCE = 3
"""No more than the local store lets readers in."""
_ANSWER_SECONDS = 3


class Readers:
    """Each thread has a connection of its own, made when it is first asked and again after the store was away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="history")

    def ask(self, question: Question[Answer]) -> Answer:
        """In this thread. Raises Unavailable; LeadlineError where the store refuses."""
        try:
            with answering(self._settings.clickhouse):
                return question(self._client())
        except Unavailable:
            self._local.client = None
            raise

    def begin(self, work: Callable[[], Answer]) -> "Future[Answer]":
        """In one of the threads, where `ask` has a connection too."""
        return self._pool.submit(work)

    def close(self) -> None:
        """After the questions that are under way."""
        self._pool.shutdown()

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = connect_reader(
                self._settings, connect_timeout=1, send_receive_timeout=_ANSWER_SECONDS, query_retries=0, query_limit=0
            )
            self._local.client = client
        return client
