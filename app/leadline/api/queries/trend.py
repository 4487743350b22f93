"""GET trend: one series over time, with its bounds as they were."""

from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import UsageError
from leadline.history.bounds import bounds_of_series
from leadline.history.readings import series

from .answer import as_json
from .node import OfNode, find
from .parameters import Limit, moment, parameters


class OfTrend(OfNode, frozen=True, kw_only=True):
    """`dim`: KEY=VALUE, all of the series' dimensions; the newest `limit` readings."""

    metric: str
    dim: list[str] = []
    since: str = ""
    limit: Limit = 10_000


def trend(client: Client, request: Request) -> Response:
    asked = parameters(request.query_params, OfTrend)
    ref, dims, since = find(client, asked), _dims(asked.dim), moment(asked.since, "since")
    points = series(client, ref, asked.metric, dims=dims, since=since, limit=asked.limit)
    bounds = bounds_of_series(client, ref, asked.metric, dims)
    return as_json({"node": ref, "metric": asked.metric, "dims": dims, "bounds": bounds, "points": points})


def _dims(given: list[str]) -> dict[str, str]:
    """Raises UsageError for what is not KEY=VALUE."""
    parts = [text.partition("=") for text in given]
    for key, sign, _ in parts:
        if not sign or not key:
            raise UsageError(f"dim is {key!r}, which is not KEY=VALUE")
    return {key: value for key, _, value in parts}
