"""One block into the store, with the store's answers sorted into three: taken, away for now, refused."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from leadline.core.errors import LeadlineError, Unavailable
from leadline.core.settings import Settings, shown
from leadline.events.records.dead_letter import REASONS
from leadline.history.connection import connect

_SETTINGS = {
    "async_insert": "0",
    "wait_end_of_query": "1",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    "materialized_views_ignore_errors": "0",
    # Months in one block are as many parts however the block is cut.
    "max_partitions_per_insert_block": "0",
}
_UNKNOWN_TABLE = 60
_AWAY = {
    3,  # UNEXPECTED_END_OF_FILE while the request was sent
    74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
    159,  # TIMEOUT_EXCEEDED
    164,  # READONLY
    202,  # TOO_MANY_SIMULTANEOUS_QUERIES
    209,  # SOCKET_TIMEOUT
    210,  # NETWORK_ERROR
    236,  # ABORTED
    241,  # MEMORY_LIMIT_EXCEEDED
    242,  # TABLE_IS_READ_ONLY
    243,  # NOT_ENOUGH_SPACE
    252,  # TOO_MANY_PARTS
    279,  # ALL_CONNECTION_TRIES_FAILED
    285,  # TOO_FEW_LIVE_REPLICAS
    319,  # UNKNOWN_STATUS_OF_INSERT
    394,  # QUERY_WAS_CANCELLED
    439,  # CANNOT_SCHEDULE_TASK
    497,  # ACCESS_DENIED
    516,  # AUTHENTICATION_FAILED
    999,  # KEEPER_EXCEPTION
}
"""ClickHouse's codes that say nothing about the data: wait and try again."""
_CONSTRAINT = re.compile(r"Constraint `(\w+)` for table")
_NO_DATABASE = 81
_SEND_RECEIVE_SECONDS = 120


class Refused(LeadlineError):
    """The store will not take this block, whenever it is asked. `reason` is a dead letter's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StagingMissing(LeadlineError):
    """The staging table is not there (any more)."""


class Inserter:
    """Thread-safe: each thread has a connection of its own, made anew after an error."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = threading.local()

    def insert(self, table: str, block: bytes, form: str = "Avro", columns: Iterable[str] | None = None) -> None:
        """Returns when the store has taken the block. Raises Refused, StagingMissing, Unavailable."""
        settings: dict[str, Any] = dict(_SETTINGS)
        # Of the content, since after a crash blocks are cut differently: an equal token means an equal block.
        settings["insert_deduplication_token"] = hashlib.sha256(block).hexdigest()[:32]
        self._call(
            lambda client: client.raw_insert(table, tuple(columns) if columns else None, block, settings=settings, fmt=form)
        )

    def command(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        """Raises as `insert`."""
        self._call(lambda client: client.command(statement, parameters=parameters))

    def query(self, statement: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows. Raises as `insert`."""
        found: list[tuple[Any, ...]] = self._call(lambda client: client.query(statement, parameters=parameters).result_rows)
        return found

    def _call(self, ask: Callable[[Client], Any]) -> Any:
        try:
            return ask(self._client())
        except (OperationalError, urllib3.exceptions.HTTPError, OSError) as error:
            self._forget()
            raise Unavailable(f"the store at {shown(self._settings.clickhouse)} does not answer: {error}") from error
        except ClickHouseError as error:
            raise _sorted(error) from error

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = connect(self._settings, send_receive_timeout=_SEND_RECEIVE_SECONDS)
        return client

    def _forget(self) -> None:
        client: Client | None = getattr(self._local, "client", None)
        self._local.client = None
        if client is not None:
            client.close()


def _sorted(error: ClickHouseError) -> LeadlineError:
    code = getattr(error, "code", None)
    text = str(error)
    if code in (_UNKNOWN_TABLE, _NO_DATABASE):
        return StagingMissing(text)
    if code is None or code in _AWAY:
        return Unavailable(f"the store cannot take rows now: {text}")
    constraint = _CONSTRAINT.search(text)
    named = constraint[1] if constraint else ""
    return Refused(named if named in REASONS else "refused", text)
