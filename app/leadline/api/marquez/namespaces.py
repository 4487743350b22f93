"""Namespaces: whatever a job or a dataset is named in."""

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import LeadlineError
from leadline.events.records.event import Micros
from leadline.history.query import fetch

from ..queries.parameters import parameters
from .answer import as_json
from .counted import count
from .page import LIMITED, Page
from .shapes import Namespace

_SELECT = {"first": "min(first_seen)", "last": "max(last_seen)"}


class _Row(msgspec.Struct, frozen=True):
    namespace: str
    first: Micros
    last: Micros


def namespaces(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    rows = fetch(client, _Row, f"FROM leadline.nodes GROUP BY namespace ORDER BY namespace {LIMITED}", _SELECT, **page.bound)
    return as_json({"namespaces": list(map(_shape, rows)), "totalCount": count(client, "FROM leadline.nodes", "namespace")})


def one_namespace(client: Client, request: Request) -> Response:
    name = request.path_params["namespace"]
    source = "FROM leadline.nodes WHERE namespace = {namespace:String} GROUP BY namespace"
    rows = fetch(client, _Row, source, _SELECT, namespace=name)
    if not rows:
        raise LeadlineError(f"nothing is known in namespace {name!r}")
    return as_json(_shape(rows[0]))


def _shape(row: _Row) -> Namespace:
    return Namespace(name=row.namespace, created_at=to_datetime(row.first), updated_at=to_datetime(row.last))
