"""Log lines of a run, or where they are."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Micros, Part


class LogLine(Part, frozen=True, kw_only=True):
    time: Micros
    level: Annotated[str, Meta(description="DEBUG, INFO, WARNING, ERROR or CRITICAL")]
    logger: str
    message: str
    exception: Annotated[str, Meta(description="Stack trace; empty: none")] = ""


class LogPointer(Part, frozen=True, kw_only=True):
    """Where log text stays that was not sent."""

    kind: Annotated[str, Meta(description="file, s3, gcs, cloudwatch or url")]
    location: str


class LogsReported(Event, frozen=True, kw_only=True):
    """Lines in the order in which they were written."""

    run_id: str
    job_namespace: str
    job_name: str
    lines: list[LogLine] = []
    pointers: list[LogPointer] = []
    dropped: Annotated[int, Meta(description="Lines before these that were cut by a limit")] = 0
