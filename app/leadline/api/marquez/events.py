"""OpenLineage's events of runs, as they came."""

from typing import Annotated, Any

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import UsageError
from leadline.history.query import MOMENT, fetch, where

from ..errors import ApiError
from ..queries.parameters import moment, parameters
from .answer import as_json
from .counted import count
from .page import LIMITED, Page

MAX_BYTES = 64 * 1024 * 1024
"""Several times the largest event."""


class OfEvents(Page, frozen=True, rename="camel"):
    """From `after` until before `before`, by event time."""

    limit: Annotated[int, Meta(ge=0, le=1_000)] = 100
    before: str = ""
    after: str = ""
    sort_direction: str = "desc"


class _Size(msgspec.Struct, frozen=True):
    size: int


class _Row(msgspec.Struct, frozen=True):
    body: str


def events(client: Client, request: Request) -> Response:
    """All, or where the path has a namespace those of its jobs."""
    asked = parameters(request.query_params, OfEvents)
    direction = asked.sort_direction.upper()
    if direction not in ("ASC", "DESC"):
        raise UsageError(f"sortDirection is {asked.sort_direction!r}; it must be asc or desc")
    bound: dict[str, Any] = {
        "before": moment(asked.before, "before"),
        "after": moment(asked.after, "after"),
        "namespace": request.path_params.get("namespace"),
    }
    source = "FROM leadline.openlineage_events " + where(
        "kind = 'RUN'",
        "" if bound["before"] is None else f"event_time < {MOMENT % 'before'}",
        "" if bound["after"] is None else f"event_time >= {MOMENT % 'after'}",
        "" if bound["namespace"] is None else "namespace = {namespace:String}",
    )
    page = f"{source} ORDER BY event_time {direction}, event_id {LIMITED}"
    size = fetch(client, _Size, f"FROM (SELECT body {page})", {"size": "sum(length(body))"}, **bound, **asked.bound)[0].size
    if size > MAX_BYTES:
        detail = f"these {asked.limit} events have {size:,} bytes; {MAX_BYTES:,} are given at once: ask with a smaller limit"
        raise ApiError(413, "too_large", detail)
    rows = fetch(client, _Row, page, **bound, **asked.bound)
    found = [msgspec.Raw(row.body.encode()) for row in rows]
    return as_json({"events": found, "totalCount": count(client, source, **bound)})
