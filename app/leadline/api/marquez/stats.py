"""How much there is, over the last day by the hour or over the last week by the day."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import SECOND, Micros, from_datetime, system_clock, to_datetime
from leadline.core.errors import UsageError
from leadline.history.query import MOMENT, fetch

from ..queries.parameters import parameters
from .answer import as_json
from .shapes import Shape
from .sources import SOURCES

_SOURCES = f"(SELECT min(first_seen) AS first_seen FROM {SOURCES} GROUP BY source)"  # noqa: S608 - of our own parts alone
_TYPES = ("FAIL", "START", "COMPLETE", "ABORT")

Interval = tuple[Micros, Micros]


class OfStats(msgspec.Struct, frozen=True):
    """`timezone`: where the days of a week begin."""

    period: str
    timezone: str = "UTC"


class EventCounts(Shape, frozen=True, kw_only=True):
    start_interval: datetime
    end_interval: datetime
    fail: int
    start: int
    complete: int
    abort: int


class TotalCount(Shape, frozen=True, kw_only=True):
    """How many there were at the interval's end."""

    start_interval: datetime
    end_interval: datetime
    count: int


class _Moment(msgspec.Struct, frozen=True):
    """Rows of one quarter of an hour: all borders of days are borders of those, whatever the time zone."""

    quarter: int
    event_type: str
    number: int


def event_stats(client: Client, request: Request) -> Response:
    """Events of runs, whatever they came by."""
    spans = _spans(request)
    rows = fetch(
        client,
        _Moment,
        f"FROM leadline.run_events WHERE event_time >= {MOMENT % 'since'} GROUP BY quarter, event_type",
        {"quarter": "toUnixTimestamp(toStartOfFifteenMinutes(event_time)) AS quarter", "number": "count()"},
        since=spans[0][0],
    )
    return as_json([_events_in(span, rows) for span in spans])


def job_stats(client: Client, request: Request) -> Response:
    return _totals(client, request, "(SELECT first_seen FROM leadline.nodes WHERE kind = 'JOB')")


def dataset_stats(client: Client, request: Request) -> Response:
    names = "SELECT min(first_seen) AS first_seen FROM leadline.nodes WHERE kind != 'JOB' GROUP BY namespace, name"
    return _totals(client, request, f"({names})")


def source_stats(client: Client, request: Request) -> Response:
    return _totals(client, request, _SOURCES)


def _totals(client: Client, request: Request, source: str) -> Response:
    rows = fetch(
        client,
        _Moment,
        f"FROM {source} GROUP BY quarter",
        {
            "quarter": "toUnixTimestamp(toStartOfFifteenMinutes(first_seen)) AS quarter",
            "event_type": "''",
            "number": "count()",
        },
    )
    return as_json([_total_at(span, rows) for span in _spans(request)])


def _spans(request: Request) -> list[Interval]:
    asked = parameters(request.query_params, OfStats)
    return intervals(asked.period, asked.timezone, system_clock())


def intervals(period: str, timezone: str, now: Micros) -> list[Interval]:
    """The last 24 hours or 7 days, the one that is under way among them. Raises UsageError."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last: what is no file's name, or a folder
        raise UsageError(f"timezone is {timezone[:100]!r}, which is unknown; write for example Europe/Berlin") from None
    local = to_datetime(now).astimezone(zone)
    match period.upper():
        case "DAY":
            hour = to_datetime(now).replace(minute=0, second=0, microsecond=0)
            return _consecutive([hour + timedelta(hours=number) for number in range(-23, 2)])
        case "WEEK":
            day = local.replace(hour=0, minute=0, second=0, microsecond=0)
            return _consecutive([day + timedelta(days=number) for number in range(-6, 2)])
    raise UsageError(f"period is {period[:100]!r}; it must be DAY or WEEK")


def _consecutive(borders: list[datetime]) -> list[Interval]:
    times = [from_datetime(border) for border in borders]
    return list(pairwise(times))


def _events_in(span: Interval, rows: list[_Moment]) -> EventCounts:
    counts = dict.fromkeys(_TYPES, 0)
    for row in rows:
        if row.event_type in counts and span[0] <= row.quarter * SECOND < span[1]:
            counts[row.event_type] += row.number
    return EventCounts(
        start_interval=to_datetime(span[0]),
        end_interval=to_datetime(span[1]),
        fail=counts["FAIL"],
        start=counts["START"],
        complete=counts["COMPLETE"],
        abort=counts["ABORT"],
    )


def _total_at(span: Interval, rows: list[_Moment]) -> TotalCount:
    return TotalCount(
        start_interval=to_datetime(span[0]),
        end_interval=to_datetime(span[1]),
        count=sum(row.number for row in rows if row.quarter * SECOND < span[1]),
    )
