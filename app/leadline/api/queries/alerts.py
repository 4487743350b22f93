"""GET alerts: what is violated now, or every step of it."""

from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import UsageError
from leadline.history.alerts import alert_events, open_episodes

from .answer import as_json
from .parameters import Limit, moment, parameters


class OfAlerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`which`: the open episodes, worst first, or all steps, newest first; `since` is for the latter."""

    which: Literal["open", "all"] = "open"
    since: str = ""
    limit: Limit = 100


def alerts(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfAlerts)
    if asked.which == "all":
        return as_json(alert_events(client, since=moment(asked.since, "since"), limit=asked.limit))
    if asked.since:
        raise UsageError("since goes with which=all: what is open is open, whenever it began")
    return as_json(open_episodes(client, limit=asked.limit))
