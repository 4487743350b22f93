"""Log lines of a run, and where the rest of its log is."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import fetch, where

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OF_RUN = "job_namespace = {namespace:String} AND job_name = {name:String} AND run_id = {run_id:String}"


class LogRow(msgspec.Struct, frozen=True):
    """A line, or, where `pointer` is not empty, the place of log text that was not sent."""

    time: Micros
    level: str
    logger: str
    message: str
    exception: str
    pointer_kind: str
    pointer: str
    dropped: int


def logs_of_run(client: Client, job: NodeRef, run_id: str, *, level: str = "DEBUG", limit: int = 10_000) -> list[LogRow]:
    """The last `limit` lines of this level or above in the order in which they were written; pointers among them."""
    newest = fetch(
        client,
        LogRow,
        "FROM leadline.logs "
        + where(_OF_RUN, "(pointer != '' OR has({levels:Array(String)}, level))" if level != "DEBUG" else "")
        + " ORDER BY time DESC, event_id DESC, position DESC LIMIT {limit:UInt32}",
        levels=list(LEVELS[LEVELS.index(level) :]),
        limit=limit,
        namespace=job.namespace,
        name=job.name,
        run_id=run_id,
    )
    return newest[::-1]


def line_of(row: LogRow) -> str:
    """The line with the last line of its stack trace; a pointer with its kind."""
    if row.pointer:
        return f"{row.pointer_kind}: {row.pointer}"
    last = row.exception.strip().splitlines()[-1:]
    return " ".join([row.level, f"{row.logger}:", row.message, *(f"({line})" for line in last)])
