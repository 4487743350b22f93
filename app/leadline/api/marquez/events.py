"""OpenLineage's events of runs, as they came."""

from typing import Annotated, Any

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import UsageError
from leadline.history.query import MOMENT, fetch, where

from ..queries.parameters import moment, parameters
from .answer import as_json
from .counted import count
from .page import LIMITED, Page


class OfEvents(Page, frozen=True, rename="camel"):
    """From `after` until before `before`, by event time."""

    limit: Annotated[int, Meta(ge=0, le=1_000)] = 100
    before: str = ""
    after: str = ""
    sort_direction: str = "desc"


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
    rows = fetch(client, _Row, f"{source} ORDER BY event_time {direction}, event_id {LIMITED}", **bound, **asked.bound)
    found = [msgspec.Raw(row.body.encode()) for row in rows]
    return as_json({"events": found, "totalCount": count(client, source, **bound)})
