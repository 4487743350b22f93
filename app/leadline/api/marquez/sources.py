"""Sources: where data lies, as the facet dataSource says; else the namespaces of data, by OpenLineage's naming."""

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
from .shapes import Source

SOURCES = """(
    SELECT JSONExtractString(value, 'name') AS source, JSONExtractString(value, 'uri') AS uri, first_seen, last_seen
    FROM leadline.facets
    WHERE level = 'DATASET' AND facet = 'dataSource' AND source != ''
    UNION ALL
    SELECT namespace AS source, '' AS uri, first_seen, last_seen FROM leadline.nodes WHERE kind != 'JOB'
)"""
_SELECT = {"uri": "argMaxIf(uri, last_seen, uri != '')", "first": "min(first_seen)", "last": "max(last_seen)"}


class _Row(msgspec.Struct, frozen=True):
    source: str
    uri: str
    first: Micros
    last: Micros


def sources(client: Client, request: Request) -> Response:
    page = parameters(request.query_params, Page)
    rows = fetch(client, _Row, f"FROM {SOURCES} GROUP BY source ORDER BY source {LIMITED}", _SELECT, **page.bound)
    return as_json({"sources": list(map(_shape, rows)), "totalCount": count(client, f"FROM {SOURCES}", "source")})


def one_source(client: Client, request: Request) -> Response:
    name = request.path_params["source"]
    rows = fetch(client, _Row, f"FROM {SOURCES} WHERE source = {{source:String}} GROUP BY source", _SELECT, source=name)
    if not rows:
        raise LeadlineError(f"no source is known as {name!r}")
    return as_json(_shape(rows[0]))


def _shape(row: _Row) -> Source:
    url = row.uri or row.source
    return Source(
        type=url.partition(":")[0].upper(),
        name=row.source,
        created_at=to_datetime(row.first),
        updated_at=to_datetime(row.last),
        connection_url=url,
    )
